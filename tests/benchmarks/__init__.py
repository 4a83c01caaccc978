"""The speed and the memory of the tap's process, with a stub of Marketo, and a floor.

``python -m tests.benchmarks`` prints the table that is in docs/benchmarks.md. The measured
process is ``python -m tap_marketo_bulk``, as a user runs it; nothing here imports the code that
reads files.
"""
