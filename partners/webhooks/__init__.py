"""What is told to merchants, and what partners tell us: signed, once, and in its own order."""
