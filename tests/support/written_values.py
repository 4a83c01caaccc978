"""Values as a target reads them from the messages of both writers of the SDK."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import simplejson

# Configured as in the SDK.
_encode = msgspec.json.Encoder(decimal_format="number").encode


def written(value: object) -> tuple[Any, Any]:
    """Return the value as written by simplejson and by msgspec; its numbers are decimals."""
    simple = simplejson.dumps(value, use_decimal=True, ignore_nan=True)
    return tuple(json.loads(text, parse_float=Decimal) for text in (simple, _encode(value)))
