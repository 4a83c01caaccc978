"""Marketo's API; knows requests, not Singer."""
