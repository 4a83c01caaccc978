"""The fields of program members, as Describe Program Member lists them."""

from dataclasses import replace

from tap_marketo_bulk.sandbox.data.object_fields import parse_fields

# Each line: display name, data type, name. These fields exist in every subscription.
_STANDARD = """
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
_UPDATEABLE = """
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
_LENGTHS = {"nurtureCadence": 4, "registrationCode": 100, "webinarUrl": 2000}

MEMBER_FIELDS = tuple(
    replace(field, length=_LENGTHS.get(field.name, 0))
    for field in (*parse_fields(_STANDARD, is_updateable=False), *parse_fields(_UPDATEABLE))
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
