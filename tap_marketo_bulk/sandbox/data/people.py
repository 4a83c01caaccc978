"""Invented people: a name, a job, a company and a place that fit each other.

Addresses on the internet end in ``.example``, which nobody can register.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    """A company; ``reference`` is its number in another system."""

    name: str
    industry: str
    employees: int
    revenue: float
    domain: str
    website: str
    reference: str


@dataclass(frozen=True)
class Person:
    """A person with a job in a company. ``email`` is mostly an address of the company."""

    bits: int
    first_name: str
    last_name: str
    name: str
    salutation: str
    department: str
    title: str
    company: Company
    place: Place
    email: str
    private_email: str
    street: str
    postal_code: str

    def phone(self, number: int) -> str:
        """One of the phone numbers, in the form of the country."""
        return fill_digits(self.place.phone, random_bits(self.bits, number))


def _company(number: int) -> Company:
    word, rest = _COMPANY_WORDS[number % len(_COMPANY_WORDS)], number // len(_COMPANY_WORDS)
    industry, endings = pick(_INDUSTRIES, rest)
    name = f"{word} {pick(endings, rest // len(_INDUSTRIES))}"
    bits = random_bits(number, 78)
    employees = pick(_COMPANY_SIZES, bits)
    revenue = employees * (60 + (bits >> 8) % 140) * 1000.0
    domain = f"{ascii_name(name)}.example"
    reference = str(int(revenue) // 1000 % 90_000 + 10_000)
    return Company(name, industry, employees, revenue, domain, f"https://www.{domain}", reference)


@lru_cache(maxsize=20_000)
def person(bits: int) -> Person:
    """The person that belongs to these pseudo-random bits."""
    bits = random_bits(bits, 77)
    company_number = (bits >> 4) % _COMPANY_COUNT
    company = _company(company_number)
    # A company has at most three offices.
    place = pick(PLACES, random_bits(company_number, bits % 3, 79))
    is_woman = bool(bits & 1 << 20)
    names = place.names
    first_name = pick(names.women if is_woman else names.men, bits >> 30)
    last_name = pick(names.last, bits >> 38)
    local_part = f"{ascii_name(first_name)}.{ascii_name(last_name)}"
    private_email = f"{local_part}{(bits >> 9) % 90 + 10}@mail.example"
    department, titles = pick(_JOBS, bits >> 24)
    return Person(
        bits=bits,
        first_name=first_name,
        last_name=last_name,
        name=f"{first_name} {last_name}",
        salutation=names.salutations[0 if is_woman else 1],
        department=department,
        title=pick(titles, bits >> 46),
        company=company,
        place=place,
        email=f"{local_part}@{company.domain}" if bits % _WEB_MAIL_EVERY else private_email,
        private_email=private_email,
        street=place.street.replace("#", str(1 + (bits >> 13) % _MAX_STREET_NUMBER)),
        postal_code=fill_digits(place.postal_code, bits >> 11),
    )
