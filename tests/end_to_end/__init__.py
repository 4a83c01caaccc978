"""Whole pipelines: the real Meltano, a real loader, a real database."""
