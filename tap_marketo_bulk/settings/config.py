"""From environment variables and config files to the parsed settings.

Environment variables, and Meltano, give text if a setting is a number, a list or an object. All
problems of a configuration are reported together.
"""

from __future__ import annotations

import difflib
import json
import math
import os
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

# In a private module of the SDK, but with the prefix, the .env file and the log lines of every tap.
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import JSONSchemaValidator

from tap_marketo_bulk.errors import SettingsError
from tap_marketo_bulk.marketo.describe import DELETE_LEAD
from tap_marketo_bulk.marketo.limits import MAX_PRIMARY_ATTRIBUTE_VALUES
from tap_marketo_bulk.settings.settings import (
    LEAD_LISTS,
    PRIMARY_FILTERS,
    REMOVED_SETTINGS,
    SETTINGS,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime
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
    here, and end with a traceback if one cannot be parsed.
    """
    # With the removed ones, which are reported as they are in a file.
    names = [*schema["properties"], *REMOVED_SETTINGS]
    as_text = {"properties": {name: {"type": "string"} for name in names}}
    prefix = f"{plugin_name.upper().replace('-', '_')}_"
    variables = {name: os.environ.get(f"{prefix}{name.upper()}") for name in names}
    texts: dict[str, str] = parse_environment_config(as_text, prefix, env_file)
    # The SDK lets the file replace variables. With Meltano, and if a command sets variables to
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


def parse_settings(config: Mapping[str, Any], schema: Mapping[str, Any], now: datetime) -> Settings:
    """Return the settings of a configuration.

    Args:
        config: As ``normalize_config`` returns it, for the same schema.
        schema: As ``build_schema`` returns it, with the SDK's own settings or without.
        now: The present; a ``start_date`` after it is a problem.

    Raises:
        SettingsError: The configuration has problems; the error lists all of them.
    """
    found = list(_schema_problems(config, schema))
    problems = [problem for _, problem in found]
    # Only values of the right type and size are parsed, and combined with others.
    valid = {name: config[name] for name in set(config) - {name for name, _ in found}}
    fields: dict[str, Any] = {}
    for field, setting in SETTINGS.items():
        fields[field] = setting.missing
        if setting.name in valid:
            try:
                fields[field] = setting.parse(valid[setting.name])
            except ValueError as error:
                problems.append(f"{setting.name} {error}")
    problems += _date_problems(config, fields["start"], fields["end"], now)
    problems += _filter_problems(valid, config)
    if problems:
        raise SettingsError(problems)
    return Settings(**fields)


def _schema_problems(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the names of settings that are missing, unknown, or not as the schema wants them.

    Each is with a text that names the setting.
    """
    known = schema["properties"]
    yield from ((name, f"{name} is missing") for name in schema["required"] if name not in config)
    yield from ((name, _unknown_setting(name, known)) for name in sorted(set(config) - set(known)))
    for name, value in config.items():
        if isinstance(value, str) and not _is_utf8(value):
            yield name, f"{name} is not valid UTF-8 text"
    validator = JSONSchemaValidator(_valid_schema({"type": "object", "properties": known}))
    for error in validator.iter_errors(dict(config)):
        name = str(error.path[0]) if error.path else "config"
        yield name, _schema_problem(name, error, known)


def _unknown_setting(name: str, known: Collection[str]) -> str:
    if name in REMOVED_SETTINGS:
        return f"{name} {REMOVED_SETTINGS[name]}"
    similar = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {similar[0]}?)" if similar else ""
    return f"unknown setting {name}{hint}"


def _valid_schema(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Return a schema without the text that the SDK has among the alternatives of ``__else__``.

    Every alternative has to be a schema: with a text the validator ends with an error.
    """
    if isinstance(schema, list):
        return [_valid_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    valid = {name: _valid_schema(value) for name, value in schema.items()}
    if "anyOf" in valid:
        valid["anyOf"] = [each for each in valid["anyOf"] if not isinstance(each, str)]
    return valid


def _schema_problem(name: str, error: Any, known: Mapping[str, Any]) -> str:  # noqa: ANN401 - jsonschema has no types
    """Name the setting and its problem, without the value of a secret."""
    if error.schema.get("secret") or known.get(name, {}).get("secret"):
        return f"{name} must be text"
    if error.validator == "type":
        wanted = " or ".join(each for each in error.validator_value if each != "null")
        return f"{name}: {error.instance!r} is not of type {wanted}"
    return f"{name}: {error.message}"


def _is_utf8(text: str) -> bool:
    """Return whether text has no lone surrogates, which environment variables can contain."""
    return text.isascii() or text == text.encode(errors="replace").decode()


def _date_problems(
    config: Mapping[str, Any], start: datetime | None, end: datetime | None, now: datetime
) -> Iterator[str]:
    if start and start > now:
        yield f"start_date {config['start_date']} is in the future"
    if start and end and end <= start:
        yield f"end_date {config['end_date']} is not after start_date"


def _filter_problems(valid: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield combinations and values of filters that Marketo does not allow."""
    primary = [name for name in PRIMARY_FILTERS if name in config]
    for names in ([name for name in LEAD_LISTS if name in config], primary):
        if len(names) > 1:
            yield f"only one of {', '.join(names)} can be set"
    if primary and "activity_type_ids" not in config:
        yield f"{primary[0]} needs activity_type_ids"
    for name in primary:
        if len(valid.get(name, ())) > MAX_PRIMARY_ATTRIBUTE_VALUES:
            yield f"{name} has more than {MAX_PRIMARY_ATTRIBUTE_VALUES} values"
    if DELETE_LEAD in valid.get("activity_type_ids", ()):
        yield (
            f"activity_type_ids: Marketo exports no activities of type {DELETE_LEAD}, Delete "
            "Lead; select the stream deleted_leads instead"
        )
