"""How the value of a column is drawn, for each data type."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from tap_marketo_bulk.sandbox import nasty

Value = str | int | float | bool | date | datetime | None
"""What a column truly holds. A ``datetime`` is aware and in UTC."""

Maker = Callable[[int], Value]
"""Makes a value from a number of 64 bits."""

_WORDS = (
    "Ada", "Grace", "Linus", "Alan", "Edsger", "Barbara", "Hedy", "Katherine", "Blaise", "Emmy",
    "Acme Corp", "Initech", "Globex, Inc.", "Umbrella", "Berlin", "São Paulo", "Zürich", "Oslo",
    "VP of Sales", "Engineer", "Web", "Referral", "Trade Show", "M\u00fcnchen", "O'Brien",
)  # fmt: skip
_EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
# One text in so many is nasty: every default export of a month holds all of them.
_NASTY_EVERY = 29


def _string(chance: int) -> str:
    if chance % _NASTY_EVERY == 0:
        return nasty.TEXTS[(chance >> 16) % len(nasty.TEXTS)]
    return _WORDS[(chance >> 16) % len(_WORDS)]


def _text(chance: int) -> str:
    return " ".join((_string(chance), _string(chance >> 7), _string(chance >> 11)))


def _array(chance: int) -> str:
    return ";".join(_WORDS[(chance >> shift) % 10] for shift in range(8, 8 + 8 * (chance % 4), 8))


def _integer(chance: int) -> int:
    if chance % 50 == 0:
        return (0, -1, 2**31 - 1, -(2**31), 2**53 + 1)[(chance >> 16) % 5]
    return (chance >> 16) % 10_000


def _float(chance: int) -> float:
    return ((chance >> 16) % 2_000_000 - 1_000_000) / 1000


_MAKERS: dict[str, Maker] = {
    "string": _string,
    "email": lambda chance: f"{chance % 10**9:x}@example.com",
    "phone": lambda chance: f"+1 (555) {chance % 1000:03}-{(chance >> 16) % 10000:04}",
    "url": lambda chance: f"https://www.example.com/a?b={chance % 999}&c=d;e,f#{chance % 7}",
    "text": _text,
    "textarea": _text,
    "reference": lambda chance: str(chance % 100_000),
    "lead_function": _string,
    "array": _array,
    "link": lambda chance: f"https://crm.example.com/{chance % 9999}",
    "boolean": lambda chance: bool(chance & 256),
    "integer": _integer,
    "score": lambda chance: (chance >> 16) % 120 - 20,
    "float": _float,
    "percent": lambda chance: (chance >> 16) % 201 / 2,
    "currency": lambda chance: (chance >> 16) % 10**9 / 100,
    "date": lambda chance: (_EPOCH + timedelta(days=(chance >> 16) % 2800)).date(),
    "datetime": lambda chance: _EPOCH + timedelta(seconds=(chance >> 16) % 240_000_000),
}


def maker(data_type: str) -> Maker:
    """What makes the values of ``data_type``, in any letter case; unknown ones are text."""
    return _MAKERS.get(data_type.casefold(), _string)


def drawn(make: Maker, chance: int) -> Value:
    """The value that ``make`` makes of ``chance``; one in six is empty."""
    return None if (chance >> 48) % 6 == 0 else make(chance)
