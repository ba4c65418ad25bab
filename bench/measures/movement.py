"""One movement at a time: our verb, its bare part, the other design, and the verb through Python.

The donation is compared because it is the only verb of ours that is one movement and one call, as
the other design's is. It does more: it draws the lots that pay, remembers its request id, and
leaves a message for the outbox. The bare movement is the part of it that the other design does too.
The other design is measured as it ships, and trimmed to what one movement needs.
"""

from bench import findings, load, rounds, stage

BAR = 2.0
PEER_ROWS = "select count(*) from three_row.transfer"


async def measure(on: stage.Stage) -> findings.Finding:
    """Rows per second, all clients at once, every commit flushed."""

    async def through_python() -> rounds.Turn:
        return await load.run(
            {
                "kind": "give",
                "dsn": on.wallet,
                "clients": on.plan.clients,
                **on.plan.turn,
                "wallets": on.plan.wallets,
                "payees": on.plan.payees,
            }
        )

    sides = [
        on.side("donation", on.wallet, stage.donation(on), rows=stage.TRANSFERS),
        on.side("bare movement", on.peer, stage.donation(on, "bench.move"), rows=stage.TRANSFERS),
        on.side(
            "three rows",
            on.peer,
            stage.three_rows(on),
            rows=PEER_ROWS,
        ),
        on.side("three rows, trimmed", on.peer, stage.three_rows(on, "move"), rows=PEER_ROWS),
        rounds.Side("donation through Python", through_python, on.wallet, stage.TRANSFERS),
    ]
    played = await on.play(sides)
    finding = findings.Finding(
        f"One movement, {on.plan.clients} clients", (__doc__ or "").partition("\n\n")[2].strip()
    )
    verb, bare, peer, trimmed, python = (finding.add(played[side.name]) for side in sides)
    finding.ratios = [
        findings.Ratio("donation, with lots and outbox, against three rows", verb / peer, "x", BAR),
        findings.Ratio("bare movement against three rows, like for like", bare / peer, "x", BAR),
        findings.Ratio("bare movement against three rows, trimmed", bare / trimmed, "x"),
        findings.Ratio("verb through Python against the bare function", python / verb, "x"),
    ]
    claims = (
        ("donation", "three rows"),
        ("bare movement", "three rows"),
        ("bare movement", "three rows, trimmed"),
    )
    for one, other in claims:
        finding.less_work(f"{one} against {other}", played[one], played[other])
    return finding
