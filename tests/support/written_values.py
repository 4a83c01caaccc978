"""Any value -> what a target reads, from either of the SDK's writers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import simplejson

# As the SDK's two writers are set up.
_encode = msgspec.json.Encoder(decimal_format="number").encode


def written(value: object) -> tuple[Any, Any]:
    """Return a value after each of the writers, numbers as decimals."""
    simple = simplejson.dumps(value, use_decimal=True, ignore_nan=True)
    return tuple(json.loads(text, parse_float=Decimal) for text in (simple, _encode(value)))
