"""The support console: its door, its tasks, its built copy, and all of it in a browser."""
