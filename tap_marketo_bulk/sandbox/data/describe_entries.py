"""The responses of Describe Lead 2, Describe Companies and Describe Named Accounts."""

from collections.abc import Sequence

from tap_marketo_bulk.sandbox.data.lead_fields import LeadFieldDefinition
from tap_marketo_bulk.sandbox.data.object_fields import ObjectField, parse_fields

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
