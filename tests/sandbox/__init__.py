"""Tests of the sandbox, mostly over HTTP, as a client uses it."""
