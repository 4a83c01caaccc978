"""What was read, and what a run has to export: pure functions and values."""
