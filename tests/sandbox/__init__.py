"""Tests of the sandbox, from outside, over HTTP."""
