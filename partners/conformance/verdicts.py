"""Verdicts: what an adapter may answer when a request has failed, seen beside what has happened.

The whole of it follows from two sentences. An adapter may say what is so; and it may say Unknown
unless it can be known. So the four wrong answers are a no that nobody gave, a nothing that was
something, a something that was nothing, and a doubt where there is none.
"""

from partners import faulty
from partners.adapter import Absent, Issued, NotSent, Receipt, Refused, Unknown
from partners.conformance.running import expect, fail


def on_effect(
    what: str, fault: faulty.Fault, answer: object, *, happened: bool, decisive: bool
) -> None:
    """Judge the answer of issue or reverse. `decisive` is the request that has the effect."""
    seen = f"{what}() met a fault ({fault.about}) and answered {_show(answer)}"
    if not isinstance(answer, Issued | Refused | NotSent | Unknown):
        fail(f"{seen}. It answers Issued, Refused, NotSent or Unknown, and nothing else.")
    expect(
        not isinstance(answer, Refused),
        f"{seen}. Refused releases the member's value, and nobody at the partner has said no."
        " Only a whole 4xx answer in the partner's own words is a refusal.",
    )
    expect(
        happened or not isinstance(answer, Issued),
        f"{seen}, but the partner has done nothing. The value would be paid for and not be there.",
    )
    expect(
        not happened or not isinstance(answer, NotSent),
        f"{seen}, but the partner has done it. NotSent says that provably nothing has happened: it"
        " would be done again. Answer Unknown, and let find() tell.",
    )
    if fault.nothing_happened:
        expect(
            happened or not isinstance(answer, Unknown),
            f"{seen}. Provably nothing has happened, so answer NotSent: after Unknown the member's"
            " value waits for a look-up.",
        )
        _as_asked(seen, fault, answer)
    elif decisive:
        expect(
            not isinstance(answer, NotSent),
            f"{seen}. Nobody can know that from here: the request may have had its effect. Answer"
            " Unknown.",
        )


def on_look(fault: faulty.Fault, answer: object) -> None:
    """Judge the answer of find when the look-up itself has failed."""
    seen = f"find() met a fault ({fault.about}) and answered {_show(answer)}"
    expect(
        not isinstance(answer, Absent),
        f"{seen}. Absent is the partner's own word that there is none: after it the value may be"
        " released. No answer, or half of one, is Unknown or NotSent.",
    )
    expect(
        isinstance(answer, NotSent | Unknown) or (fault.after and isinstance(answer, Receipt)),
        f"{seen}. It answers NotSent or Unknown when it could not look.",
    )


def _as_asked(seen: str, fault: faulty.Fault, answer: object) -> None:
    if not isinstance(answer, NotSent):
        return
    if fault.act == "slowed_down":
        pause = answer.retry_after
        expect(
            pause is not None and pause.total_seconds() == faulty.RETRY_SECONDS,
            f"{seen}. The partner asked for {faulty.RETRY_SECONDS} s: say so in `retry_after`, as"
            " partners.faults does.",
        )
    if fault.act == "turned_away":
        expect(
            answer.reauthorize,
            f"{seen}. Credentials that are not taken are said by `reauthorize`, so that somebody is"
            " told; partners.faults does it.",
        )


def _show(answer: object) -> str:
    return type(answer).__name__ if not isinstance(answer, Refused) else repr(answer)
