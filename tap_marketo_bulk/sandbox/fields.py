"""The columns of a lead: their names and data types, as Describe Lead tells them."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tap_marketo_bulk.sandbox.values import Maker, maker

# Columns whose value follows from the lead's life and is not drawn.
SYSTEM_NAMES = frozenset({"id", "createdAt", "updatedAt"})
PADDING_NAME = "mktoPersonNotes"
FRACTION_NAME = "seats__c"
# A lead's change touches one of so many groups of fields in turn; even ones are standard fields.
GROUPS = 6

# Display name, data type, REST name. Marketo itself keeps these.
_STANDARD = """
Id | integer | id
Created At | datetime | createdAt
Updated At | datetime | updatedAt
First Name | string | firstName
Middle Name | string | middleName
Last Name | string | lastName
Salutation | string | salutation
Email Address | email | email
Phone Number | phone | phone
Mobile Phone Number | phone | mobilePhone
Fax Number | phone | fax
Company Name | string | company
Job Title | string | title
Address | text | address
City | string | city
State | string | state
Country | string | country
Postal Code | string | postalCode
Website | url | website
Department | string | department
Industry | string | industry
Annual Revenue | currency | annualRevenue
Num Employees | integer | numberOfEmployees
Lead Source | string | leadSource
Lead Score | score | leadScore
Lead Status | string | leadStatus
Lead Rating | string | rating
Unsubscribed | boolean | unsubscribed
Unsubscribed Reason | text | unsubscribedReason
Email Invalid | boolean | emailInvalid
Email Invalid Cause | string | emailInvalidCause
Do Not Call | boolean | doNotCall
Do Not Call Reason | text | doNotCallReason
Date of Birth | date | dateOfBirth
Acquisition Date | datetime | acquisitionDate
Acquisition Program | Integer | acquisitionProgramId
Email Suspended At | datetime | emailSuspendedAt
Billing Address | text | billingStreet
Billing City | string | billingCity
Anonymous IP | string | anonymousIP
Inferred Company | string | inferredCompany
Inferred Country | string | inferredCountry
Original Referrer | url | originalReferrer
Original Search Engine | string | originalSearchEngine
Original Source Info | string | originalSourceInfo
Registration Source Type | string | registrationSourceType
Cookies | text | cookies
Person Notes | textarea | mktoPersonNotes
Priority | integer | priority
Relative Score | integer | relativeScore
Urgency | float | urgency
Role | lead_function | leadRole
Person | reference | leadPerson
Company | reference | contactCompany
Is Customer | boolean | isCustomer
"""

# The subscription's own. Their changes do not move the column `updatedAt`.
_CUSTOM = """
Last Demo | datetime | lastDemo__c
Contract End | date | contractEnd__c
Discount | percent | discount__c
Credit Limit | currency | creditLimit__c
Engagement Index | float | engagementIndex__c
Fit Score | score | fitScore__c
Interests | array | interests__c
Profile Link | link | profileLink__c
Account Ref | reference | accountRef__c
Remarks | textarea | remarks__c
Is Partner | boolean | isPartner__c
Seats | integer | seats__c
Gr\u00f6\u00dfe (cm) | Float | size_cm
Kostenstelle | string | kostenstelle__c
Second Email | email | secondEmail__c
"""

# Known to Describe, but a bulk export cannot hold them: computed, or without a REST name.
_NOT_EXPORTABLE = """
Full Name | formula | fullName
Score Band | formula | scoreBand__c
Lead Partition Key | integer |
Legacy CRM Blob | text |
SOAP Only Flag | boolean |
"""

_LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 255, "text": 2000, "textarea": 30000}


@dataclass(frozen=True)
class LeadField:
    """One entry of Describe Lead; ``rest_name`` None means that REST cannot reach it."""

    id: int
    display_name: str
    data_type: str
    rest_name: str | None
    standard: bool = False

    @property
    def name(self) -> str:
        """The REST name, or nothing."""
        return self.rest_name or ""

    @property
    def exportable(self) -> bool:
        """Whether a bulk export can hold its values."""
        return bool(self.rest_name) and not self.is_formula

    @property
    def is_formula(self) -> bool:
        """Whether it is computed when it is shown, and has no value of its own."""
        return self.data_type.casefold() == "formula"

    @cached_property
    def salt(self) -> int:
        """What sets this field's values apart; stays when other fields come and go."""
        return zlib.crc32(self.name.encode())

    @cached_property
    def is_system(self) -> bool:
        """Whether its value follows from the lead's life."""
        return self.name in SYSTEM_NAMES

    @cached_property
    def group(self) -> int:
        """Which of the groups it changes with."""
        return (self.id * 2 + (not self.standard)) % GROUPS

    @cached_property
    def maker(self) -> Maker:
        """What makes its values."""
        return maker(self.data_type)

    def described(self) -> dict[str, object]:
        """The entry as Describe Lead shows it."""
        entry: dict[str, object] = {
            "id": self.id,
            "displayName": self.display_name,
            "dataType": self.data_type,
        }
        if self.data_type in _LENGTHS:
            entry["length"] = _LENGTHS[self.data_type]
        if self.rest_name:
            entry["rest"] = {"name": self.rest_name, "readOnly": self.is_system}
        entry["soap"] = {"name": self.display_name.replace(" ", ""), "readOnly": False}
        return entry


ECIDS = LeadField(9001, "ECIDs", "string", "ecids")
"""Exported on request where Adobe Audience Sharing is on."""


def built_in_fields(many_fields: int) -> list[LeadField]:
    """The fields of a new subscription, with ``many_fields`` more custom ones."""
    return [
        *_read(_STANDARD, first_id=1, standard=True),
        *_read(_CUSTOM, first_id=1001, standard=False),
        *_read(_NOT_EXPORTABLE, first_id=2001, standard=False),
        *_many(many_fields),
    ]


def _read(table: str, *, first_id: int, standard: bool) -> Iterable[LeadField]:
    for number, line in enumerate(table.strip().splitlines(), first_id):
        display_name, data_type, rest_name = (cell.strip() for cell in line.split("|"))
        yield LeadField(number, display_name, data_type, rest_name or None, standard)


def _many(count: int) -> Iterable[LeadField]:
    types = ("string", "boolean", "integer", "float", "date", "datetime", "currency", "text")
    for number in range(count):
        data_type = types[number % len(types)]
        yield LeadField(10001 + number, f"Extra {number}", data_type, f"extra{number}__c")
