"""What a member is asked to agree to now, and which terms anybody may read.

Whoever accepted a set of terms in one language accepted it: the others say the same. A campaign
for chosen members asks those it has chosen, and nobody else.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from wallet import programme
from wallet.campaigns import arms, live, segments, terms
from wallet.database import Database
from wallet.rules.campaigns import conditions
from wallet.rules.campaigns.definition import Definition

WAITING_MAX: Final = 100
"""Sets of one answer; whoever has accepted those is asked for the rest."""


async def waiting(
    db: Database, member_id: UUID, now: datetime | None = None
) -> list[tuple[terms.Document, ...]]:
    """The sets in force that a member is to accept and has not: the programme's comes first."""
    moment = await live.moment(db, now)
    operator_id = (await programme.of(db)).operator_id
    found = await terms.in_force(db, "programme", [operator_id], moment.at)
    sets = [found[operator_id]]
    asking = [
        (campaign_id, said)
        for campaign_id, _, said in moment.book.versions_at(moment.at, known_at=moment.at)
        if said.terms.acceptance
    ]
    chosen = await _chosen(db, member_id, [said for _, said in asking], moment)
    sets += [
        tuple(terms.documents(campaign_id, said))
        for (campaign_id, said), meant in zip(asking, chosen, strict=True)
        if meant
    ]
    accepted = await terms.accepted(db, member_id)
    return [
        one
        for one in sets
        if any(each.acceptance for each in one)
        and not any(each.document_id in accepted for each in one)
    ][:WAITING_MAX]


def is_public(book: live.Book, document: terms.Document) -> bool:
    """True for all that was published; the words of a campaign's draft are its makers' alone."""
    if document.subject_kind != "campaign":
        return True
    return any(
        document in terms.documents(document.subject_id, book.definitions[change.version_id])
        for change in book.changes_of(document.subject_id)
        if change.version_id is not None
    )


async def _chosen(
    db: Database, member_id: UUID, asking: list[Definition], moment: live.Moment
) -> list[bool]:
    wanted = [one for said in asking for one in said.when]
    names: frozenset[str] = frozenset()
    if any(isinstance(one, conditions.Segment) for one in wanted):
        names = (await segments.of(db, [member_id], moment.at))[member_id]
    experiments = [one.experiment_id for one in wanted if isinstance(one, conditions.InExperiment)]
    met = arms.treated(await arms.arms_of(db, experiments, member_id, at=moment.at))

    def holds(one: conditions.BasketCondition) -> bool:
        if isinstance(one, conditions.Segment):
            return names.isdisjoint(one.any_of) == one.unless
        if isinstance(one, conditions.InExperiment):
            return met.get(one.experiment_id) == one.arm
        return True  # What a purchase or the time decides may hold for anybody.

    return [all(holds(one) for one in said.when) for said in asking]
