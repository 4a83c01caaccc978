"""Tests of whole pipelines, with Meltano, a target and a database."""
