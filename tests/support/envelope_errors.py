"""The error that the entries of an envelope give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.marketo.responses import parse_envelope

CALL = "POST /bulk/v1/leads/export/create.json"


def error_of(*entries: Any, status: int = 200, **members: Any) -> MarketoBulkError:  # noqa: ANN401 - any JSON value
    """Return the error that ``parse_envelope`` raises for these entries of ``errors``."""
    body = {"requestId": "1#2", "success": False, "errors": list(entries), **members}
    with pytest.raises(MarketoBulkError) as caught:
        parse_envelope(CALL, status, json.dumps(body).encode())
    return caught.value
