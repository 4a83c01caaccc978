"""Values that come as JSON -> values as their columns have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_marketo_bulk.errors import InvalidValueError
from tap_marketo_bulk.extract.fields import INTEGER, TEXT
from tap_marketo_bulk.extract.rows import Findings

if TYPE_CHECKING:
    from tap_marketo_bulk.extract.fields import FieldType

_SHOWN_CHARACTERS = 80
# Numbers keep the digits that were read.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class JsonValues:
    """Types values, and says or counts what it means that one does not fit.

    Attributes:
        findings: What did not fit; whoever reports it sets new ones.
    """

    def __init__(self, *, invalid_as_null: bool) -> None:
        """Begin with nothing found."""
        self._invalid_as_null = invalid_as_null
        self.findings = Findings()

    def typed(self, value: object, field_type: FieldType, name: str, record: object) -> object:
        """Return the value of a field; null where it does not fit and may be left out.

        Raises:
            InvalidValueError: It does not fit; names the ``record``, the field and the value.
        """
        try:
            return typed(value, field_type)
        except ValueError:
            shown = repr(value)
            if len(shown) > _SHOWN_CHARACTERS:
                shown = f"{shown[:_SHOWN_CHARACTERS]}..."
            self._note(name, f"{record}, field {name}: {shown}")
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
    if value is None or (field_type is TEXT and isinstance(value, str)):
        return value
    if field_type is INTEGER and type(value) is int:
        return value
    if isinstance(value, str):
        return field_type.parse(value) if value else None
    text = _encode(value).decode()
    return text if field_type is TEXT else field_type.parse(text)
