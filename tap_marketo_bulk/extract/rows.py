"""A proven file -> typed rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from tap_marketo_bulk.errors import InvalidValueError, MalformedFileError
from tap_marketo_bulk.extract.lines import Lines, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_marketo_bulk.extract.fields import Parser

Row = dict[str, object]

# The word for an empty value.
NULL = "null"
# One page of Adobe's documentation separates SSV by semicolons, another by spaces.
SEPARATORS = {"CSV": (",",), "TSV": ("\t",), "SSV": (";", " ")}
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Layout:
    """What a file's rows must look like.

    Attributes:
        columns: Header of each column in the file -> name of the field in a row.
        parsers: Field name -> parser; fields without one are text.
        key: The field that names a record in messages.
        separators: What may stand between columns.
        invalid_as_null: Emit null for a value that does not fit its type, and count it.
    """

    columns: Mapping[str, str]
    parsers: Mapping[str, Parser]
    key: str
    separators: tuple[str, ...] = SEPARATORS["CSV"]
    invalid_as_null: bool = False


@dataclass
class Findings:
    """What was met in a file.

    Attributes:
        rows: Rows read so far.
        nul_bytes: NUL bytes removed from values.
        invalid: Field -> number of values emitted as null since they do not fit its type.
        samples: Field -> the first such value and where it stood.
    """

    rows: int = 0
    nul_bytes: int = 0
    invalid: dict[str, int] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)


def read_rows(file: BinaryIO, layout: Layout, findings: Findings) -> Iterator[Row]:
    """Yield the file's rows with typed values; an empty file has none.

    Raises:
        MalformedFileError: Header or columns are not what the layout says; names the line.
        InvalidValueError: A value is not of its field's type; names line, record, field, value.
    """
    lines, cells, header = _open(file, layout)
    if header is None:
        return
    names = _field_names(header, layout)
    parsers = [(name, layout.parsers[name]) for name in names if name in layout.parsers]
    width = len(names)
    for texts in cells:
        if len(texts) != width:
            raise lines.malformed(f"it has {len(texts)} columns instead of {width}")
        row: Row = {
            name: None if text == NULL else text for name, text in zip(names, texts, strict=True)
        }
        for name, parse in parsers:
            text = row[name]
            if text is not None:
                try:
                    row[name] = parse(text)  # type: ignore[arg-type]  # each is parsed once
                except ValueError:
                    _note_invalid(row, name, lines, layout, findings)
                    row[name] = None
        if row[layout.key] is None:
            raise lines.malformed(f"it has no {layout.key}")
        findings.rows += 1
        findings.nul_bytes = lines.nul_bytes
        yield row


def _open(file: BinaryIO, layout: Layout) -> tuple[Lines, Iterator[list[str]], list[str] | None]:
    """Read the header, by the separator that gives what was asked for; None in an empty file."""
    for separator in layout.separators:
        file.seek(0)
        lines = Lines(file)
        cells = read_cells(lines, separator)
        header = next(cells, None)
        if header is None or sorted(header) == sorted(layout.columns):
            break
    return lines, cells, header


def _field_names(header: Sequence[str], layout: Layout) -> list[str]:
    """Return the field of each column, in the file's order."""
    met, wanted = Counter(header), Counter(list(layout.columns))
    if met != wanted:
        missing = sorted((wanted - met).elements())
        unexpected = sorted((met - wanted).elements())
        message = (
            "The exported file's header is not what was asked for: missing "
            f"{missing or 'nothing'}, unexpected {unexpected or 'nothing'} (of {len(header)} "
            "columns). No row of it was used; run again, or run discovery again."
        )
        raise MalformedFileError(message[:2000])
    return [layout.columns[name] for name in header]


def _note_invalid(row: Row, name: str, lines: Lines, layout: Layout, findings: Findings) -> None:
    """Say or count what a value that does not fit means; an absent one is simply null."""
    text = str(row[name])
    if not text:
        return
    shown = repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")
    where = f"line {lines.start}, {layout.key} {row[layout.key]}, field {name}: {shown}"
    if name == layout.key or not layout.invalid_as_null:
        message = (
            f"A value does not fit its type: {where}. Its window was not counted as done. Correct "
            "it in Marketo, declare the field a string in the catalog, deselect it, or set "
            "invalid_values to null."
        )
        raise InvalidValueError(message)
    findings.invalid[name] = findings.invalid.get(name, 0) + 1
    findings.samples.setdefault(name, where)
