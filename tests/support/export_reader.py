"""A reader of export files; it shares no code with the sandbox that writes them."""

import json
from collections.abc import Iterator, Mapping


def read_rows(text: str, separator: str = ",") -> Iterator[list[str]]:
    """The cells of each row of an export file.

    A quote ends a quoted cell only if a separator or a line end follows it.
    """
    row: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == '"':
            end = position + 1
            while not (text[end] == '"' and text[end + 1] in (separator, "\n")):
                # Two quotes are an escaped quote, not the end of the cell.
                end += 2 if text[end : end + 2] == '""' else 1
            row.append(text[position + 1 : end].replace('""', '"'))
            position = end + 1
        else:
            ends = (text.find(mark, position) for mark in (separator, "\n"))
            end = min(end for end in ends if end >= 0)
            row.append(text[position:end])
            position = end
        if text[position] == "\n":
            yield row
            row = []
        position += 1


def parse_cell(cell: str, data_type: str) -> object:
    """The JSON value of a cell. Texts lose their NUL characters, as in the tap's output."""
    if cell == "null":
        return None
    match data_type.casefold():
        case "boolean":
            return {"true": True, "false": False, "1": True, "0": False}[cell]
        case "integer":
            return int(cell)
        case "score" | "float" | "percent" | "currency":
            return float(cell)
        case "json":
            return without_nul(json.loads(cell))
    return cell.replace("\x00", "")


def without_nul(attributes: Mapping[str, object]) -> dict[str, object]:
    """Attributes of an activity without the NUL characters of their texts."""
    return {
        name: value.replace("\x00", "") if isinstance(value, str) else value
        for name, value in attributes.items()
    }


def read_file(
    file: bytes, data_types: Mapping[str, str], separator: str = ","
) -> list[dict[str, object]]:
    """The rows of an export file as JSON values; ``data_types`` are those of its columns."""
    header, *rows = read_rows(file.decode(), separator)
    assert header == list(data_types)
    return [
        {name: parse_cell(cell, data_types[name]) for name, cell in zip(header, row, strict=True)}
        for row in rows
    ]
