"""A small world with one of everything, made through the public verbs, for tests that ask it all.

Ana owns what is in it; she bought and spent at Rosa, where goods came back too. Ben and the bakery
have nothing to do with it. Sofia of support proposed a credit for Ana, Vera approved it, and Carl
is a colleague of Sofia's who did not. Ana invited her own second address, which Vera refused.
Vera runs a campaign of Rosa's. The programme and Rosa's contract have terms, which Ben accepted.
"""

import dataclasses
import datetime
import uuid
from typing import Final

import httpx2

from api.identity import bearer, clients
from tests.api import (
    client,
    given,
    hooks,
    partnering,
    paying,
    playing,
    promoted,
    stopping,
    taking_part,
)
from tests.partners.links import linked
from tests.wallet import factories, inviting, ordering, paying_by_card, paying_out
from wallet import (
    approvals,
    audit,
    credit,
    database,
    ids,
    members,
    merchants,
    money,
    notices,
    proposals,
    staff,
)
from wallet.campaigns import referrals, terms
from wallet.rules import returns

PREFIXES: Final = {
    "Approval": "apr",
    "AuditEntry": "aud",
    "Award": "awd",
    "Benefit": "ben",
    "Budget": "bud",
    "Experiment": "exp",
    "Campaign": "cam",
    "CampaignVersion": "ver",
    "Charity": "cha",
    "CharityAgreement": "agr",
    "Donation": "don",
    "Completion": "com",
    "GiftCard": "gca",
    "Lot": "lot",
    "Member": "mem",
    **paying.PREFIXES,
    **hooks.PREFIXES,
    "Merchant": "mer",
    "MerchantClient": "cli",
    "Movement": "mov",
    "Notice": "not",
    "PartnerLink": "lnk",
    "PartnerOrder": "ord",
    "Partner": "par",
    "Pledge": "ple",
    "Purchase": "pur",
    "PurchaseReturn": "ret",
    "RaffleEntry": "ent",
    "Redemption": "red",
    "Referral": "ref",
    "SpendingReview": "rev",
    "Remittance": "rem",
    "Scheme": "sch",
    "Segment": "seg",
    "Spin": "spi",
    "StaffPerson": "sta",
    "Store": "sto",
    "TermsDocument": "doc",
    "Ticket": "tic",
    "TierChange": "tch",
    "Wallet": "wal",
}
MOVEMENT: Final = """
    select transfer_id from ledger.transfer
    where wallet_id = $1 and partner_id = $2 and code = 'capture'
"""
LOT: Final = "select lot_id from ledger.lot where wallet_id = $1 and funder_id = $2"
NOTICE: Final = "select notice_id from coalition.notice where wallet_id = $1 limit 1"


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """Who asks, and the id of the one thing of each type that they ask for."""

    callers: dict[str, client.Client]
    ids: dict[str, str]
    people: frozenset[str]  # the persons of the staff who had to do with Ana
    schemes: frozenset[str]  # what members take part in: a milestone, and a ladder that Ana is on
    played: playing.Played  # what of draws there is
    documents: frozenset[str]  # the terms of the programme, of Rosa's contract, and of the campaign
    member: members.Member
    held: str  # a redemption at Rosa's that is still held
    proposed: str  # an approval that is still open
    reference: str  # Rosa's own number of the purchase

    def caller(self, name: str) -> client.Client:
        """Return one of the callers."""
        return self.callers[name]

    def known(self, kind: str) -> frozenset[str]:
        """Return the ids of all that is looked for at the end of a way to a type."""
        several = {
            "Scheme": self.schemes,
            "StaffPerson": self.people,
            "TermsDocument": self.documents,
        }
        one = frozenset({self.ids[kind]})
        besides = {ids.show(PREFIXES[kind], key) for key in self.played.also.get(kind, ())}
        return several.get(kind, one) | besides


def missing(kind: str) -> str:
    """Return an id of the right shape that nothing has."""
    return ids.show(PREFIXES[kind], ids.new())


