"""Plausible values, computed from the rows of the table ``values``.

A row has the name of a field, of a data type or of an attribute, the percentage of records that
have a value, the kind of values, and what the kind needs, such as the lowest and highest number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from tap_marketo_bulk.sandbox.clock import to_datetime
from tap_marketo_bulk.sandbox.data.people import Person, fill_digits, pick
from tap_marketo_bulk.sandbox.data.random_values import Value, random_bits, text_number
from tap_marketo_bulk.sandbox.data.tables import load_table


@dataclass(frozen=True, slots=True)
class ValueContext:
    """What a value depends on.

    ``bits`` are other ones after each change of the field, ``fixed_bits`` never change; both are
    different for each field. The instants are those of the record, in epoch seconds.
    """

    person: Person
    bits: int
    fixed_bits: int
    created_at: int
    changed_at: int


PlausibleValue = Callable[[ValueContext], Value]


def _choices(_one: ValueContext, bits: int, *texts: str) -> Value:
    count = 1 + bits % 3
    return ";".join(sorted({pick(texts, bits >> (8 * number)) for number in range(1, count + 1)}))


def _number(_one: ValueContext, bits: int, low: int, high: int, divisor: float = 0) -> Value:
    """A number in a range; with a divisor the quotient, which has decimals."""
    number = low + bits % (high - low + 1)
    return round(number / divisor, 3) if divisor else number


def _flag(one: ValueContext, _bits: int, name: str, one_in: int) -> bool:
    """Whether something is true that is true for one person in so many."""
    return random_bits(one.person.bits, text_number(name)) % one_in == 0


def _past(one: ValueContext, bits: int) -> int:
    """An instant between the creation and the latest change of the record."""
    elapsed = max(0, one.changed_at - one.created_at)
    return one.created_at + elapsed * (bits % 1000) // 1000


# Each kind: a function of the context, pseudo-random bits, and the rest of the row. They are
# `fixed_bits` if the kind begins with "fixed".
_KINDS: dict[str, Callable[..., Value]] = {
    "person": lambda one, _, path: attrgetter(path)(one.person),
    "phone": lambda one, _, number: one.person.phone(number),
    "text": lambda _one, _, text: text,
    "choice": lambda _one, bits, *texts: pick(texts, bits),
    "choices": _choices,
    "pattern": lambda _one, bits, pattern: fill_digits(pattern, bits),
    "number": _number,
    "boolean": lambda _one, bits: bits % 2 == 0,
    "never": lambda _one, _: False,
    "flag": _flag,
    "text if": lambda one, bits, name, one_in, text: (
        text if _flag(one, bits, name, one_in) else None
    ),
    # So many days or hours after the creation of the record.
    "date": lambda one, bits, low, high: to_datetime(
        one.created_at + 86_400 * (low + bits % (high - low + 1))
    ).date(),
    "instant": lambda one, bits, low, high: to_datetime(
        one.created_at + 3600 * (low + bits % (high - low + 1))
    ),
    "date since": lambda _one, bits, first, days: (
        date.fromisoformat(first) + timedelta(days=bits % days)
    ),
    "past instant": lambda one, bits: to_datetime(_past(one, bits)),
    "past date": lambda one, bits: to_datetime(_past(one, bits)).date(),
}


def _compile(percent: int, kind: str, *rest: object) -> PlausibleValue:
    is_fixed = kind.startswith("fixed ")
    compute = _KINDS[kind.removeprefix("fixed ")]

    def value(one: ValueContext) -> Value:
        if one.fixed_bits % 100 >= percent:
            return None
        return compute(one, (one.fixed_bits if is_fixed else one.bits) >> 8, *rest)

    return value


def _table(rows: Iterable[list[Any]]) -> dict[str, PlausibleValue]:
    return {name: _compile(*rest) for name, *rest in rows}


_TABLES = load_table("values")
_FIELDS = _table(_TABLES["fields"])
_DATA_TYPES = _table(_TABLES["data types"])
ATTRIBUTES = _table(_TABLES["attributes"])
"""The values of the attributes of activities that depend on nothing else."""


def field_value(name: str, data_type: str) -> PlausibleValue:
    """The values of a field, or else those of its data type, by default texts."""
    return _FIELDS.get(name) or _DATA_TYPES.get(data_type) or _DATA_TYPES["string"]
