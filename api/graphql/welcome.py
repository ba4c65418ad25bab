"""What a browser sees at /graphql in development: how to send a first request, and nothing more.

The page loads nothing from anywhere. Support works at the console, which it points to.
"""

import base64
import hashlib
from typing import Final

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto }
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Commonpurse GraphQL</title>
<link rel="icon" href="data:,">
<style>STYLE</style>
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
<p>It is open, for development: a member's app may send any document. In production it sends
registered ones only.</p>
<p>People of the staff work at <a href="console">the support console</a>, in this browser.</p>
<p>The whole schema, with a sentence on every field, is in <code>schema.graphql</code>; with a
merchant's or a support agent's token any GraphQL client can also ask for it by introspection.</p>
</body>
</html>
"""
# The one style is allowed by its hash, and nothing else is.
_POLICY: Final = (
    "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)
HEADERS: Final = {"Content-Security-Policy": _POLICY}


def page(server: tuple[str, int]) -> str:
    """Write the page for the address that listens, never for the host that a request names."""
    host, port = server
    return _PAGE.replace("STYLE", _STYLE).replace("ADDRESS", f"http://{host}:{port}/graphql")
