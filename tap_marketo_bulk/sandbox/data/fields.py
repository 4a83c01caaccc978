"""The fields of leads, custom objects, program members and companies, and their descriptions."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tap_marketo_bulk.sandbox.data.random_values import combine_bits

SYSTEM_FIELD_NAMES = frozenset({"id", "createdAt", "updatedAt"})
"""The fields whose values follow from the lead's history; the others are pseudo-random."""
PADDED_FIELD_NAME = "mktoPersonNotes"
"""The field that the option ``lead_padding_bytes`` makes long."""
FRACTION_FIELD_NAME = "seats__c"
"""The integer field that the option ``fraction_in_integer`` gives fractions."""
CHANGE_GROUP_COUNT = 6
"""Every field is in one of so many groups, and each change of a lead changes the fields of one
group, the groups in turn. Groups with an even number contain the standard fields."""

# Each line: display name, data type, REST name. These fields exist in every subscription.
_STANDARD_LEAD_FIELDS = """
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

# Custom fields. A change of one of them does not change the column `updatedAt`.
_CUSTOM_LEAD_FIELDS = """
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

# Describe Lead lists them, but an export cannot contain them: formulas, or no REST name.
_NOT_EXPORTABLE = """
Full Name | formula | fullName
Score Band | formula | scoreBand__c
Lead Partition Key | integer |
Legacy CRM Blob | text |
SOAP Only Flag | boolean |
"""

_LEAD_FIELD_LENGTHS = {
    "string": 255,
    "email": 255,
    "phone": 255,
    "url": 255,
    "text": 2000,
    "textarea": 30000,
}


@dataclass(frozen=True)
class LeadFieldDefinition:
    """A lead field as in Describe Lead; a field with ``rest_name`` None is not in the REST API."""

    id: int
    display_name: str
    data_type: str
    rest_name: str | None
    is_standard: bool = False

    @property
    def name(self) -> str:
        """The REST name; empty for a field without one."""
        return self.rest_name or ""

    @property
    def is_exportable(self) -> bool:
        """Whether a bulk export can contain its values."""
        return bool(self.rest_name) and not self.is_formula

    @property
    def is_formula(self) -> bool:
        """Whether Marketo computes it when it is displayed, so that it has no stored value."""
        return self.data_type.casefold() == "formula"

    @cached_property
    def name_checksum(self) -> int:
        """Makes the pseudo-random values of this field different from those of other fields.

        It does not depend on which other fields exist.
        """
        return zlib.crc32(self.name.encode())

    @cached_property
    def is_system(self) -> bool:
        """Whether its value follows from the lead's history."""
        return self.name in SYSTEM_FIELD_NAMES

    @cached_property
    def change_group(self) -> int:
        """The number of its change group, below ``CHANGE_GROUP_COUNT``."""
        return (self.id * 2 + (not self.is_standard)) % CHANGE_GROUP_COUNT

    def describe_entry(self) -> dict[str, object]:
        """Its entry in the response of Describe Lead."""
        entry: dict[str, object] = {
            "id": self.id,
            "displayName": self.display_name,
            "dataType": self.data_type,
        }
        if self.data_type in _LEAD_FIELD_LENGTHS:
            entry["length"] = _LEAD_FIELD_LENGTHS[self.data_type]
        if self.rest_name:
            entry["rest"] = {"name": self.rest_name, "readOnly": self.is_system}
        entry["soap"] = {"name": self.display_name.replace(" ", ""), "readOnly": False}
        return entry


ECIDS_FIELD = LeadFieldDefinition(9001, "ECIDs", "string", "ecids")
"""Can be exported where Adobe Audience Sharing is on."""


EXTERNAL_COMPANY_ID_FIELD = LeadFieldDefinition(
    57, "External Company Id", "string", "externalCompanyId", is_standard=True
)
"""A field of every subscription, which old expected results do not have."""


