"""How near the tap is to what is possible: ratios of two things measured in one run.

``python -m tests.benchmarks`` prints the table that the README quotes.
"""