async def build(coalition: factories.Coalition, http: httpx2.AsyncClient) -> World:
    """Make the world; its people come in by tokens with all that their kind or role may do."""
    db = coalition.db
    ana, ben = await coalition.member(), await coalition.member()
    rosa, bakery = await coalition.merchant(), await coalition.merchant()
    sofia, vera, carl, oscar = [
        await _person(coalition, role) for role in ("support", "supervisor", "support", "operator")
    ]
    store = await _store(coalition, rosa)
    await _program(coalition, rosa)
    await coalition.fill(ana, 2_000)
    bought = factories.purchase(10_000)
    reported = await coalition.report(rosa, ana, bought)
    returned = await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(1, 500))
    spent = await coalition.spend(ana, rosa, 300)
    held = await coalition.hold(ana, rosa, 100, now=await db.fetchval("select clock_timestamp()"))
    decided, proposed = [await _propose(coalition, sofia, ana) for _ in range(2)]
    await _approve(db, decided, vera)
    invited = await _refused(coalition, rosa, ana, vera)
    looked_at = await stopping.denied(coalition, ana, rosa, vera)
    await notices.drain(db)
    promoting = await promoted.build(coalition, rosa, ana, vera)
    words = [promoting["TermsDocument"], *await _terms(coalition, rosa, accepted_by=ben)]
    taking, taken = await taking_part.build(coalition, vera, ana)
    giving_to = await given.build(coalition, rosa, ana, vera)
    (entry, *_) = await audit.trail(db, ana.member_id, first=1, before=None)
    played = await playing.build(coalition, ana)
    keys = {
        "Approval": decided,
        "AuditEntry": entry.audit_id,
        **promoting,
        "GiftCard": (await paying_by_card.card(coalition, ana, rosa)).card.card_id,
        "Lot": await db.fetchval(LOT, ana.wallet_id, rosa),
        "Member": ana.member_id,
        "Merchant": rosa,
        "Movement": await db.fetchval(MOVEMENT, ana.wallet_id, rosa),
        "Notice": await db.fetchval(NOTICE, ana.wallet_id),
        **taking,
        **played.ids,
        **await paying.build(coalition, rosa, ana),
        **await hooks.build(db, rosa),
        **giving_to,
        "PartnerLink": (await linked.put(db, ana.member_id))[1],
        "PartnerOrder": (await ordering.captured(coalition, ana, coalition.mint, 1)).redemption_id,
        "Partner": await partnering.build(coalition, rosa),
        "Purchase": reported.purchase_id,
        "PurchaseReturn": returned.return_id,
        "Redemption": spent.redemption_id,
        "Referral": invited,
        "SpendingReview": looked_at,
        "Remittance": await _paid_out(coalition, giving_to["Charity"], sofia, vera),
        "StaffPerson": vera,
        "Store": store,
        "Wallet": ana.wallet_id,
    }
    who = _people((ana, ben), (rosa, bakery), (sofia, carl, vera, oscar))
    program = await _register(db, rosa)
    return World(
        callers=await _callers(coalition, http, who),
        ids={kind: ids.show(PREFIXES[kind], key) for kind, key in keys.items()}
        | {"MerchantClient": program},
        people=frozenset(ids.show("sta", one) for one in (sofia, vera)),
        schemes=frozenset(ids.show("sch", one) for one in taken),
        played=played,
        documents=frozenset(ids.show("doc", one) for one in words),
        member=ana,
        held=ids.show("red", held.redemption_id),
        proposed=ids.show("apr", proposed),
        reference=bought.reference,
    )


def _people(
    persons: tuple[members.Member, members.Member],
    shops: tuple[uuid.UUID, uuid.UUID],
    staff_ids: tuple[uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID],
) -> dict[str, tuple[bearer.Kind, uuid.UUID]]:
    """Say who each caller is."""
    roles = ("support", "colleague", "supervisor", "operator")
    return {
        "owner": ("member", persons[0].member_id),
        "other member": ("member", persons[1].member_id),
        "merchant A": ("merchant", shops[0]),
        "merchant B": ("merchant", shops[1]),
        **{role: ("staff", one) for role, one in zip(roles, staff_ids, strict=True)},
    }


async def _callers(
    coalition: factories.Coalition,
    http: httpx2.AsyncClient,
    who: dict[str, tuple[bearer.Kind, uuid.UUID]],
) -> dict[str, client.Client]:
    callers = {"nobody": client.Client(http, "", uuid.UUID(int=0))}
    for name, (kind, principal_id) in who.items():
        token = await bearer.mint(coalition.db, kind=kind, principal_id=principal_id)
        callers[name] = client.Client(http, token.text, principal_id)
    return callers


async def _store(coalition: factories.Coalition, merchant_id: uuid.UUID) -> uuid.UUID:
    added = await merchants.store_add(
        coalition.db,
        store_id=ids.new(),
        merchant_id=merchant_id,
        external_id="17",
        name="Baixa",
        channel="shop",
    )
    return added.store.store_id


