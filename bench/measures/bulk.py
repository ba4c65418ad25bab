"""Purchases with lines, lots and decisions: a thousand in one call against one at a time.

All of it is `earn.report`, from validating the lines to the answers, in a Python process of its
own. One at a time is measured twice: one client that waits for each answer, and all clients
together. Both sides post the same purchases; rows of `ledger.purchase` are counted.
"""

from bench import findings, load, rounds, stage

BAR = 20.0
PURCHASES = "select count(*) from ledger.purchase"


async def measure(on: stage.Stage) -> findings.Finding:
    """Purchases per second."""
    plan = on.plan

    def side(name: str, *, clients: int, sales: int) -> rounds.Side:
        order = {
            "kind": "report",
            "dsn": on.wallet,
            "clients": clients,
            **plan.turn,
            "wallets": plan.wallets,
            "payees": plan.payees,
            "sales": sales,
            "lines": plan.lines,
        }

        async def play() -> rounds.Turn:
            return await load.run(order)

        return rounds.Side(name, play, on.wallet, PURCHASES)

    sides = [
        side(f"{plan.sales} in a call, one client", clients=1, sales=plan.sales),
        side("one in a call, one client", clients=1, sales=1),
        side(f"one in a call, {plan.clients} clients", clients=plan.clients, sales=1),
    ]
    played = await on.play(sides)
    finding = findings.Finding(
        f"Purchases with {plan.lines} lines", (__doc__ or "").partition("\n\n")[2].strip()
    )
    bulk, one, many = (finding.add(played[side.name]) for side in sides)
    finding.ratios = [
        findings.Ratio("bulk against one after the other", bulk / one, "x", BAR),
        findings.Ratio(f"bulk against one at a time by {plan.clients} clients", bulk / many, "x"),
    ]
    finding.less_work("bulk against one after the other", *(played[s.name] for s in sides[:2]))
    finding.notes.append(f"In bulk that is {bulk * plan.lines:,.0f} lines a second.")
    return finding
