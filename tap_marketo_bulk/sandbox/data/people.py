"""Invented people: a name, a job, a company and a place that fit each other.

Addresses on the internet end in ``.example``, which nobody can register.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from tap_marketo_bulk.sandbox.data import load_table
from tap_marketo_bulk.sandbox.data.random_values import random_bits


@dataclass(frozen=True)
class NamePool:
    """The names of one language: women's first names, men's first names, last names, forms."""

    women: Sequence[str]
    men: Sequence[str]
    last: Sequence[str]
    salutations: Sequence[str]


@dataclass(frozen=True)
class Place:
    """A city. In ``postal_code`` and ``phone``, each ``#`` stands for a digit."""

    names: NamePool
    city: str
    state: str | None
    country: str
    postal_code: str
    phone: str
    street: str


_TABLES = load_table("people")
_NAMES = {
    language: NamePool(
        row["women"].split(), row["men"].split(), row["last"].split(), row["salutations"]
    )
    for language, row in _TABLES["names"].items()
}
PLACES = tuple(Place(_NAMES[language], *cells) for language, *cells in _TABLES["places"])
_COMPANY_WORDS = _TABLES["company words"].split()
# Each industry with the words that end the names of its companies.
_INDUSTRIES: list[tuple[str, Sequence[str]]] = list(_TABLES["industries"].items())
# Each department with its job titles.
_JOBS: list[tuple[str, Sequence[str]]] = list(_TABLES["jobs"].items())

_Item = TypeVar("_Item")
_WEB_MAIL_EVERY = 12
_COMPANY_SIZES = (8, 25, 60, 120, 250, 480, 1100, 2600, 8200)
_COMPANY_COUNT = 1200
_MAX_STREET_NUMBER = 180
_REPLACED_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "å": "a", "æ": "ae", "'": "", " ": "-"})


def pick(items: Sequence[_Item], bits: int) -> _Item:
    """The item that these pseudo-random bits select."""
    return items[bits % len(items)]


def fill_digits(pattern: str, bits: int) -> str:
    """The pattern with a pseudo-random digit in place of each ``#``."""
    digits = f"{bits % 10**12:012}"
    for digit in digits:
        pattern = pattern.replace("#", digit, 1)
    return pattern


def ascii_name(text: str) -> str:
    """The text in lower-case ASCII letters and hyphens, as in an address on the internet."""
    letters = unicodedata.normalize("NFKD", text.lower().translate(_REPLACED_LETTERS))
    return letters.encode("ascii", "ignore").decode()


@dataclass(frozen=True)
class Company:
    """A company."""

    name: str
    industry: str
    employees: int
    revenue: float

    @property
    def domain(self) -> str:
        """Its domain name."""
        return f"{ascii_name(self.name)}.example"

    @property
    def website(self) -> str:
        """The address of its website."""
        return f"https://www.{self.domain}"

    @property
    def reference(self) -> str:
        """Its number in another system."""
        return str(int(self.revenue) // 1000 % 90_000 + 10_000)


@dataclass(frozen=True)
class Person:
    """A person with a job in a company."""

    bits: int
    first_name: str
    last_name: str
    salutation: str
    department: str
    title: str
    company: Company
    place: Place

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.first_name} {self.last_name}"

    @cached_property
    def email(self) -> str:
        """The address, mostly one of the company."""
        if self.bits % _WEB_MAIL_EVERY == 0:
            return self.private_email
        return f"{self._local_part}@{self.company.domain}"

    @property
    def private_email(self) -> str:
        """The address with another provider."""
        return f"{self._local_part}{(self.bits >> 9) % 90 + 10}@mail.example"

    @property
    def _local_part(self) -> str:
        return f"{ascii_name(self.first_name)}.{ascii_name(self.last_name)}"

    @property
    def street(self) -> str:
        """The street and the number of the house."""
        return self.place.street.replace("#", str(1 + (self.bits >> 13) % _MAX_STREET_NUMBER))

    @property
    def postal_code(self) -> str:
        """The postal code, in the form of the country."""
        return fill_digits(self.place.postal_code, self.bits >> 11)

    def phone(self, number: int) -> str:
        """One of the phone numbers, in the form of the country."""
        return fill_digits(self.place.phone, random_bits(self.bits, number))


def _company(number: int) -> Company:
    word, rest = _COMPANY_WORDS[number % len(_COMPANY_WORDS)], number // len(_COMPANY_WORDS)
    industry, endings = pick(_INDUSTRIES, rest)
    bits = random_bits(number, 78)
    employees = pick(_COMPANY_SIZES, bits)
    revenue = employees * (60 + (bits >> 8) % 140) * 1000.0
    return Company(
        f"{word} {pick(endings, rest // len(_INDUSTRIES))}", industry, employees, revenue
    )


@lru_cache(maxsize=20_000)
def person(bits: int) -> Person:
    """The person that belongs to these pseudo-random bits."""
    more_bits = random_bits(bits, 77)
    company_number = (more_bits >> 4) % _COMPANY_COUNT
    # A company has at most three offices.
    place = pick(PLACES, random_bits(company_number, more_bits % 3, 79))
    is_woman = bool(more_bits & 1 << 20)
    names = place.names
    department, titles = pick(_JOBS, more_bits >> 24)
    return Person(
        bits=more_bits,
        first_name=pick(names.women if is_woman else names.men, more_bits >> 30),
        last_name=pick(names.last, more_bits >> 38),
        salutation=names.salutations[0 if is_woman else 1],
        department=department,
        title=pick(titles, more_bits >> 46),
        company=_company(company_number),
        place=place,
    )
