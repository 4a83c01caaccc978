"""The records that belong to leads: records of custom objects, and members of programs.

Each is created, changed and removed over time. All instants are epoch seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tap_marketo_bulk.sandbox.clock import to_datetime
from tap_marketo_bulk.sandbox.data.assets import AssetSnapshot, ProgressionStatus, program_channel
from tap_marketo_bulk.sandbox.data.fields import CustomObjectDefinition, Field, LeadField
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.random_values import (
    RecordHistory,
    Value,
    object_history,
    random_bits,
    text_number,
)
from tap_marketo_bulk.sandbox.data.value_source import RecordContext, ValueSource
from tap_marketo_bulk.sandbox.options import Options

NORMAL_CADENCE, PAUSED_CADENCE = "norm", "paus"
_MAX_RECORDS_PER_LEAD = 3
_MAX_RECORD_DELAY_DAYS = 60
_MEMBER_SALT = 6_000_011
_MAX_MEMBER_DELAY_DAYS = 40


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A record of a lead as it is visible at one instant, after its change number ``change``."""

    lead: LeadHistory
    history: RecordHistory
    change: int
    source: ValueSource

    @property
    def updated_at(self) -> int:
        """The latest change: the column ``updatedAt`` and the instant that the filter compares."""
        return self.history.instant_of_change(self.change)

    def field_value(self, field: Field) -> Value:
        """The value of a field that does not follow from the history of the record."""
        history = self.history
        bits = random_bits(history.bits, self.change, 5)
        record = RecordContext(self.lead.bits, history.bits, history.created_at, self.updated_at)
        return self.source.value(field, field.field_bits(bits), record)


@dataclass(frozen=True, slots=True)
class CustomObjectRecord(LeadRecord):
    """One record of a custom object."""

    definition: CustomObjectDefinition

    @property
    def key(self) -> str:
        """The ``marketoGUID``, which has the form of a UUID."""
        digits = f"{self.history.bits:016x}{random_bits(self.history.bits, 3):016x}"
        lengths = (0, 8, 12, 16, 20, 32)
        return "-".join(digits[start:end] for start, end in pairwise(lengths))

    def values(self, fields: Sequence[Field]) -> list[Value]:
        """The values of ``fields``, in their order."""
        known: dict[str, Value] = {
            "marketoGUID": self.key,
            "createdAt": to_datetime(self.history.created_at),
            "updatedAt": to_datetime(self.updated_at),
            self.definition.link_field: self.lead.id,
            self.definition.dedupe_field: (
                f"{self.definition.display_name[:1]}-{self.history.bits % 10**12:012}"
            ),
        }
        return [
            known[field.name] if field.name in known else self.field_value(field)
            for field in fields
        ]


@dataclass(frozen=True, slots=True)
class ProgramMember(LeadRecord):
    """One membership; lead fields have the values of the lead at the instant ``at``."""

    program: AssetSnapshot
    leads: LeadGenerator
    at: int

    @property
    def key(self) -> tuple[int, int]:
        """The lead id and the program id."""
        return self.lead.id, self.program.asset.id

    @property
    def progression_status(self) -> ProgressionStatus:
        """The status in the progression of the program's channel."""
        return self._status_after(self.change)

    @property
    def is_exhausted(self) -> bool | None:
        """Whether the member has received all content; None outside of engagement programs."""
        return self.change % 4 > 1 if self._program_type == "Engagement" else None

    @property
    def cadence(self) -> str | None:
        """The nurture cadence; None outside of engagement programs."""
        cadence = PAUSED_CADENCE if (self.history.bits + self.change) % 3 == 0 else NORMAL_CADENCE
        return cadence if self._program_type == "Engagement" else None

    def values(self, fields: Sequence[Field]) -> list[Value]:
        """The values of ``fields`` of members and of leads, in their order."""
        lead_fields = [field for field in fields if isinstance(field, LeadField)]
        snapshot = self.leads.snapshot(self.lead, self.at) if lead_fields else None
        lead_values = iter(snapshot.values(lead_fields) if snapshot else ())
        return [
            next(lead_values) if isinstance(field, LeadField) else self._value(field)
            for field in fields
        ]

    def _value(self, field: Field) -> Value:
        """The value of a member field; some follow from the history of the membership."""
        if field.name in _EVENT_VALUES:
            is_event = self._program_type.startswith("Event")
            return _EVENT_VALUES[field.name](self.history.bits) if is_event else None
        compute = _MEMBER_VALUES.get(field.name)
        return compute(self) if compute else self.field_value(field)

    def _status_after(self, change: int) -> ProgressionStatus:
        statuses = program_channel(self.program).statuses
        return statuses[min((self.history.bits >> 40) % 2 + change, len(statuses) - 1)]

    @property
    def _program_type(self) -> str:
        return program_channel(self.program).program_type

    def success_date(self) -> Value:
        """The instant of the first status that is a success, or None."""
        for change in range(self.change + 1):
            if self._status_after(change).is_success:
                return to_datetime(self.history.instant_of_change(change))
        return None

    def webinar_url(self) -> Value:
        """The address of the webinar; None in other programs."""
        url = f"https://webinar.example.com/{self.program.asset.id}?p={self.lead.id}"
        return url if self._program_type == "Event with Webinar" else None