def built_in_fields(many_fields: int) -> list[LeadFieldDefinition]:
    """The fields of a new subscription, with ``many_fields`` additional custom fields."""
    return [
        *_parse_table(_STANDARD_LEAD_FIELDS, first_id=1, is_standard=True),
        *_parse_table(_CUSTOM_LEAD_FIELDS, first_id=1001, is_standard=False),
        *_parse_table(_NOT_EXPORTABLE, first_id=2001, is_standard=False),
        *_numbered_fields(many_fields),
    ]


def _parse_table(table: str, *, first_id: int, is_standard: bool) -> Iterable[LeadFieldDefinition]:
    for field_id, line in enumerate(table.strip().splitlines(), first_id):
        display_name, data_type, rest_name = (cell.strip() for cell in line.split("|"))
        yield LeadFieldDefinition(field_id, display_name, data_type, rest_name or None, is_standard)


def _numbered_fields(count: int) -> Iterable[LeadFieldDefinition]:
    types = ("string", "boolean", "integer", "float", "date", "datetime", "currency", "text")
    for number in range(count):
        data_type = types[number % len(types)]
        yield LeadFieldDefinition(10001 + number, f"Extra {number}", data_type, f"extra{number}__c")


_LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 2000, "text": 2000, "textarea": 30000}


@dataclass(frozen=True)
class ObjectField:
    """A field in Describe Custom Object or Describe Program Member: no ``rest`` wrapper.

    ``length`` is its documented length; 0: the length that is usual for the data type, if any.
    """

    name: str
    display_name: str
    data_type: str
    is_updateable: bool = True
    is_crm_managed: bool = False
    length: int = 0

    @cached_property
    def name_checksum(self) -> int:
        """Makes the pseudo-random values of this field different from those of other fields."""
        return zlib.crc32(self.name.encode())

    def field_bits(self, bits: int) -> int:
        """The pseudo-random bits of this field in a record with these bits."""
        return combine_bits(bits, self.name_checksum)

    def describe_entry(self) -> dict[str, object]:
        """Its entry in ``fields`` of the response."""
        entry: dict[str, object] = {
            "name": self.name,
            "displayName": self.display_name,
            "dataType": self.data_type,
        }
        length = self.length or _LENGTHS.get(self.data_type.casefold())
        if length:
            entry["length"] = length
        return entry | {"updateable": self.is_updateable, "crmManaged": self.is_crm_managed}


def parse_fields(table: str, *, is_updateable: bool = True) -> tuple[ObjectField, ...]:
    """The fields in a table with one line for each: display name, data type, name."""
    rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return tuple(
        ObjectField(name, display_name, data_type, is_updateable)
        for display_name, data_type, name in rows
    )


# Each line: display name, data type, name. These fields exist in every subscription.
_STANDARD_MEMBER_FIELDS = """
acquiredBy | boolean | acquiredBy
attendanceLikelihood | integer | attendanceLikelihood
createdAt | datetime | createdAt
isExhausted | boolean | isExhausted
leadId | integer | leadId
membershipDate | datetime | membershipDate
nurtureCadence | string | nurtureCadence
program | string | program
programId | integer | programId
reachedSuccess | boolean | reachedSuccess
reachedSuccessDate | datetime | reachedSuccessDate
registrationLikelihood | integer | registrationLikelihood
statusName | string | statusName
statusReason | string | statusReason
trackName | string | trackName
updatedAt | datetime | updatedAt
waitlistPriority | integer | waitlistPriority
"""
_UPDATEABLE_MEMBER_FIELDS = """
registrationCode | string | registrationCode
webinarUrl | string | webinarUrl
Dietary Needs | string | dietaryNeeds
Seat Count | integer | seatCount
Checked In At | datetime | checkedInAt
Is Speaker | boolean | isSpeaker
Ticket Price | currency | ticketPrice
Survey Score | score | surveyScore
Arrival Date | date | arrivalDate
Survey Comment | text | surveyComment
"""
_MEMBER_FIELD_LENGTHS = {"nurtureCadence": 4, "registrationCode": 100, "webinarUrl": 2000}

