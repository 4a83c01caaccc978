"""Tests of export jobs, with fake ones and on a simulated clock."""
