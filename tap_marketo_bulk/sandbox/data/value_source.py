"""The values of fields: plausible or arbitrary ones, with edge cases among them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tap_marketo_bulk.sandbox.data.fields import Field
from tap_marketo_bulk.sandbox.data.people import person, pick
from tap_marketo_bulk.sandbox.data.plausible_values import ValueContext, field_value
from tap_marketo_bulk.sandbox.data.random_values import Value
from tap_marketo_bulk.sandbox.edge_cases import EXTREME_INTEGERS, EdgeCase, edge_case_texts

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
