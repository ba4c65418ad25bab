-- What a member was told, the newest first, before a place in that order.
select notice_id, topic, subject_id, sentence, happened_at
  from coalition.notice
 where wallet_id = $1
   and (happened_at, notice_id)
       < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 order by happened_at desc, notice_id desc limit $4
