"""Tests of how the rows of a verified file become records."""
