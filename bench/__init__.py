"""The benchmarks: ratios of two things measured side by side, in one run, on one machine.

`python -m bench` starts a PostgreSQL of its own, fills it, measures, and prints what it found. A
figure alone says more about the machine than about the code, so every claim is a ratio of sides
that took turns; what is counted are rows in the database, never answers.
"""
