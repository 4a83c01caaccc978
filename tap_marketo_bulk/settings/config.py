"""From environment variables and config files to a normalized configuration.

Environment variables, and Meltano, give text where a setting is a number, a list or an object.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

# In a private module of the SDK, but with the prefix, the .env file and the log lines of every tap.
from singer_sdk.configuration._dict_config import parse_environment_config

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
# The values that mean that a setting is not set.
_NOT_SET: tuple[object, ...] = (None, "", [])


def read_environment_settings(
    schema: Mapping[str, Any], plugin_name: str, env_file: Path | None = None
) -> dict[str, str]:
    """Return the settings in environment variables, ``TAP_MARKETO_BULK_START_DATE`` for example.

    The file ``env_file``, by default the ``.env`` that the SDK finds, has the settings that no
    variable has. All values are text, as ``normalize_config`` accepts it. The SDK would parse them
    here, and end with a traceback where one cannot be parsed.
    """
    as_text = {"properties": {name: {"type": "string"} for name in schema["properties"]}}
    prefix = f"{plugin_name.upper().replace('-', '_')}_"
    variables = {name: os.environ.get(f"{prefix}{name.upper()}") for name in schema["properties"]}
    texts: dict[str, str] = parse_environment_config(as_text, prefix, env_file)
    # The SDK lets the file replace variables. With Meltano, and where a command sets variables to
    # connect to a sandbox, they have to win.
    return texts | {name: text for name, text in variables.items() if text is not None}


def normalize_config(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are set, and the defaults of the others.

    * None, an empty text and an empty list mean that a setting is not set.
    * Text is converted to its setting's type. For a list it is JSON, or items with commas between.
    * Numbers without a fraction become integers.

    Never fails: what cannot be converted stays as it is, and ``parse_settings`` reports it.
    """
    properties = schema["properties"]
    converted = {
        name: _convert(value, properties.get(name, {}))
        for name, value in config.items()
        if value not in _NOT_SET
    }
    given = {name: value for name, value in converted.items() if value not in _NOT_SET}
    defaults = {name: spec["default"] for name, spec in properties.items() if "default" in spec}
    return defaults | given


def _convert(value: object, spec: Mapping[str, Any]) -> object:
    """Return a value as its setting's type, or as it is."""
    types: Collection[str] = spec.get("type", ())
    if "string" in types:
        return value
    if "array" in types:
        return _convert_list(value, spec["items"])
    if {"number", "integer"} & set(types):
        return _number(value)
    if isinstance(value, str):
        return _BOOLEANS.get(value.casefold(), value) if "boolean" in types else _json(value)
    return value


def _convert_list(value: object, item_spec: Mapping[str, Any]) -> object:
    items = _split(value) if isinstance(value, str) else value
    if isinstance(items, list):
        return [_convert(item, item_spec) for item in items]
    return items


def _split(text: str) -> object:
    """Return the items of a list in text: a JSON array, or ``first,second``."""
    if text.lstrip().startswith("["):
        return _json(text)
    return [item.strip() for item in text.split(",") if item.strip()]


def _json(text: str) -> object:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return text


def _number(value: object) -> object:
    """Return a number, or text that is one, as int or float."""
    if isinstance(value, str | float | Decimal):
        with suppress(ValueError):
            number = float(value)
            if not math.isfinite(number):
                return str(value)
            return int(number) if number.is_integer() else number
    return value
