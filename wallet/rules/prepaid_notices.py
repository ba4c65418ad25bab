"""What members are told of memberships and subscriptions, in a sentence each.

What an act was about travels with its event: the plan, the day, what goes back.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

TOPICS = ("membership.", "subscription.")
"""How the topics begin that are told here."""


def sentence(topic: str, detail: Mapping[str, Any]) -> str | None:
    """The sentence for one event, or None where nobody needs to be told."""
    match topic:
        case "membership.started":
            return f"Welcome to {detail['plan']}. It is yours until {_last(detail)}."
        case "membership.renewed" | "membership.reinstated":
            return f"{detail['plan']} goes on: it is paid until {_last(detail)}."
        case "membership.changed":
            told = f"You have {detail['plan']} now, paid until {_last(detail)}."
            return told + _back(detail)
        case "membership.cancelled":
            return f"{detail['plan']} is cancelled and ends after {_last(detail)}.{_back(detail)}"
        case "membership.ending" if detail["by_itself"]:
            return (
                f"{detail['plan']} is paid until {_last(detail)}. {detail['seller']} renews it"
                " then, unless you cancel before."
            )
        case "membership.ending":
            return f"{detail['plan']} ends after {_last(detail)}. Renew it with {detail['seller']}."
        case "membership.lapsed":
            return f"{detail['plan']} has ended. Join again whenever you like."
        case "subscription.opened":
            return (
                f"{detail['merchant']} has your payment for {detail['deliveries']} deliveries."
                " Each earns cashback when it is made."
            )
        case "subscription.cancelled":
            return (
                f"Your subscription at {detail['merchant']} has ended. {detail['left']} of it was"
                f" not delivered; {detail['merchant']} pays that back to you."
            )
        case _:
            return None


def _last(detail: Mapping[str, Any]) -> str:
    day = date.fromisoformat(detail["last_day"])
    return f"{day.day} {day:%B %Y}"


def _back(detail: Mapping[str, Any]) -> str:
    back = detail.get("back")
    return "" if back is None else f" {detail['seller']} pays {back} back to you."