async def _program(coalition: factories.Coalition, merchant_id: uuid.UUID) -> None:
    await clients.register(
        coalition.db,
        key=ids.new(),
        kind="merchant",
        name="Rosa: tills",
        merchant_id=merchant_id,
        scopes=["purchases:report"],
        actor=audit.SYSTEM,
    )


async def _person(coalition: factories.Coalition, role: str) -> uuid.UUID:
    person = await staff.add(
        coalition.db,
        staff_id=ids.new(),
        name=role.title(),
        email=f"{role}-{next(factories.numbers)}@example.org",
        role=role,
        actor=audit.SYSTEM,
    )
    return person.staff_id


async def _terms(
    coalition: factories.Coalition, merchant_id: uuid.UUID, *, accepted_by: members.Member
) -> list[uuid.UUID]:
    """What the programme and the merchant's contract say; Ana has accepted none of it."""
    db = coalition.db
    version = await merchants.contract_at(db, merchant_id, None)
    subjects: dict[terms.Kind, uuid.UUID] = {
        "programme": coalition.operator_id,
        "contract": version.contract_id,
    }
    found = []
    for kind, subject_id in subjects.items():
        said = await terms.publish(
            db,
            request_id=ids.new(),
            subject_kind=kind,
            subject_id=subject_id,
            texts={"en": "Be fair."},
            acceptance=True,
            reason="x",
            actor=audit.SYSTEM,
        )
        found += [one.document_id for one in said.documents]
    for one in found:
        await terms.accept(db, member_id=accepted_by.member_id, document_id=one)
    return found


async def _propose(
    coalition: factories.Coalition, maker: uuid.UUID, member: members.Member
) -> uuid.UUID:
    proposed = await proposals.goodwill(
        coalition.db,
        staff_id=maker,
        actor=audit.Actor("staff", maker),
        request_id=ids.new(),
        member_id=member.member_id,
        amount_minor=2_500,
        asset=money.EUR,
        reason="two parcels lost in a row",
    )
    return proposed.approval.approval_id


async def _approve(db: database.Database, approval_id: uuid.UUID, checker: uuid.UUID) -> None:
    await approvals.decide(
        db,
        approval_id=approval_id,
        checker=credit.Staff(checker, "supervisor"),
        actor=audit.Actor("staff", checker),
        decision="approved",
        reason="checked with the carrier",
    )


async def _paid_out(
    coalition: factories.Coalition, charity_id: uuid.UUID, maker: uuid.UUID, checker: uuid.UUID
) -> uuid.UUID:
    """What was due to a charity, made up and sent by two people."""
    actor = audit.Actor("staff", maker)
    batch = await paying_out.prepare(coalition, charity_id, actor=actor)
    await paying_out.send(coalition, batch.remittance_id, maker_id=maker, checker_id=checker)
    remittance_id: uuid.UUID = batch.remittance_id
    return remittance_id


async def _refused(
    coalition: factories.Coalition, merchant_id: uuid.UUID, ana: members.Member, checker: uuid.UUID
) -> uuid.UUID:
    """An invitation of Ana's to another address of hers, which somebody looked at."""
    await inviting.campaign(coalition)
    referral_id, later = await suspected(coalition, merchant_id, ana)
    await referrals.review(
        coalition.db,
        referral_id=referral_id,
        decision="refuse",
        reason="both addresses are hers",
        actor=audit.Actor("staff", checker),
        now=later,
    )
    return referral_id


async def suspected(
    coalition: factories.Coalition, merchant_id: uuid.UUID, ana: members.Member
) -> tuple[uuid.UUID, datetime.datetime]:
    """An invitation of Ana's to another address of hers, which waits for a person since then."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    later = now + datetime.timedelta(days=30)
    email = ana.email.replace("@", f"+{next(factories.numbers)}@")
    friend = await inviting.person(coalition, "Ana Again", email)
    it = await inviting.invite(coalition, friend, ana, now=now)
    bought_at = now + datetime.timedelta(days=1)
    await inviting.buy(coalition, merchant_id, friend, 2_500, now=bought_at)
    await inviting.pass_time(coalition, later)
    return it.referral_id, later


async def _register(db: database.Database, merchant_id: uuid.UUID) -> str:
    given = await clients.register(
        db,
        key=ids.new(),
        kind="merchant",
        name="Rosa: tills",
        scopes=["purchases:report"],
        merchant_id=merchant_id,
        actor=audit.SYSTEM,
    )
    return given.client.client_id
