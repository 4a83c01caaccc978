"""Values that fit the data type of a field but not the field: the edge case of this name."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

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
