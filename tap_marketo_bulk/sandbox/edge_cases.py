"""The kinds of awkward values in the data set; each can be switched on alone.

Without any of them the values of a field fit the field, and activities have plausible orders.
"""

import json
from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path


class EdgeCase(StrEnum):
    """A kind of awkward values; the option ``edge_cases`` contains those of a data set."""

    ARBITRARY_VALUES = "arbitrary-values"
    """Values that only fit the data type of their field, and activities of all types in any order.
    There are no activities that follow from other data and no field ``externalCompanyId``."""
    ASSET_NAMES = "asset-names"
    """Some names of assets have quotes, commas and CJK characters."""
    BACKSLASHES = "backslashes"
    """Texts with backslashes, and texts that are JSON."""
    CARRIAGE_RETURNS = "carriage-returns"
    """Texts with a carriage return and no line feed, which Marketo does not quote."""
    DECIMAL_SCORES = "decimal-scores"
    """Some scores are written with a decimal point, such as ``30.0``."""
    EXTREME_NUMBERS = "extreme-numbers"
    """Some integers are as low or as high as 32 bits allow, and some are higher."""
    LINE_BREAKS = "line-breaks"
    """Texts with LF and with CR LF."""
    LINE_SEPARATORS = "line-separators"
    """Texts with U+2028 and with U+0085."""
    LONG_TEXTS = "long-texts"
    """Some attributes are longer than 131,072 characters."""
    MIXED_CASE_ATTRIBUTES = "mixed-case-attributes"
    """Some attributes have another letter case than in Get Activity Types."""
    NUL_BYTES = "nul-bytes"
    """Texts with NUL bytes."""
    NULL_WORDS = "null-words"
    """Texts that some programs read as null, such as ``NULL`` and ``none``."""
    NUMBER_TEXTS = "number-texts"
    """Texts that some programs read as numbers, booleans or formulas."""
    QUOTES = "quotes"
    """Texts with quotes."""
    SEPARATORS = "separators"
    """Texts with tabs, commas and semicolons."""
    SIMILAR_NAMES = "similar-names"
    """Activity types and attributes whose names are the same in snake_case."""
    SPACES = "spaces"
    """Texts with spaces at both ends."""
    UNDOCUMENTED_ATTRIBUTES = "undocumented-attributes"
    """Some activities have an attribute that is not in Get Activity Types."""
    UNICODE = "unicode"
    """Texts with emoji, CJK, combining and invisible characters."""
    UPDATED_BEFORE_CREATED = "updated-before-created"
    """``updatedAt`` of some leads is a second before ``createdAt``."""

    # Nobody has recorded these.
    NULL_ATTRIBUTES = "null-attributes"
    """``attributes`` of some activities is null."""
    STRAY_QUOTES = "stray-quotes"
    """Quotes inside quoted values are not doubled."""


ALL_EDGE_CASES = frozenset(EdgeCase)
RECORDED_EDGE_CASES = ALL_EDGE_CASES - {EdgeCase.NULL_ATTRIBUTES, EdgeCase.STRAY_QUOTES}
"""The kinds that were seen in Marketo's responses and files."""

STRAY_QUOTE_TEXTS = ('first"Name1', '7"inch,rack', 'say"hi\nthere')
"""Texts whose quotes an export file does not double, as in the unit test of one extractor.

No quote in them is before a separator or a line end, so that a reader can still parse the cells.
"""

_TEXTS: list[tuple[str, Sequence[str]]] = [
    (EdgeCase.STRAY_QUOTES, STRAY_QUOTE_TEXTS),
    *json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")),
]


def edge_case_texts(kinds: Collection[EdgeCase]) -> tuple[str, ...]:
    """The texts of these kinds; all have made extractors fail."""
    return tuple(text for kind, texts in _TEXTS if kind in kinds for text in texts)


EDGE_CASE_TEXTS = edge_case_texts(ALL_EDGE_CASES)
"""The texts of all kinds."""

EXTREME_INTEGERS = (0, -1, 2**31 - 1, -(2**31), 2**53 + 1)

LONG_TEXT = 'Lorem ipsum, dolor "sit" amet;\n' * 4600
"""Longer than the default field limit of Python's csv module, 131,072 characters."""
