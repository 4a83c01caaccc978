"""The values of fields: plausible or arbitrary ones, with edge cases among them.

Plausible values are computed from the rows of the table ``values``. A row has the name of a field,
of a data type or of an attribute, the percentage of records that have a value, the kind of values,
and what the kind needs, such as the lowest and highest number.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from tap_marketo_bulk.sandbox.clock import to_datetime
from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.data.fields import Field
from tap_marketo_bulk.sandbox.data.people import Person, fill_digits, person, pick
from tap_marketo_bulk.sandbox.data.random_values import Value, random_bits, text_number
from tap_marketo_bulk.sandbox.edge_cases import EXTREME_INTEGERS, EdgeCase, edge_case_texts


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


_COMMON_TEXTS = (
    "Ada", "Grace", "Linus", "Alan", "Edsger", "Barbara", "Hedy", "Katherine", "Blaise", "Emmy",
    "Acme Corp", "Initech", "Globex, Inc.", "Umbrella", "Berlin", "São Paulo", "Zürich", "Oslo",
    "VP of Sales", "Engineer", "Web", "Referral", "Trade Show", "M\u00fcnchen", "O'Brien",
)  # fmt: skip
_FIRST_DATE = datetime(2019, 1, 1, tzinfo=UTC)
# One text in so many is an edge case: an export of one month of the default data has them all.
_EDGE_CASE_TEXT_EVERY = 29
_EXTREME_INTEGER_EVERY = 50
_TEXT_TYPES = frozenset({"string", "text", "textarea", "lead_function"})


def _array(bits: int) -> str:
    return ";".join(
        _COMMON_TEXTS[(bits >> shift) % 10] for shift in range(8, 8 + 8 * (bits % 4), 8)
    )


# Values that only fit the data type, from 64 pseudo-random bits; other types have texts.
_ARBITRARY_VALUES: dict[str, Callable[[int], Value]] = {
    "email": lambda bits: f"{bits % 10**9:x}@example.com",
    "phone": lambda bits: f"+1 (555) {bits % 1000:03}-{(bits >> 16) % 10000:04}",
    "url": lambda bits: f"https://www.example.com/a?b={bits % 999}&c=d;e,f#{bits % 7}",
    "reference": lambda bits: str(bits % 100_000),
    "array": _array,
    "link": lambda bits: f"https://crm.example.com/{bits % 9999}",
    "boolean": lambda bits: bool(bits & 256),
    "integer": lambda bits: (bits >> 16) % 10_000,
    "score": lambda bits: (bits >> 16) % 120 - 20,
    "float": lambda bits: ((bits >> 16) % 2_000_000 - 1_000_000) / 1000,
    "percent": lambda bits: (bits >> 16) % 201 / 2,
    "currency": lambda bits: (bits >> 16) % 10**9 / 100,
    "date": lambda bits: (_FIRST_DATE + timedelta(days=(bits >> 16) % 2800)).date(),
    "datetime": lambda bits: _FIRST_DATE + timedelta(seconds=(bits >> 16) % 240_000_000),
}


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What the plausible values of one record depend on; the instants are epoch seconds.

    ``lead_bits`` are those of the lead that the record is or belongs to, ``record_bits`` those of
    the record itself.
    """

    lead_bits: int
    record_bits: int
    created_at: int
    changed_at: int


class ValueSource:
    """Computes the values of fields; ``edge_cases`` are the kinds of edge cases among them."""

    def __init__(self, edge_cases: Collection[EdgeCase]) -> None:
        self.edge_cases = edge_cases
        self.is_arbitrary = EdgeCase.ARBITRARY_VALUES in edge_cases
        self._texts = edge_case_texts(edge_cases)
        self._has_extreme_integers = EdgeCase.EXTREME_NUMBERS in edge_cases

    def value(self, field: Field, bits: int, record: RecordContext) -> Value:
        """The value of a field; ``bits`` are other ones after each change of it."""
        data_type = field.data_type.casefold()
        if self.is_arbitrary:
            return self.arbitrary_value(data_type, bits)
        context = ValueContext(
            person(record.lead_bits),
            bits,
            field.field_bits(record.record_bits),
            record.created_at,
            record.changed_at,
        )
        value = field_value(field.name, data_type)(context)
        return self.with_edge_cases(value, data_type, bits)

    def arbitrary_value(self, data_type: str, bits: int) -> Value:
        """A value that fits this data type, in lower case; one value in six is None."""
        if (bits >> 48) % 6 == 0:
            return None
        if data_type in ("text", "textarea"):
            return " ".join(str(self._arbitrary_text(bits >> shift)) for shift in (0, 7, 11))
        if data_type in _ARBITRARY_VALUES:
            return self.with_edge_cases(_ARBITRARY_VALUES[data_type](bits), data_type, bits)
        return self._arbitrary_text(bits)

    def _arbitrary_text(self, bits: int) -> Value:
        return self.with_edge_cases(pick(_COMMON_TEXTS, bits >> 16), "string", bits)

    def with_edge_cases(self, value: Value, data_type: str, bits: int) -> Value:
        """The value, or for some bits an edge case of the data type."""
        if self._texts and data_type in _TEXT_TYPES and bits % _EDGE_CASE_TEXT_EVERY == 0:
            return pick(self._texts, bits >> 16)
        is_extreme = self._has_extreme_integers and bits % _EXTREME_INTEGER_EVERY == 0
        return (
            pick(EXTREME_INTEGERS, bits >> 16) if is_extreme and data_type == "integer" else value
        )
