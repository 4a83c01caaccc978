"""Plausible values of fields: each fits its field and the other fields of the record.

Who a lead is never changes; scores, statuses and the like do, at each change of the lead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tap_marketo_bulk.sandbox.data.assets import PROGRAMS
from tap_marketo_bulk.sandbox.data.people import Person, fill_digits, pick
from tap_marketo_bulk.sandbox.data.random_values import Value, random_bits

_DAY = 86_400
_SOURCES = (
    *("Website", "Webinar", "Trade Show", "Referral", "Content Download"),
    *("Paid Search", "Partner", "Cold Call"),
)
_STATUSES = ("New", "Engaged", "MQL", "SQL", "Opportunity", "Customer", "Recycled", "Disqualified")
_SEARCH_ENGINES = ("Google", "Bing", "DuckDuckGo", "Yahoo")
_INTERESTS = ("Analytics", "Automation", "Email", "Events", "Integrations", "Reporting", "Security")
_ROLES = ("Decision Maker", "Influencer", "Champion", "End User", "Evaluator")
_REFERRERS = (
    "https://www.google.example/search",
    "https://www.linkedin.example/feed",
    "https://news.example/top-10-marketing-tools",
    "https://partner.example/solutions",
)
_NOTES = (
    "Asked for a call back next week.",
    "Met at the trade show, wants a demo.",
    "Interested in the enterprise plan.",
    "Prefers contact by email.",
    "Budget is decided in the next quarter.",
    "Evaluates two other vendors.",
)


@dataclass(frozen=True, slots=True)
class FieldContext:
    """What the value of a field depends on.

    ``bits`` are other ones after each change of the field, ``fixed_bits`` never change; both are
    different for each field. The instants are those of the record, in epoch seconds.
    """

    person: Person
    bits: int
    fixed_bits: int
    created_at: int
    changed_at: int

    def past_instant(self) -> datetime:
        """An instant between the creation and the latest change of the record."""
        elapsed = max(0, self.changed_at - self.created_at)
        return instant(self.created_at + (elapsed * (self.fixed_bits % 1000)) // 1000)


FieldValue = Callable[[FieldContext], Value]


def instant(epoch_seconds: int) -> datetime:
    """An aware instant."""
    return datetime.fromtimestamp(epoch_seconds, UTC)


def rarely(one_in: int, value: FieldValue) -> FieldValue:
    """The value for one record in so many, None for the others."""
    return lambda one: value(one) if one.fixed_bits % one_in == 0 else None


def mostly(value: FieldValue) -> FieldValue:
    """The value for seven records in eight, None for the others."""
    return lambda one: value(one) if one.fixed_bits % 8 else None


def one_of(*values: str) -> FieldValue:
    """One of these texts, another one after each change."""
    return lambda one: pick(values, one.bits >> 8)


def always_one_of(*values: str) -> FieldValue:
    """One of these texts, always the same."""
    return lambda one: pick(values, one.fixed_bits >> 8)


def _is_unsubscribed(one: FieldContext) -> bool:
    return random_bits(one.person.bits, 1) % 25 == 0


def _has_invalid_email(one: FieldContext) -> bool:
    return random_bits(one.person.bits, 2) % 30 == 0


def _must_not_be_called(one: FieldContext) -> bool:
    return random_bits(one.person.bits, 3) % 20 == 0


def _address_on_internet(one: FieldContext) -> str:
    # A block of addresses for documentation: RFC 5737.
    return f"203.0.113.{one.fixed_bits % 254 + 1}"


def _interests(one: FieldContext) -> Value:
    count = 1 + one.bits % 3
    chosen = {pick(_INTERESTS, one.bits >> (8 * number)) for number in range(1, count + 1)}
    return ";".join(sorted(chosen))


def _date_of_birth(one: FieldContext) -> date:
    return date(1960, 1, 1) + timedelta(days=one.fixed_bits % 15_000)


def _contract_end(one: FieldContext) -> date:
    days = 180 + one.fixed_bits % 900
    return instant(one.created_at + days * _DAY).date()


LEAD_VALUES: dict[str, FieldValue] = {
    "firstName": lambda one: one.person.first_name,
    "middleName": rarely(8, lambda one: pick("ABCDEFGHJKLMNPRSTVW", one.fixed_bits >> 8) + "."),
    "lastName": lambda one: one.person.last_name,
    "salutation": mostly(lambda one: one.person.salutation),
    "email": lambda one: one.person.email,
    "phone": mostly(lambda one: one.person.phone(1)),
    "mobilePhone": rarely(3, lambda one: one.person.phone(2)),
    "fax": rarely(16, lambda one: one.person.phone(3)),
    "company": lambda one: one.person.company.name,
    "title": lambda one: one.person.title,
    "address": mostly(lambda one: one.person.street),
    "city": lambda one: one.person.place.city,
    "state": lambda one: one.person.place.state,
    "country": lambda one: one.person.place.country,
    "postalCode": mostly(lambda one: one.person.postal_code),
    "website": mostly(lambda one: f"https://www.{one.person.company.domain}"),
    "department": mostly(lambda one: one.person.department),
    "industry": lambda one: one.person.company.industry,
    # Only companies of a CRM or of another integration have one.
    "externalCompanyId": lambda _: None,
    "annualRevenue": mostly(lambda one: float(one.person.company.revenue)),
    "numberOfEmployees": mostly(lambda one: one.person.company.employees),
    "leadSource": always_one_of(*_SOURCES),
    "leadScore": lambda one: (one.bits >> 16) % 100,
    "leadStatus": one_of(*_STATUSES),
    "rating": mostly(one_of("Hot", "Warm", "Cold")),
    "unsubscribed": _is_unsubscribed,
    "unsubscribedReason": lambda one: "Too many emails" if _is_unsubscribed(one) else None,
    "emailInvalid": _has_invalid_email,
    "emailInvalidCause": lambda one: "550 5.1.1 User unknown" if _has_invalid_email(one) else None,
    "doNotCall": _must_not_be_called,
    "doNotCallReason": lambda one: "Requested by phone" if _must_not_be_called(one) else None,
    "dateOfBirth": rarely(10, _date_of_birth),
    "acquisitionDate": mostly(lambda one: instant(one.created_at)),
    "acquisitionProgramId": mostly(lambda one: pick(PROGRAMS, one.fixed_bits >> 8).id),
    "emailSuspendedAt": rarely(60, FieldContext.past_instant),
    "billingStreet": rarely(4, lambda one: one.person.street),
    "billingCity": rarely(4, lambda one: one.person.place.city),
    "anonymousIP": mostly(_address_on_internet),
    "inferredCompany": mostly(lambda one: one.person.company.name),
    "inferredCountry": mostly(lambda one: one.person.place.country),
    "originalReferrer": rarely(2, always_one_of(*_REFERRERS)),
    "originalSearchEngine": rarely(3, always_one_of(*_SEARCH_ENGINES)),
    "originalSourceInfo": rarely(3, always_one_of("Pricing page", "Webinar page", "Blog")),
    "registrationSourceType": always_one_of("Web form fillout", "List import", "Web service API"),
    "cookies": rarely(2, lambda one: f"id:123-ABC-456&token:_mch-{one.fixed_bits % 10**10:010}"),
    "mktoPersonNotes": rarely(6, one_of(*_NOTES)),
    "priority": lambda one: 1 + (one.bits >> 16) % 100,
    "relativeScore": lambda one: (one.bits >> 16) % 4,
    "urgency": lambda one: float((one.bits >> 16) % 4),
    "leadRole": rarely(3, always_one_of(*_ROLES)),
    "leadPerson": lambda one: str(one.fixed_bits % 90_000 + 10_000),
    "contactCompany": lambda one: str(one.person.company.revenue // 1000 % 90_000 + 10_000),
    "isCustomer": lambda one: random_bits(one.person.bits, 4) % 6 == 0,
    "lastDemo__c": rarely(3, FieldContext.past_instant),
    "contractEnd__c": rarely(5, _contract_end),
    "discount__c": rarely(4, lambda one: (one.bits >> 16) % 61 / 2),
    "creditLimit__c": rarely(4, lambda one: float((1 + (one.bits >> 16) % 50) * 1000)),
    "engagementIndex__c": lambda one: (one.bits >> 16) % 1000 / 1000,
    "fitScore__c": lambda one: 10 + (one.bits >> 16) % 90,
    "interests__c": mostly(_interests),
    "profileLink__c": mostly(lambda one: f"https://crm.example/contacts/{one.fixed_bits % 10**6}"),
    "accountRef__c": mostly(lambda one: f"ACC-{one.fixed_bits % 10**5:05}"),
    "remarks__c": rarely(6, one_of(*_NOTES)),
    "isPartner__c": lambda one: one.fixed_bits % 15 == 0,
    "seats__c": mostly(lambda one: 1 + (one.bits >> 16) % one.person.company.employees),
    "size_cm": rarely(3, lambda one: (1500 + one.fixed_bits % 500) / 10),
    "kostenstelle__c": rarely(3, lambda one: fill_digits("KST-####", one.fixed_bits >> 8)),
    "secondEmail__c": rarely(10, lambda one: f"{one.person.email.partition('@')[0]}@mail.example"),
}
"""The values of the built-in lead fields that do not follow from the lead's history."""


