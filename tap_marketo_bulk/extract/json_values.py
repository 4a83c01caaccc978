"""Values that come as JSON -> values as their columns have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.extract.fields import BOOLEAN, INTEGER, NUMBER, TEXT
from tap_marketo_bulk.extract.rows import Findings

if TYPE_CHECKING:
    from tap_marketo_bulk.extract.fields import FieldType
    from tap_marketo_bulk.extract.rows import Row

_SHOWN_CHARACTERS = 80
_NATURAL = ((TEXT, str), (INTEGER, int), (NUMBER, float), (BOOLEAN, bool))
# Numbers keep the digits that were read.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class JsonValues:
    """Types the values of one stream, and says or counts what it means that one does not fit.

    Attributes:
        findings: What did not fit; whoever reports it sets new ones.
    """

    def __init__(self, stream: str, key: str, *, invalid_as_null: bool) -> None:
        """Take the names of the stream and of its key, for messages."""
        self._stream = stream
        self._key = key
        self._invalid_as_null = invalid_as_null
        self.findings = Findings()

    def typed(self, value: object, field_type: FieldType, name: str, row: Row) -> object:
        """Return the value of a field; null where it does not fit and may be left out.

        Raises:
            InvalidValueError: It does not fit; names the record, the field and the value.
        """
        try:
            return typed(value, field_type)
        except ValueError:
            shown = repr(value)
            if len(shown) > _SHOWN_CHARACTERS:
                shown = f"{shown[:_SHOWN_CHARACTERS]}..."
            self._note(name, f"{self._stream} {row.get(self._key)}, field {name}: {shown}")
            return None

    def _note(self, name: str, where: str) -> None:
        if not self._invalid_as_null:
            message = (
                f"A value does not fit its type: {where}. Its window was not counted as done. "
                "Correct it in Marketo, declare the field a string in the catalog, deselect it, "
                "or set invalid_values to null."
            )
            raise InvalidValueError(message)
        self.findings.invalid[name] = self.findings.invalid.get(name, 0) + 1
        self.findings.samples.setdefault(name, where)


def typed(value: object, field_type: FieldType) -> object:
    """Return a JSON value as its column's type has it; raises ``ValueError`` where it does not fit.

    Marketo writes numbers and booleans as such or as text.
    """
    if value is None or value.__class__ is natural_class(field_type):
        return value
    if isinstance(value, str):
        return field_type.parse(value) if value else None
    text = _encode(value).decode()
    return text if field_type is TEXT else field_type.parse(text)


def natural_class(field_type: FieldType) -> type | None:
    """Return the class of which every value fits as it is, if there is such a one."""
    return next((kind for each, kind in _NATURAL if each is field_type), None)
