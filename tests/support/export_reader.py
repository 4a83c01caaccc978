"""A reader of export files that shares nothing with the code that writes them."""

import json
from collections.abc import Iterator, Mapping


def rows(text: str, separator: str = ",") -> Iterator[list[str]]:
    """The cells of each line. A quote ends a quoted cell only before a separator or line end."""
    row: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == '"':
            end = position + 1
            while not (text[end] == '"' and text[end + 1] in (separator, "\n")):
                # Two quotes are one, and never an end.
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


def typed(cell: str, data_type: str) -> object:
    """The JSON-shaped value of a cell."""
    if cell == "null":
        return None
    match data_type.casefold():
        case "boolean":
            return {"true": True, "false": False}[cell]
        case "integer":
            return int(cell)
        case "score" | "float" | "percent" | "currency":
            return float(cell)
        case "json":
            return without_nul(json.loads(cell))
    return cell.replace("\x00", "")


def without_nul(attributes: Mapping[str, object]) -> dict[str, object]:
    """Attributes as a tap emits them."""
    return {
        name: value.replace("\x00", "") if isinstance(value, str) else value
        for name, value in attributes.items()
    }


def records(file: bytes, types: Mapping[str, str], separator: str = ",") -> list[dict[str, object]]:
    """The typed records of a file."""
    header, *body = rows(file.decode(), separator)
    assert header == list(types)
    return [
        {name: typed(cell, types[name]) for name, cell in zip(header, row, strict=True)}
        for row in body
    ]
