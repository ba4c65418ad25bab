"""Refusals of games and draws: the member's own limits, the law's, and what a ticket can do."""

from wallet.errors.root import Refusal


class PlayInvalid(Refusal):
    """What was sent about a game cannot be so, such as a limit below zero: correct the field."""

    code = "PLAY_INVALID"
    advice = "This is not valid for a game. Correct the field at the path and send it again."


class SelfExcluded(Refusal):
    """The member has shut themselves out of games: nobody can end that before its day."""

    code = "SELF_EXCLUDED"
    advice = "You have excluded yourself from games. It cannot be ended before the day you chose."


class PlayLimit(Refusal):
    """A limit on plays is reached, the member's own or the game's: wait for the next period."""

    code = "PLAY_LIMIT"
    advice = "The limit for playing is reached. Play again in the next period."


class AgeGate(Refusal):
    """The member is too young, or the birth date is unknown: put it into the profile."""

    code = "AGE_GATE"
    advice = "This is for people of a certain age. If your birth date is missing, add it first."


class JurisdictionGate(Refusal):
    """It is not open to the member's country, or that is unknown: put it into the profile."""

    code = "JURISDICTION_GATE"
    advice = "This is not open in your country. If your country is missing, add it first."


class TicketUsed(Refusal):
    """The ticket was used, or withdrawn with its purchase: use another one."""

    code = "TICKET_USED"
    advice = "This ticket was used before, or taken back. Use another one."


class TicketExpired(Refusal):
    """The ticket is too old: use another one."""

    code = "TICKET_EXPIRED"
    advice = "This ticket is too old. Use another one."


class DrawClosed(Refusal):
    """The draw is not open, or not in the state for this step: look at its dates first."""

    code = "DRAW_CLOSED"
    advice = "This draw does not take this step now. Look at its dates first."
