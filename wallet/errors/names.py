"""Refusals of a key, a reference or a name: it is used, or it is being used."""

from wallet.errors.root import Refusal


class IdempotencyKeyReused(Refusal):
    """The key was used before with other contents: make a new key for a new intent."""

    code = "IDEMPOTENCY_KEY_REUSED"
    advice = "This key was used before with other contents. Make a new key for a new request."


class IdempotencyInProgress(Refusal):
    """The same key is being worked on: wait a second and send the very same request again."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    advice = "This request is being worked on. Send the same one again in a second."


class ReferenceUsed(Refusal):
    """The merchant's own reference already names another thing: use the reference of this one."""

    code = "REFERENCE_USED"
    advice = "This reference already belongs to another record. Send the reference of this one."


class EmailTaken(Refusal):
    """Another member has this e-mail address: find that member, or enrol with another address."""

    code = "EMAIL_TAKEN"
    advice = "A member with this e-mail address exists. Find that member or use another address."


class SlugTaken(Refusal):
    """Another merchant has this short name: choose another."""

    code = "SLUG_TAKEN"
    advice = "Another merchant has this short name. Choose another."


class SecretLimit(Refusal):
    """A client has two live secrets already: wait for the old one's end, or end both at once."""

    code = "SECRET_LIMIT"
    advice = "This client has two live secrets. Wait for the end of one, or rotate with 0 hours."


class EndpointLimit(Refusal):
    """The merchant has as many endpoints for webhooks as it may have: delete one first."""

    code = "ENDPOINT_LIMIT"
    advice = "You have as many endpoints as you may have. Delete one that you no longer need."
