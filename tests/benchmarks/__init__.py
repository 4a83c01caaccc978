"""How fast the tap is, measured from outside: its process, a stub of Marketo, and a floor.

``python -m tests.benchmarks`` prints the table that the README quotes. Nothing here knows how the
tap is built: the measured process is ``python -m tap_marketo_bulk``, as a user runs it.
"""
