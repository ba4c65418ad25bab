"""Where an order at a partner may stand, and every step from there, with what it moves. Data.

An order wants one thing at a time, its aim: `issue` the value at the partner, `reverse` it because
somebody asked, or `undo` what turned out to exist there although nobody pays for it any more.
"""

from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal[
    "held",
    "sending",
    "unknown",
    "captured",
    "released",
    "reversing",
    "reverse_unknown",
    "reversed",
    "late",
    "suspense",
    "attention",
]
Aim: TypeAlias = Literal["issue", "reverse", "undo"]
Asked: TypeAlias = Literal["issue", "find", "reverse"]
Said: TypeAlias = Literal[
    "live", "spent", "void", "absent", "differs", "refused", "not_sent", "unknown"
]
"""What is known after an answer: what stands at the partner, its no, or that nobody knows."""
Money: TypeAlias = Literal["capture", "release", "refund", "suspend", "unsuspend"]

STATES: Final[tuple[State, ...]] = (
    *("held", "sending", "unknown", "captured", "released"),
    *("reversing", "reverse_unknown", "reversed", "late", "suspense", "attention"),
)
ENDS: Final[frozenset[State]] = frozenset({"captured", "released", "reversed", "suspense"})
"""Nothing is asked in these of its own accord; `attention` waits for a person."""

STEPS: Final[dict[tuple[State, Aim], dict[State, Money | None]]] = {
    ("held", "issue"): {"sending": None, "unknown": None, "released": "release"},
    ("sending", "issue"): {
        "held": None,
        "unknown": None,
        "attention": None,
        "captured": "capture",
        "released": "release",
    },
    ("unknown", "issue"): {
        "sending": None,
        "unknown": None,
        "attention": None,
        "captured": "capture",
        "released": "release",
    },
    ("attention", "issue"): {"unknown": None, "captured": "capture", "released": "release"},
    ("captured", "issue"): {"captured": None, "reversing": None},
    ("captured", "reverse"): {"captured": None, "reversing": None},
    ("reversing", "reverse"): {
        "reversing": None,
        "reverse_unknown": None,
        "attention": None,
        "captured": None,
        "reversed": "refund",
    },
    ("reverse_unknown", "reverse"): {
        "reversing": None,
        "reverse_unknown": None,
        "attention": None,
        "captured": None,
        "reversed": "refund",
    },
    ("attention", "reverse"): {"reverse_unknown": None, "captured": None, "reversed": "refund"},
    ("released", "issue"): {"late": None, "suspense": "suspend"},
    ("released", "undo"): {"late": None, "suspense": "suspend"},
    ("reversed", "reverse"): {"late": None, "suspense": "suspend"},
    ("reversed", "undo"): {"late": None, "suspense": "suspend"},
    ("late", "undo"): {
        "late": None,
        "attention": None,
        "released": None,
        "reversed": None,
        "suspense": "suspend",
    },
    ("attention", "undo"): {
        "late": None,
        "released": None,
        "reversed": None,
        "suspense": "suspend",
    },
    ("suspense", "undo"): {"released": "unsuspend", "reversed": "unsuspend"},
}
"""Every step there is, and what it moves in the books. The database has the same table."""
