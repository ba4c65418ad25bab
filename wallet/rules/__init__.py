"""The nouns: frozen facts in, frozen decisions out.

No module here reads a database, a network, a clock, the environment or a global. A preview and a
decision are the same call, so what is promised is what is paid.
"""
