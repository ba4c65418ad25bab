"""What a browser sees at /graphql in development: how to send a first request, and nothing more.

The page loads nothing from anywhere. A console for support comes with its own issue.
"""

from typing import Final

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Commonpurse GraphQL</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto }
</style>
</head>
<body>
<h1>Commonpurse</h1>
<p>This is the GraphQL address of a coalition wallet. It speaks to programs: send a POST with a
bearer token. <code>make run</code> printed ready-made tokens for one member, one merchant and one
support agent; <code>commonpurse token</code> makes more.</p>
<pre>curl -s ADDRESS \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"query": "{ viewer { wallet { available { amount } } } }"}'</pre>
<p>The whole schema, with a sentence on every field, is in <code>schema.graphql</code>; with a
merchant's or a support agent's token any GraphQL client can also ask for it by introspection.</p>
</body>
</html>
"""


def page(server: tuple[str, int]) -> str:
    """Write the page for the address that listens, never for the host that a request names."""
    host, port = server
    return _PAGE.replace("ADDRESS", f"http://{host}:{port}/graphql")
