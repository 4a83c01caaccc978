"""Invented people: a name, a job, a company and a place that fit each other.

Addresses on the internet end in ``.example``, which nobody can register.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from tap_marketo_bulk.sandbox.data.random_values import random_bits


@dataclass(frozen=True)
class NamePool:
    """The names of one language: women's first names, men's first names, last names, forms."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    last: tuple[str, ...]
    salutations: tuple[str, str]


@dataclass(frozen=True)
class Place:
    """A city. In ``postal_code`` and ``phone``, each ``#`` stands for a digit."""

    city: str
    state: str | None
    country: str
    postal_code: str
    phone: str
    street: str
    names: NamePool


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ENGLISH = NamePool(
    _names(
        "Emma Olivia Hannah Grace Sophie Charlotte Amelia Julia Rachel Megan Laura Natalie "
        "Alice Claire Susan Denise Monica Erin"
    ),
    _names(
        "James Michael David Daniel Matthew Andrew Thomas Robert Kevin Brian Jason Peter "
        "Simon Mark Eric Nathan Oliver Samuel"
    ),
    _names(
        "Smith Johnson Williams Brown Miller Davis Wilson Anderson Taylor Moore Martin Clark "
        "Lewis Walker Hall Young King Wright Scott Green Baker Adams Nelson Carter O'Brien "
        "Mitchell Turner Parker Collins Edwards"
    ),
    ("Ms.", "Mr."),
)
_GERMAN = NamePool(
    _names("Anna Lena Katharina Julia Sabine Claudia Petra Monika Jana Franziska Nina Heike"),
    _names("Lukas Jonas Stefan Andreas Thomas Markus Jan Tobias Florian Matthias Jürgen Uwe"),
    _names(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer "
        "Richter Klein Wolf Schröder Neumann Zimmermann Braun Krüger Hofmann Lange"
    ),
    ("Frau", "Herr"),
)
_FRENCH = NamePool(
    _names("Camille Léa Manon Chloé Élodie Sophie Nathalie Isabelle Céline Julie Aurélie"),
    _names("Julien Nicolas Antoine Pierre Mathieu Laurent Olivier Sébastien Thomas François"),
    _names(
        "Martin Bernard Dubois Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre "
        "Michel Garcia Roux Fournier Girard Bonnet"
    ),
    ("Mme", "M."),
)
_SPANISH = NamePool(
    _names("María Lucía Carmen Elena Laura Marta Isabel Paula Sofía Beatriz Ana Cristina"),
    _names("Javier Carlos Alejandro Miguel Antonio Pablo Sergio Diego Fernando Luis Andrés"),
    _names(
        "García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Ruiz Díaz "
        "Álvarez Romero Navarro Torres Ramos Molina"
    ),
    ("Sra.", "Sr."),
)
_PORTUGUESE = NamePool(
    _names("Ana Beatriz Mariana Juliana Fernanda Camila Larissa Patrícia Renata Carolina"),
    _names("João Pedro Lucas Rafael Gustavo Felipe Bruno Thiago Marcelo Eduardo Ricardo"),
    _names("Silva Santos Oliveira Souza Pereira Lima Carvalho Almeida Ribeiro Araújo Costa Rocha"),
    ("Sra.", "Sr."),
)
_NORDIC = NamePool(
    _names("Ingrid Astrid Sofie Emilie Karin Maja Linnea Freja Johanna Kirsten Elin"),
    _names("Lars Erik Anders Magnus Henrik Nils Olav Mikkel Jonas Gustav Søren Håkon"),
    _names(
        "Hansen Johansson Andersen Nilsson Larsen Eriksson Pedersen Berg Lindqvist Dahl "
        "Holm Sørensen Nyström Lund Bakke"
    ),
    ("Ms.", "Mr."),
)
_INDIAN = NamePool(
    _names("Priya Ananya Kavita Deepa Sunita Meera Neha Pooja Lakshmi Divya Shreya"),
    _names("Rahul Arjun Vikram Sanjay Amit Rajesh Anil Suresh Karthik Rohan Nikhil"),
    _names("Sharma Patel Gupta Iyer Reddy Nair Rao Mehta Singh Kumar Joshi Desai Menon"),
    ("Ms.", "Mr."),
)
_JAPANESE = NamePool(
    _names("Yuki Aiko Haruka Naomi Emi Sakura Keiko Mariko Tomoko"),
    _names("Kenji Hiroshi Takashi Daisuke Satoshi Kazuki Makoto Yuto Ryo"),
    _names("Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida"),
    ("Ms.", "Mr."),
)


