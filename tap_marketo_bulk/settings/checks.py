"""The checks of a configuration; each returns problems as text, and fails for none."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from singer_sdk.plugin_base import JSONSchemaValidator

from tap_marketo_bulk.marketo.describe import DELETE_LEAD
from tap_marketo_bulk.marketo.limits import MAX_PRIMARY_ATTRIBUTE_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Setting -> Marketo's filter.
LEAD_LISTS = {
    "static_list_id": "staticListId",
    "static_list_name": "staticListName",
    "smart_list_id": "smartListId",
    "smart_list_name": "smartListName",
}
PRIMARY_FILTERS = {
    "primary_attribute_value_ids": "primaryAttributeValueIds",
    "primary_attribute_values": "primaryAttributeValues",
}


def schema_problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield settings that are missing, unknown, or of the wrong type or size."""
    known = schema["properties"]
    yield from (f"{name} is missing" for name in schema["required"] if name not in config)
    for name in sorted(set(config) - set(known)):
        similar = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {similar[0]}?)" if similar else ""
        yield f"unknown setting {name}{hint}"
    for name, value in config.items():
        if isinstance(value, str) and not _is_utf8(value):
            yield f"{name} is not valid UTF-8 text"
    validator = JSONSchemaValidator(_valid_schema({"type": "object", "properties": known}))
    for error in validator.iter_errors(dict(config)):
        yield _problem(error, known)


def filter_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield combinations and values of filters that Marketo does not allow."""
    primary = [name for name in PRIMARY_FILTERS if name in config]
    for names in ([name for name in LEAD_LISTS if name in config], primary):
        if len(names) > 1:
            yield f"only one of {', '.join(names)} can be set"
    if primary and "activity_type_ids" not in config:
        yield f"{primary[0]} needs activity_type_ids"
    for name in primary:
        values = config[name]
        if isinstance(values, list) and len(values) > MAX_PRIMARY_ATTRIBUTE_VALUES:
            yield f"{name} has more than {MAX_PRIMARY_ATTRIBUTE_VALUES} values"
    type_ids = config.get("activity_type_ids")
    if isinstance(type_ids, list) and DELETE_LEAD in type_ids:
        yield (
            f"activity_type_ids: Marketo exports no activities of type {DELETE_LEAD}, Delete "
            "Lead; select the stream deleted_leads instead"
        )


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


def _problem(error: Any, known: Mapping[str, Any]) -> str:  # noqa: ANN401 - jsonschema has no types
    """Name the setting and its problem, without the value of a secret."""
    name = str(error.path[0]) if error.path else "config"
    if error.schema.get("secret") or known.get(name, {}).get("secret"):
        return f"{name} must be text"
    if error.validator == "type":
        wanted = " or ".join(each for each in error.validator_value if each != "null")
        return f"{name}: {error.instance!r} is not of type {wanted}"
    return f"{name}: {error.message}"


def _is_utf8(text: str) -> bool:
    """Return whether text has no lone surrogates, which environment variables can contain."""
    return text.isascii() or text == text.encode(errors="replace").decode()
