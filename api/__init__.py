"""Every door of the wallet: GraphQL, the worker, the command line, and the server they start.

No rule and no SQL lives here. A door reads what came in, calls one verb of `wallet`, and renders
the answer. Doors may import `partners` and `wallet`; nothing imports a door.
"""
