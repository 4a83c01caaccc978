"""Plausible values of the fields of custom objects and of program members."""

from datetime import timedelta

from tap_marketo_bulk.sandbox.data.lead_values import (
    FieldContext,
    FieldValue,
    instant,
    mostly,
    one_of,
    rarely,
)
from tap_marketo_bulk.sandbox.data.random_values import Value

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