MEMBER_FIELDS = tuple(
    replace(field, length=_MEMBER_FIELD_LENGTHS.get(field.name, 0))
    for field in (
        *parse_fields(_STANDARD_MEMBER_FIELDS, is_updateable=False),
        *parse_fields(_UPDATEABLE_MEMBER_FIELDS),
    )
)
"""All fields of a program member: standard ones, then custom ones."""


def describe_members(created_at: str) -> dict[str, object]:
    """The response of Describe Program Member."""
    return {
        "name": "API Program Membership",
        "description": "Fields of program memberships",
        "createdAt": created_at,
        "updatedAt": created_at,
        "dedupeFields": ["leadId", "programId"],
        "searchableFields": [["leadId"], ["reachedSuccess"], ["statusName"], ["dietaryNeeds"]],
        "fields": [field.describe_entry() for field in MEMBER_FIELDS],
    }


_SEARCHABLE_LEAD_FIELDS = ("id", "email", "firstName", "lastName", "company", "leadPerson")
# Each line: display name, data type, name.
_COMPANY_SYSTEM_FIELDS = """
Id | integer | id
Created At | datetime | createdAt
Updated At | datetime | updatedAt
External Company Id | string | externalCompanyId
"""
_COMPANY_FIELDS = """
Company Name | string | company
Website | url | website
Industry | string | industry
Annual Revenue | currency | annualRevenue
Num Employees | integer | numberOfEmployees
Billing City | string | billingCity
Billing Address | text | billingStreet
"""
_NAMED_ACCOUNT_SYSTEM_FIELDS = """
Marketo GUID | string | marketoGUID
Created At | datetime | createdAt
Updated At | datetime | updatedAt
Membership Count | integer | membershipCount
"""
_NAMED_ACCOUNT_FIELDS = """
Name | string | name
Domain Name | string | domainName
Industry | string | industry
Annual Revenue | currency | annualRevenue
Number of Employees | integer | numberOfEmployees
City | string | city
Country | string | country
"""


def describe_leads(fields: Sequence[LeadFieldDefinition]) -> dict[str, object]:
    """The result of Describe Lead 2: the lead fields that have a REST name."""
    names = {field.name for field in fields}
    entries = [
        ObjectField(one.name, one.display_name, one.data_type, not one.is_system).describe_entry()
        for one in fields
        if one.rest_name
    ]
    searchable = [[name] for name in _SEARCHABLE_LEAD_FIELDS if name in names]
    return {"name": "API Lead", "searchableFields": searchable, "fields": entries}


def describe_companies(created_at: str) -> dict[str, object]:
    """The result of Describe Companies."""
    fields = (
        *parse_fields(_COMPANY_SYSTEM_FIELDS, is_updateable=False),
        *parse_fields(_COMPANY_FIELDS),
    )
    return {
        "name": "Company",
        "description": "Company object",
        "idField": "id",
        "dedupeFields": ["externalCompanyId"],
        "searchableFields": [["externalCompanyId"], ["id"], ["company"]],
        **_common_members(created_at, fields),
    }


def describe_named_accounts(created_at: str) -> dict[str, object]:
    """The result of Describe Named Accounts."""
    fields = (
        *parse_fields(_NAMED_ACCOUNT_SYSTEM_FIELDS, is_updateable=False),
        *parse_fields(_NAMED_ACCOUNT_FIELDS),
    )
    return {
        "name": "Named Account",
        "description": "Marketo standard account attribute map",
        "idField": "marketoGUID",
        "dedupeFields": ["name"],
        "searchableFields": [["marketoGUID"], ["name"], ["domainName"], ["industry"]],
        **_common_members(created_at, fields),
    }


def _common_members(created_at: str, fields: Sequence[ObjectField]) -> dict[str, object]:
    return {
        "createdAt": created_at,
        "updatedAt": created_at,
        "fields": [field.describe_entry() for field in fields],
    }
