"""Tests of the whole tap, mostly in this process, with a sandbox on the same clock."""
