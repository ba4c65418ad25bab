"""People of the staff as GraphQL: who made or checked something, for colleagues to read."""

import enum
import uuid

import strawberry

from api.graphql import context
from wallet import ids, staff


@strawberry.enum(description="What a person of the staff may do; see the scopes of each role.")
class StaffRole(enum.Enum):
    """As wallet.staff.ROLES; a test compares both."""

    SUPPORT = strawberry.enum_value("support", description="Looks up, credits a little, freezes.")
    SUPERVISOR = strawberry.enum_value(
        "supervisor", description="Approves what support proposes, and reads the audit log."
    )
    OPERATOR = strawberry.enum_value("operator", description="Keeps the merchants too.")
    LEFT = strawberry.enum_value("left", description="Works here no more, and may do nothing.")


@strawberry.type(description="A person of the operator's staff.")
class StaffPerson:
    """Shown to colleagues only."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    name: str = strawberry.field(description="The person's name.")
    role: StaffRole = strawberry.field(description="What the person may do today.")


async def load(info: context.Info, staff_id: uuid.UUID | None) -> StaffPerson | None:
    """Return a person whom a row names; null for nobody."""
    if staff_id is None:
        return None
    found = await info.context.loaders.staff.load(staff_id)
    return show(found) if found is not None else None


def show(person: staff.Person) -> StaffPerson:
    """Return a person as GraphQL."""
    return StaffPerson(
        id=strawberry.ID(ids.show("sta", person.staff_id)),
        name=person.name,
        role=StaffRole(person.role),
    )
