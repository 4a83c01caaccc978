"""Tests of the way from a stretch of time to typed rows."""
