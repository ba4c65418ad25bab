"""The support console: its source, its build, and the door that serves it."""