_SUBJECTS = (
    "Cannot log in",
    "Invoice has a wrong address",
    "Export is slow",
    "Question about the API",
    "Add a user",
    "Report shows no data",
)


def _shipped_at(one: FieldContext) -> Value:
    return instant(one.created_at) + timedelta(hours=20 + one.fixed_bits % 60)


OBJECT_VALUES: dict[str, FieldValue] = {
    # Purchase orders.
    "remarks": rarely(4, one_of("Deliver to the back door.", "Gift wrap, please.", "Call first.")),
    "internalNotes": rarely(
        6, one_of("Paid late twice.", "Check the credit limit.", "Key account")
    ),
    "salesRegion": one_of("EMEA", "North America", "APAC", "LATAM"),
    "contactEmail": lambda one: one.person.email,
    "contactPhone": mostly(lambda one: one.person.phone(1)),
    "trackingPage": mostly(lambda one: f"https://parcels.example/{one.fixed_bits % 10**9:09}"),
    "crmLink": lambda one: f"https://crm.example/orders/{one.fixed_bits % 10**6}",
    "orderedOn": lambda one: instant(one.created_at).date(),
    "shippedAt": mostly(_shipped_at),
    "isPaid": lambda one: one.bits % 5 != 0,
    "items": lambda one: 1 + one.fixed_bits % 12,
    "weight": lambda one: (50 + one.fixed_bits % 20_000) / 100,
    "amount": lambda one: (1990 + one.fixed_bits % 400_000) / 100,
    "discount": rarely(4, lambda one: float(5 + one.fixed_bits % 4 * 5)),
    "riskScore": lambda one: (one.bits >> 8) % 100,
    # Support tickets.
    "subject": one_of(*_SUBJECTS),
    "severity": lambda one: 1 + one.fixed_bits % 4,
    "openedAt": lambda one: instant(one.created_at),
    "isOpen": lambda one: one.bits % 3 == 0,
    # Program members.
    "statusReason": rarely(12, one_of("Registered by colleague", "Changed by sales")),
    "dietaryNeeds": rarely(6, one_of("Vegetarian", "Vegan", "Gluten-free", "Kosher", "Halal")),
    "seatCount": mostly(lambda one: 1 + one.fixed_bits % 3),
    "checkedInAt": rarely(3, FieldContext.past_instant),
    "isSpeaker": lambda one: one.fixed_bits % 40 == 0,
    "ticketPrice": rarely(2, lambda one: float(49 + one.fixed_bits % 5 * 50)),
    "surveyScore": rarely(3, lambda one: 1 + one.bits % 10),
    "arrivalDate": rarely(4, lambda one: instant(one.created_at).date() + timedelta(days=14)),
    "surveyComment": rarely(8, one_of("Great speakers.", "The room was too cold.", "Too short.")),
}
"""The values of the fields that do not follow from the history of the record."""
