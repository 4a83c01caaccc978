"""Tests of the planning of exports, export jobs, export files and typed records."""