def _us(city: str, state: str, postal_code: str, area: str) -> Place:
    phone = f"+1 ({area}) 555-01##"
    return Place(city, state, "United States", postal_code, phone, "# Main Street", _ENGLISH)


PLACES = (
    _us("San Francisco", "California", "9410#", "415"),
    _us("San Diego", "California", "921##", "619"),
    _us("Austin", "Texas", "787##", "512"),
    _us("Chicago", "Illinois", "606##", "312"),
    _us("Boston", "Massachusetts", "0211#", "617"),
    _us("Seattle", "Washington", "981##", "206"),
    _us("Denver", "Colorado", "802##", "303"),
    _us("Atlanta", "Georgia", "303##", "404"),
    _us("New York", "New York", "100##", "212"),
    Place("Toronto", "Ontario", "Canada", "M5V #A#", "+1 (416) 555-01##", "# King St", _ENGLISH),
    Place(
        "London", None, "United Kingdom", "EC#A #BB", "+44 20 7946 0###", "# High Street", _ENGLISH
    ),
    Place(
        "Manchester", None, "United Kingdom", "M# #AE", "+44 161 496 0###", "# Mill Lane", _ENGLISH
    ),
    Place("Dublin", None, "Ireland", "D0# X#P#", "+353 20 91# ####", "# Dame Street", _ENGLISH),
    Place(
        "Sydney", "New South Wales", "Australia", "20##", "+61 2 5550 ####", "# Bay Rd", _ENGLISH
    ),
    Place("Berlin", "Berlin", "Germany", "101##", "+49 30 23125 ###", "Lindenstraße #", _GERMAN),
    Place("München", "Bayern", "Germany", "803##", "+49 89 99998 ###", "Ringstraße #", _GERMAN),
    Place("Hamburg", "Hamburg", "Germany", "203##", "+49 40 66969 ###", "Hafenweg #", _GERMAN),
    Place("Zürich", "Zürich", "Switzerland", "800#", "+41 44 555 ## ##", "Seestrasse #", _GERMAN),
    Place("Wien", "Wien", "Austria", "10#0", "+43 1 555 ####", "Gartengasse #", _GERMAN),
    Place("Paris", "Île-de-France", "France", "7500#", "+33 1 99 00 ## ##", "# rue Verte", _FRENCH),
    Place("Lyon", None, "France", "6900#", "+33 4 65 71 ## ##", "# avenue des Lilas", _FRENCH),
    Place("Montréal", "Québec", "Canada", "H2X #Y#", "+1 (514) 555-01##", "# rue Nord", _FRENCH),
    Place("Madrid", "Madrid", "Spain", "280##", "+34 910 55 ## ##", "Calle Mayor #", _SPANISH),
    Place("Barcelona", "Cataluña", "Spain", "080##", "+34 930 55 ## ##", "Calle Luna #", _SPANISH),
    Place("Ciudad de México", None, "Mexico", "06#00", "+52 55 5550 ####", "Calle Sol #", _SPANISH),
    Place("São Paulo", "SP", "Brazil", "01###-000", "+55 11 5550-####", "Rua Azul #", _PORTUGUESE),
    Place("Lisboa", None, "Portugal", "1###-0##", "+351 21 555 ####", "Rua Nova #", _PORTUGUESE),
    Place("Oslo", None, "Norway", "01##", "+47 22 55 ## ##", "Fjordveien #", _NORDIC),
    Place("Stockholm", None, "Sweden", "11# ##", "+46 8 465 00# ##", "Strandgatan #", _NORDIC),
    Place("København", None, "Denmark", "21##", "+45 33 55 ## ##", "Havnegade #", _NORDIC),
    Place("Bengaluru", "Karnataka", "India", "5600##", "+91 80 5550 ####", "# Park Road", _INDIAN),
    Place("Mumbai", "Maharashtra", "India", "4000##", "+91 22 5550 ####", "# Lake Road", _INDIAN),
    Place("Tokyo", None, "Japan", "100-00##", "+81 3 5550 ####", "# Sakura-dori", _JAPANESE),
)

