"""The one rule for values that do not fit the type of their field, in files and in JSON.

By default such a value is null, and the record keeps the original in its column
``_invalid_values``, so that nothing is lost and the run goes on.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The object column of a record that holds its invalid values: {"annualRevenue": "n/a"}.
INVALID_VALUES = "_invalid_values"
_SHOWN_CHARACTERS = 80


class InvalidValuePolicy(StrEnum):
    """What to do with an invalid value; the values of the setting ``invalid_values``."""

    NULL = "null"
    FAIL = "fail"


class InvalidValueHandler:
    """Applies the policy to invalid values, and counts them.

    Attributes:
        counts: Field -> number of invalid values.
        samples: Field -> the first invalid value, and the record that has it.
    """

    def __init__(self, policy: InvalidValuePolicy) -> None:
        """Count from zero: use one object per stream and file."""
        self.counts: Counter[str] = Counter()
        self.samples: dict[str, str] = {}
        self._policy = policy

    def count_or_raise(
        self, record: str, values: Mapping[str, object], required: frozenset[str]
    ) -> None:
        """Count the invalid values of one record.

        Args:
            record: Names the record in messages: ``leads, line 3, id 2``.
            values: Field -> original value.
            required: The fields whose values must fit, whatever the policy.

        Raises:
            InvalidValueError: A required field is among them, or the policy is to fail. Names
                the record, the field and the value.
        """
        for field, value in values.items():
            shown = f"{record}, field {field}: {_shorten(value)}"
            if field in required:
                raise InvalidValueError(
                    f"A value of a key field does not fit its type: {shown}. The bookmark was not "
                    "moved. Correct the value in Marketo, or declare the field a string in the "
                    "catalog."
                )
            if self._policy is InvalidValuePolicy.FAIL:
                raise InvalidValueError(
                    f"A value does not fit its type: {shown}. The bookmark was not moved. Correct "
                    "the value in Marketo, declare the field a string in the catalog, deselect "
                    "it, or set invalid_values to null."
                )
            self.counts[field] += 1
            self.samples.setdefault(field, shown)


def missing_key_error(record: str, field: str) -> InvalidValueError:
    """Return the error for a record without a value in a key field."""
    return InvalidValueError(
        f"A record has no value in its key: {record}, field {field}. The bookmark was not moved. "
        "Run again; if the error stays, ask Marketo Support about the record."
    )


def _shorten(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return repr(text) if isinstance(value, str) else text
