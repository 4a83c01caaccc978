"""Valid settings with changes, or the problems of these changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.settings.config import normalize_config, parse_settings
from tap_marketo_bulk.settings.settings import Settings, build_schema

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = build_schema()
REQUIRED = {
    "endpoint": "https://123-ABC-456.mktorest.com/rest",
    "client_id": "someone",
    "client_secret": "hunter2",
    "start_date": "2026-01-01",
}


def settings(**changes: Any) -> Settings:  # noqa: ANN401 - settings
    """Return the settings that the required ones and these give."""
    return parse_settings(normalize_config(REQUIRED | changes, SCHEMA), SCHEMA, NOW)


def problems(**changes: Any) -> tuple[str, ...]:  # noqa: ANN401 - settings
    """Return the problems of the required settings and these; none shows the secret."""
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert "hunter2" not in str(caught.value)
    return caught.value.problems