COMPANY_WORDS = _names(
    "Northwind Bluebird Silverline Brightwater Redwood Cedar Harbor Summit Lakeside Granite "
    "Juniper Meridian Copper Falcon Orchard Keystone Willow Atlas Beacon Marble Amber Riverbend "
    "Stonegate Clearview Evergreen Horizon Maple Pioneer Sterling Tidewater Ironbridge Larkspur "
    "Cobalt Fairmont Greenfield Highland Oakridge Westbrook Lighthouse Mosaic"
)
INDUSTRIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Software", ("Software", "Systems", "Labs")),
    ("Financial Services", ("Capital", "Financial", "Insurance")),
    ("Manufacturing", ("Manufacturing", "Industries", "Tools")),
    ("Healthcare", ("Health", "Medical", "Pharma")),
    ("Retail", ("Retail", "Outfitters", "Foods")),
    ("Transportation", ("Logistics", "Freight", "Airlines")),
    ("Energy", ("Energy", "Solar", "Power")),
    ("Education", ("Academy", "Learning", "Press")),
    ("Media", ("Media", "Studios", "Publishing")),
    ("Professional Services", ("Consulting", "Partners", "Advisors")),
)
"""Each industry with the words that end the names of its companies."""
JOBS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Marketing", ("Marketing Manager", "VP of Marketing", "Demand Generation Lead", "CMO")),
    ("Sales", ("Account Executive", "Sales Manager", "VP of Sales", "Sales Operations Analyst")),
    ("Engineering", ("Software Engineer", "Engineering Manager", "Data Engineer", "CTO")),
    ("IT", ("IT Manager", "Systems Administrator", "IT Director", "CIO")),
    ("Finance", ("Financial Analyst", "Controller", "Finance Manager", "CFO")),
    ("Operations", ("Operations Manager", "Project Manager", "COO")),
    ("Human Resources", ("HR Manager", "Recruiter", "Head of People")),
    ("Procurement", ("Buyer", "Procurement Manager")),
)
"""Each department with its job titles."""


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
    revenue: int

    @property
    def domain(self) -> str:
        """Its domain name."""
        return f"{ascii_name(self.name)}.example"


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
        local = f"{ascii_name(self.first_name)}.{ascii_name(self.last_name)}"
        if self.bits % _WEB_MAIL_EVERY == 0:
            return f"{local}{(self.bits >> 9) % 90 + 10}@mail.example"
        return f"{local}@{self.company.domain}"

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
    word, rest = COMPANY_WORDS[number % len(COMPANY_WORDS)], number // len(COMPANY_WORDS)
    industry, endings = pick(INDUSTRIES, rest)
    bits = random_bits(number, 78)
    employees = pick(_COMPANY_SIZES, bits)
    revenue = employees * (60 + (bits >> 8) % 140) * 1000
    return Company(f"{word} {pick(endings, rest // len(INDUSTRIES))}", industry, employees, revenue)


@lru_cache(maxsize=20_000)
def person(bits: int) -> Person:
    """The person that belongs to these pseudo-random bits."""
    more_bits = random_bits(bits, 77)
    company_number = (more_bits >> 4) % _COMPANY_COUNT
    # A company has at most three offices.
    place = pick(PLACES, random_bits(company_number, more_bits % 3, 79))
    is_woman = bool(more_bits & 1 << 20)
    names = place.names
    department, titles = pick(JOBS, more_bits >> 24)
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