# The fields of members of events, from the bits of the membership.
_EVENT_VALUES: dict[str, Callable[[int], Value]] = {
    "attendanceLikelihood": lambda bits: (bits >> 5) % 101,
    "registrationLikelihood": lambda bits: (bits >> 9) % 101,
    "registrationCode": lambda bits: f"{bits:016X}",
}
_MEMBER_VALUES: dict[str, Callable[[ProgramMember], Value]] = {
    "acquiredBy": lambda member: member.history.bits % 5 == 0,
    "createdAt": lambda member: to_datetime(member.history.created_at),
    "isExhausted": lambda member: member.is_exhausted,
    "leadId": lambda member: member.lead.id,
    "membershipDate": lambda member: to_datetime(member.history.created_at),
    "nurtureCadence": lambda member: member.cadence,
    "program": lambda member: member.program.asset.name,
    "programId": lambda member: member.program.asset.id,
    "reachedSuccess": lambda member: member.progression_status.is_success,
    "reachedSuccessDate": ProgramMember.success_date,
    "statusName": lambda member: member.progression_status.name,
    "trackName": lambda member: None if member.cadence is None else "Track 1",
    "updatedAt": lambda member: to_datetime(member.updated_at),
    "waitlistPriority": lambda one: 7 if one.progression_status.name == "Waitlisted" else None,
    "webinarUrl": ProgramMember.webinar_url,
}


class LeadRecordGenerator:
    """Computes the records of all custom objects and the members of all programs from the leads."""

    def __init__(self, leads: LeadGenerator, options: Options, source: ValueSource) -> None:
        self._leads = leads
        self._options = options
        self._source = source

    def records(self, definition: CustomObjectDefinition, at: int) -> Iterator[CustomObjectRecord]:
        """The records of a custom object that are visible at ``at``."""
        salt = text_number(definition.api_name)
        for lead in self._leads.visible_histories(at):
            for number in range(random_bits(lead.bits, salt) % (_MAX_RECORDS_PER_LEAD + 1)):
                bits = random_bits(lead.bits, salt, number)
                history = object_history(bits, lead.created_at, _MAX_RECORD_DELAY_DAYS)
                change = self._visible_change(history, at)
                if change is not None:
                    yield CustomObjectRecord(lead, history, change, self._source, definition)

    def members(
        self, programs: Sequence[AssetSnapshot], at: int, lead_at: int
    ) -> Iterator[ProgramMember]:
        """The members of ``programs`` that are visible at ``at``, by program and lead.

        ``lead_at`` is the instant of their lead fields.
        """
        leads = tuple(self._leads.visible_histories(at))
        for program in programs:
            for lead in leads:
                bits = random_bits(lead.bits, _MEMBER_SALT + program.asset.id)
                if bits % (4 + program.number % 5) == 0:
                    earliest = max(lead.created_at, program.created_at)
                    history = object_history(bits >> 3, earliest, _MAX_MEMBER_DELAY_DAYS)
                    change = self._visible_change(history, at)
                    if change is not None:
                        yield ProgramMember(
                            lead, history, change, self._source, program, self._leads, lead_at
                        )

    def _visible_change(self, history: RecordHistory, at: int) -> int | None:
        """The number of the latest visible change; None if the record does not exist at ``at``."""
        if self._options.removals and history.is_removed_at(at):
            return None
        return history.visible_change_at(at, self._options.late_seconds)
