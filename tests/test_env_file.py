"""Settings in environment variables and in a file `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.settings.config import read_environment_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_variable_wins_over_the_env_file_which_has_the_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `marketo-sandbox exec` sets variables, and `.env` has the settings of a real Marketo.
    monkeypatch.setenv("TAP_MARKETO_BULK_ENDPOINT", "http://127.0.0.1:8080")
    # Set first, since monkeypatch removes the variables that it knows: the SDK sets this one.
    monkeypatch.setenv("TAP_MARKETO_BULK_CLIENT_ID", "")
    monkeypatch.delenv("TAP_MARKETO_BULK_CLIENT_ID")
    env_file = tmp_path / ".env"
    env_file.write_text(
        "TAP_MARKETO_BULK_ENDPOINT=https://123-ABC-456.mktorest.com\n"
        "TAP_MARKETO_BULK_CLIENT_ID=someone\n"
    )
    schema = {"properties": dict.fromkeys(("endpoint", "client_id", "user_agent"), "any text")}

    texts = read_environment_settings(schema, "tap-marketo-bulk", env_file)

    assert texts == {"endpoint": "http://127.0.0.1:8080", "client_id": "someone"}


def test_a_removed_setting_in_a_variable_is_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAP_MARKETO_BULK_ACTIVITY_RETENTION", "standard")
    texts = read_environment_settings({"properties": {}}, "tap-marketo-bulk", tmp_path / ".env")
    assert texts == {"activity_retention": "standard"}
