-- Campaigns: what was saved and what became of it, the programme's rules, terms, segments, profiles, evidence.
create table coalition.profile (
  member_id UUID NOT NULL,
  birth_date DATE,
  language TEXT,
  tier TEXT,
  favourites_off BOOLEAN DEFAULT false NOT NULL,
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (member_id),
  CONSTRAINT profile_language CHECK (language in ('en', 'pt', 'es'))
);
