"""Where the link of an invitation leads: the code, to be told to the app of whoever was invited.

Nothing is looked up. The page would otherwise tell strangers which codes there are; whether a code
counts is said by `referralAccept`, to a member.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.signin import door
from wallet import errors
from wallet.rules import referrals


def routes(at: door.Door) -> list[BaseRoute]:
    """Return the address of invitations."""

    async def join(request: Request) -> Response:
        try:
            code = referrals.read(request.query_params.get("code", ""))
        except errors.ReferralInvalid:
            return at.render(request, "join.html", status=404, code=None)
        return at.render(request, "join.html", code=referrals.show(code))

    return [Route("/join", at.page(join), methods=["GET"])]
