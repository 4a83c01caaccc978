"""The values of fields: plausible or arbitrary ones, with edge cases among them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tap_marketo_bulk.sandbox.data.field_values import (
    LEAD_VALUES,
    OBJECT_VALUES,
    FieldContext,
    FieldValue,
)
from tap_marketo_bulk.sandbox.data.fields import Field
from tap_marketo_bulk.sandbox.data.people import person, pick
from tap_marketo_bulk.sandbox.data.random_values import Value
from tap_marketo_bulk.sandbox.edge_cases import EXTREME_INTEGERS, EdgeCase, edge_case_texts

_COMMON_TEXTS = (
    "Ada", "Grace", "Linus", "Alan", "Edsger", "Barbara", "Hedy", "Katherine", "Blaise", "Emmy",
    "Acme Corp", "Initech", "Globex, Inc.", "Umbrella", "Berlin", "São Paulo", "Zürich", "Oslo",
    "VP of Sales", "Engineer", "Web", "Referral", "Trade Show", "M\u00fcnchen", "O'Brien",
)  # fmt: skip
_FIRST_DATE = datetime(2019, 1, 1, tzinfo=UTC)
# One text in so many is an edge case: an export of one month of the default data has them all.
EDGE_CASE_TEXT_EVERY = 29
EXTREME_INTEGER_EVERY = 50

ValueGenerator = Callable[[int], Value]
"""Computes a value from 64 pseudo-random bits."""


def _array(bits: int) -> str:
    return ";".join(
        _COMMON_TEXTS[(bits >> shift) % 10] for shift in range(8, 8 + 8 * (bits % 4), 8)
    )


def _float(bits: int) -> float:
    return ((bits >> 16) % 2_000_000 - 1_000_000) / 1000


class ArbitraryValues:
    """Computes arbitrary values, with the edge cases of these kinds among them."""

    def __init__(self, edge_cases: Collection[EdgeCase]) -> None:
        self._edge_case_texts = edge_case_texts(edge_cases)
        self._has_extreme_integers = EdgeCase.EXTREME_NUMBERS in edge_cases
        self._generators: dict[str, ValueGenerator] = {
            "string": self._string,
            "email": lambda bits: f"{bits % 10**9:x}@example.com",
            "phone": lambda bits: f"+1 (555) {bits % 1000:03}-{(bits >> 16) % 10000:04}",
            "url": lambda bits: f"https://www.example.com/a?b={bits % 999}&c=d;e,f#{bits % 7}",
            "text": self._text,
            "textarea": self._text,
            "reference": lambda bits: str(bits % 100_000),
            "lead_function": self._string,
            "array": _array,
            "link": lambda bits: f"https://crm.example.com/{bits % 9999}",
            "boolean": lambda bits: bool(bits & 256),
            "integer": self._integer,
            "score": lambda bits: (bits >> 16) % 120 - 20,
            "float": _float,
            "percent": lambda bits: (bits >> 16) % 201 / 2,
            "currency": lambda bits: (bits >> 16) % 10**9 / 100,
            "date": lambda bits: (_FIRST_DATE + timedelta(days=(bits >> 16) % 2800)).date(),
            "datetime": lambda bits: _FIRST_DATE + timedelta(seconds=(bits >> 16) % 240_000_000),
        }

    def value(self, data_type: str, bits: int) -> Value:
        """A value of this data type, in any letter case; one value in six is None.

        An unknown data type gives texts.
        """
        if (bits >> 48) % 6 == 0:
            return None
        generate = self._generators.get(data_type.casefold(), self._string)
        return generate(bits)

    def _string(self, bits: int) -> str:
        texts = self._edge_case_texts
        if texts and bits % EDGE_CASE_TEXT_EVERY == 0:
            return texts[(bits >> 16) % len(texts)]
        return _COMMON_TEXTS[(bits >> 16) % len(_COMMON_TEXTS)]

    def _text(self, bits: int) -> str:
        return " ".join((self._string(bits), self._string(bits >> 7), self._string(bits >> 11)))

    def _integer(self, bits: int) -> int:
        if self._has_extreme_integers and bits % EXTREME_INTEGER_EVERY == 0:
            return EXTREME_INTEGERS[(bits >> 16) % len(EXTREME_INTEGERS)]
        return (bits >> 16) % 10_000


_TEXT_TYPES = frozenset({"string", "text", "textarea", "lead_function"})
_WORDS = (
    *("North", "South", "East", "West", "Basic", "Standard", "Premium", "Enterprise"),
    *("Annual", "Monthly", "Trial", "Renewal"),
)
_FIELD_VALUES: Mapping[str, FieldValue] = LEAD_VALUES | OBJECT_VALUES
# The values of fields that are not in that table, such as those of the option `many_fields`.
_TYPE_VALUES: Mapping[str, FieldValue] = {
    "email": lambda one: one.person.email,
    "phone": lambda one: one.person.phone(4),
    "url": lambda one: f"https://www.{one.person.company.domain}/page-{one.bits % 40}",
    "link": lambda one: f"https://crm.example/{one.fixed_bits % 10**6}",
    "reference": lambda one: str(one.fixed_bits % 100_000),
    "boolean": lambda one: bool(one.bits & 256),
    "integer": lambda one: (one.bits >> 16) % 1000,
    "score": lambda one: (one.bits >> 16) % 100,
    "float": lambda one: (one.bits >> 16) % 100_000 / 100,
    "percent": lambda one: (one.bits >> 16) % 201 / 2,
    "currency": lambda one: (one.bits >> 16) % 1_000_000 / 100,
    "date": lambda one: one.past_instant().date(),
    "datetime": FieldContext.past_instant,
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
        self.arbitrary = ArbitraryValues(edge_cases)
        self._texts = edge_case_texts(edge_cases)
        self._has_extreme_integers = EdgeCase.EXTREME_NUMBERS in edge_cases

    def value(self, field: Field, bits: int, record: RecordContext) -> Value:
        """The value of a field; ``bits`` are other ones after each change of it."""
        if self.is_arbitrary:
            return self.arbitrary.value(field.data_type, bits)
        data_type = field.data_type.casefold()
        if self._texts and data_type in _TEXT_TYPES and bits % EDGE_CASE_TEXT_EVERY == 0:
            return pick(self._texts, bits >> 16)
        is_extreme = self._has_extreme_integers and bits % EXTREME_INTEGER_EVERY == 0
        if is_extreme and data_type == "integer":
            return pick(EXTREME_INTEGERS, bits >> 16)
        compute = _FIELD_VALUES.get(field.name) or _TYPE_VALUES.get(data_type, _words)
        return compute(_context(field, bits, record))

    def text(self, plausible: str, bits: int) -> str:
        """The plausible text, or for some bits an edge case."""
        if self._texts and bits % EDGE_CASE_TEXT_EVERY == 0:
            return pick(self._texts, bits >> 16)
        return plausible


def _words(one: FieldContext) -> str:
    return f"{pick(_WORDS, one.bits >> 8)} {pick(_WORDS, one.bits >> 16)}"


def _context(field: Field, bits: int, record: RecordContext) -> FieldContext:
    return FieldContext(
        person=person(record.lead_bits),
        bits=bits,
        fixed_bits=field.field_bits(record.record_bits),
        created_at=record.created_at,
        changed_at=record.changed_at,
    )
