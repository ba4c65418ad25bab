"""One hot merchant against many: everybody spends at one place, as on its best day of the year.

A redemption is a code, a hold and a capture, each a call and a commit of its own. The capture
counts on the merchant's position, which is one row for each of 256 buckets, so a hot merchant
should cost next to nothing. The other design locks the payee's one row.
"""

from bench import findings, stage
from bench.pgbench import Script

BAR_PERCENT = 10.0
CODE = f"""
    select bench.request(:w, :x) as hold, bench.request(:w, :y) as capture,
           ledger.issue_code(bench.bucket(:w), bench.wallet(:w), {stage.EURO}, bench.payee(:p),
             sha256(int8send(:x)), interval '5 minutes') as code \\gset"""
HOLD = f"""
    select ledger.hold(bench.bucket(:w), :hold::uuid, bench.payee(0), sha256(int8send(:x)),
             bench.payee(:p), null, {stage.EURO}, 1::bigint, interval '15 minutes', 'order')"""
CAPTURE = """
    select ledger.settle(bench.bucket(:w), :hold::uuid, :capture::uuid, bench.payee(0),
             bench.payee(:p), null, 'Europe/Lisbon')"""


def redemption(on: stage.Stage, *, payees: int, wallets: int | None = None) -> Script:
    """A code, a hold and a capture of one cent, with what the client would make for itself."""
    return Script(
        {
            "w": (0, (wallets or on.plan.wallets) - 1),
            "p": (0, payees - 1),
            "x": stage.CHANCE,
            "y": stage.CHANCE,
        },
        (CODE, HOLD, CAPTURE),
    )


CAPTURED = "select count(*) from ledger.redemption where state = 'captured'"


async def measure(on: stage.Stage) -> findings.Finding:
    """Captured redemptions per second, and movements of the other design per second."""
    one = stage.three_rows(on)
    hot_peer = Script({**one.chances, "p": (0, 0)}, one.statements)
    peer_rows = "select count(*) from three_row.transfer"
    sides = [
        on.side("many merchants", on.wallet, redemption(on, payees=on.plan.payees), rows=CAPTURED),
        on.side("one merchant", on.wallet, redemption(on, payees=1), rows=CAPTURED),
        on.side("three rows, many payees", on.peer, one, rows=peer_rows),
        on.side("three rows, one payee", on.peer, hot_peer, rows=peer_rows),
    ]
    played = await on.play(sides)
    finding = findings.Finding(
        f"A hot merchant, {on.plan.clients} clients", (__doc__ or "").partition("\n\n")[2].strip()
    )
    many, hot, peer_many, peer_hot = (finding.add(played[side.name]) for side in sides)
    finding.ratios = [
        findings.Ratio(
            "lost when every redemption is at one merchant",
            100 * (1 - hot / many),
            "%",
            BAR_PERCENT,
            "at most",
        ),
        findings.Ratio("lost by three rows", 100 * (1 - peer_hot / peer_many), "%"),
    ]
    return finding
