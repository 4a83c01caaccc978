"""Export files: the text of a value, the encoding of a row, and the writing of a file."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.edge_cases import STRAY_QUOTE_TEXTS

FILE_FORMATS = ("CSV", "TSV", "SSV")
_SEPARATORS = {"CSV": ",", "TSV": "\t"}
_NULL = "null"
UNDECODABLE_TEXT = "M\udcfcnchen"
"""A text that a file contains in Latin-1: the second byte is 0xFC."""
_FALSE_TEXTS = {"true": "false", "1": "0"}


def format_value(value: object, *, true_text: str = "true") -> str:
    """The text of a value in an export file, before quoting.

    ``true_text`` is the text of True and selects the matching text of False.
    """
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return true_text if value else _FALSE_TEXTS[true_text]
    if isinstance(value, datetime):
        return format_epoch_seconds(int(value.timestamp()))
    if isinstance(value, date):
        return value.isoformat()
    return format_json(value) if isinstance(value, dict) else str(value)


def format_json(value: object) -> str:
    """JSON as in the column ``attributes``: without spaces and with non-ASCII characters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class RowEncoder:
    """Encodes rows in one file format: ``CSV``, ``TSV`` or ``SSV``.

    ``ssv_separator`` is the separator of the format SSV.
    """

    def __init__(self, file_format: str, ssv_separator: str) -> None:
        self._separator = _SEPARATORS.get(file_format, ssv_separator)
        # Marketo does not quote a value because of a lone carriage return (seen).
        self._needs_quotes = re.compile(f'["\n{self._separator}]').search

    def encode(self, cells: Iterable[str]) -> bytes:
        """One line of the file, in UTF-8, with its line end.

        A surrogate of a cell becomes one byte that is not UTF-8, as in ``UNDECODABLE_TEXT``.
        """
        line = self._separator.join(map(self._quoted, cells)) + "\n"
        return line.encode(errors="surrogateescape")

    def _quoted(self, cell: str) -> str:
        if not self._needs_quotes(cell):
            return cell
        if cell not in STRAY_QUOTE_TEXTS:
            cell = cell.replace('"', '""')
        return f'"{cell}"'


@dataclass(frozen=True)
class WrittenFile:
    """The description of an export file in the job status; ``size`` is in bytes."""

    row_count: int
    size: int
    checksum: str


def write_export_file(
    path: Path,
    encoder: RowEncoder,
    headers: Iterable[str],
    rows: Iterable[Iterable[str]],
) -> WrittenFile:
    """Write the header and the rows, one at a time, to ``path``.

    Without rows the file has no bytes.
    """
    digest = hashlib.sha256()
    row_count = size = 0
    with path.open("wb") as file:

        def write(cells: Iterable[str]) -> int:
            line = encoder.encode(cells)
            file.write(line)
            digest.update(line)
            return len(line)

        header_size = write(headers)
        for cells in rows:
            size += write(cells)
            row_count += 1
        if not row_count:
            file.truncate(0)
            return WrittenFile(0, 0, f"sha256:{hashlib.sha256().hexdigest()}")
    return WrittenFile(row_count, header_size + size, f"sha256:{digest.hexdigest()}")
