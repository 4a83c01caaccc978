"""Deterministic pseudo-random bits, instants and values, with the edge cases of Marketo's files.

Every value of the data set is computed from the seed and from the position of the value (the index
of the lead, the field, the change), not from a sequence. It is therefore the same in whatever order
and however often it is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_MASK = (1 << 64) - 1


def random_bits(*parts: int) -> int:
    """64 pseudo-random bits; the same ``parts`` always give the same bits."""
    # The multipliers are those of splitmix64.
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = ((state ^ part) * 0xBF58476D1CE4E5B9) & _MASK
        state ^= state >> 29
    state = (state * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)


def combine_bits(bits: int, number: int) -> int:
    """64 pseudo-random bits from 64 such bits and a number; faster than ``random_bits``."""
    state = ((bits ^ number) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 31)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 32)


@dataclass(frozen=True)
class RandomInstants:
    """One pseudo-random instant for each index from 0, in ascending order, in epoch seconds.

    The first ``count`` instants are spread over the ``history_seconds`` before ``created_at``; the
    others follow it, one in every ``gap_seconds`` (0: there are no others).
    """

    seed: int
    created_at: int
    count: int
    history_seconds: int
    gap_seconds: int

    def instant(self, index: int) -> int:
        """The instant with this index."""
        slot_start = self._slot_start(index)
        return slot_start + random_bits(self.seed, index) % max(
            1, self._slot_start(index + 1) - slot_start
        )

    def max_count_before(self, instant: int) -> int:
        """An upper bound: no index from this one on has its instant before ``instant``."""
        if instant <= self.created_at:
            elapsed = max(0, instant - self.created_at + self.history_seconds)
            return -(-elapsed * self.count // self.history_seconds)
        if not self.gap_seconds:
            return self.count
        return self.count - (self.created_at - instant) // self.gap_seconds

    def _slot_start(self, index: int) -> int:
        if index < self.count:
            first_slot = self.created_at - self.history_seconds
            return first_slot + index * self.history_seconds // self.count
        return self.created_at + (index - self.count) * self.gap_seconds


Value = str | int | float | bool | date | datetime | None
"""The value of a column. A ``datetime`` is aware and in UTC; None is an empty value."""

ValueGenerator = Callable[[int], Value]
"""Computes a value from 64 pseudo-random bits."""

STRAY_QUOTE_TEXTS = ('first"Name1', '7"inch,rack', 'say"hi\nthere')
"""Texts whose quotes an export file does not escape, as in one recorded file: `"first"Name1"`.

No quote in them is before a separator or a line end, so that a reader can still parse the cells.
"""

EDGE_CASE_TEXTS = (
    *STRAY_QUOTE_TEXTS,
    "two\nlines",
    "two\r\nlines, the DOS way",
    "lone\rreturn",
    "\rreturn first",
    "nul\x00byte",
    "line\u2028separator",
    "next\u0085line",
    "tab\there",
    "a,b;c d|e",
    'she said "no", twice',
    '"quoted"',
    '"',
    "snow ☃ and 🎉👩‍👩‍👧 party",
    "漢字とかな、한국어",
    "žluťoučký kůň\u00a0úpěl",
    "  spaces around  ",
    "Null",
    "NULL",
    "nil",
    "none",
    "007",
    "1e5",
    "true",
    "=1+1",
    "\\N",
    "back\\slash\\",
    '{"json": [1, 2, null]}',
    "\ufeffmark",
    "e\u0301 is not \u00e9",
    "'",
)
"""Texts that have made extractors fail; all were seen in Marketo's files."""

LONG_TEXT = 'Lorem ipsum, dolor "sit" amet;\n' * 4600
"""Longer than the default field limit of Python's csv module, 131,072 characters."""

_COMMON_TEXTS = (
    "Ada", "Grace", "Linus", "Alan", "Edsger", "Barbara", "Hedy", "Katherine", "Blaise", "Emmy",
    "Acme Corp", "Initech", "Globex, Inc.", "Umbrella", "Berlin", "São Paulo", "Zürich", "Oslo",
    "VP of Sales", "Engineer", "Web", "Referral", "Trade Show", "M\u00fcnchen", "O'Brien",
)  # fmt: skip
_FIRST_DATE = datetime(2019, 1, 1, tzinfo=UTC)
# One text in so many is an edge case: an export of one month of the default data has them all.
_EDGE_CASE_EVERY = 29


def _string(bits: int) -> str:
    if bits % _EDGE_CASE_EVERY == 0:
        return EDGE_CASE_TEXTS[(bits >> 16) % len(EDGE_CASE_TEXTS)]
    return _COMMON_TEXTS[(bits >> 16) % len(_COMMON_TEXTS)]


def _text(bits: int) -> str:
    return " ".join((_string(bits), _string(bits >> 7), _string(bits >> 11)))


def _array(bits: int) -> str:
    return ";".join(
        _COMMON_TEXTS[(bits >> shift) % 10] for shift in range(8, 8 + 8 * (bits % 4), 8)
    )


def _integer(bits: int) -> int:
    if bits % 50 == 0:
        return (0, -1, 2**31 - 1, -(2**31), 2**53 + 1)[(bits >> 16) % 5]
    return (bits >> 16) % 10_000


def _float(bits: int) -> float:
    return ((bits >> 16) % 2_000_000 - 1_000_000) / 1000


_GENERATORS: dict[str, ValueGenerator] = {
    "string": _string,
    "email": lambda bits: f"{bits % 10**9:x}@example.com",
    "phone": lambda bits: f"+1 (555) {bits % 1000:03}-{(bits >> 16) % 10000:04}",
    "url": lambda bits: f"https://www.example.com/a?b={bits % 999}&c=d;e,f#{bits % 7}",
    "text": _text,
    "textarea": _text,
    "reference": lambda bits: str(bits % 100_000),
    "lead_function": _string,
    "array": _array,
    "link": lambda bits: f"https://crm.example.com/{bits % 9999}",
    "boolean": lambda bits: bool(bits & 256),
    "integer": _integer,
    "score": lambda bits: (bits >> 16) % 120 - 20,
    "float": _float,
    "percent": lambda bits: (bits >> 16) % 201 / 2,
    "currency": lambda bits: (bits >> 16) % 10**9 / 100,
    "date": lambda bits: (_FIRST_DATE + timedelta(days=(bits >> 16) % 2800)).date(),
    "datetime": lambda bits: _FIRST_DATE + timedelta(seconds=(bits >> 16) % 240_000_000),
}


def value_generator(data_type: str) -> ValueGenerator:
    """The generator for ``data_type``, in any letter case; an unknown data type gives texts."""
    return _GENERATORS.get(data_type.casefold(), _string)


def random_value(generate: ValueGenerator, bits: int) -> Value:
    """The value that ``generate`` computes from ``bits``; one value in six is None."""
    return None if (bits >> 48) % 6 == 0 else generate(bits)
