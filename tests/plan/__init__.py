"""Tests of what was read, and of what a run has to export."""
