"""The members of programs: when a lead becomes one, and the values of the membership over time.

All instants are epoch seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange
from tap_marketo_bulk.sandbox.data.assets import CHANNELS, AssetSnapshot, Channel, ProgressionStatus
from tap_marketo_bulk.sandbox.data.fields import ObjectField
from tap_marketo_bulk.sandbox.data.leads import LeadGenerator, LeadHistory
from tap_marketo_bulk.sandbox.data.random_values import (
    RecordHistory,
    Value,
    object_history,
    random_bits,
)
from tap_marketo_bulk.sandbox.data.value_source import RecordContext, ValueSource
from tap_marketo_bulk.sandbox.options import Options

_SALT = 6_000_011
_MAX_DELAY_DAYS = 40
NORMAL_CADENCE = "norm"


def program_channel(program: AssetSnapshot) -> Channel:
    """The channel of a program; it determines the type of the program."""
    return CHANNELS[program.number % len(CHANNELS)]


@dataclass(frozen=True, slots=True)
class ProgramMember:
    """One membership as it is visible at one instant, after its change number ``change``.

    ``paused_cadence`` is the option of this name.
    """

    lead: LeadHistory
    program: AssetSnapshot
    history: RecordHistory
    change: int
    paused_cadence: str
    source: ValueSource

    @property
    def updated_at(self) -> int:
        """The latest change: the column ``updatedAt`` and the instant that the filter compares."""
        return self.history.instant_of_change(self.change)

    @property
    def progression_status(self) -> ProgressionStatus:
        """The status in the progression of the program's channel."""
        return self._status_after(self.change)

    @property
    def is_waitlisted(self) -> bool:
        """Whether the member has the status of this name."""
        return self.progression_status.name == "Waitlisted"

    @property
    def is_exhausted(self) -> bool | None:
        """Whether the member has received all content; None outside of engagement programs."""
        return self.change % 4 > 1 if self._has_type("Engagement") else None

    @property
    def cadence(self) -> str | None:
        """The nurture cadence; None outside of engagement programs."""
        if not self._has_type("Engagement"):
            return None
        return self.paused_cadence if (self.history.bits + self.change) % 3 == 0 else NORMAL_CADENCE

    def value(self, field: ObjectField) -> Value:
        """The value of a field of Describe Program Member."""
        standard = _STANDARD_VALUES.get(field.name)
        if standard:
            return standard(self)
        record = RecordContext(
            self.lead.bits, self.history.bits, self.history.created_at, self.updated_at
        )
        bits = random_bits(self.history.bits, self.change, 5)
        return self.source.value(field, field.field_bits(bits), record)

    def _status_after(self, change: int) -> ProgressionStatus:
        statuses = program_channel(self.program).statuses
        return statuses[min((self.history.bits >> 40) % 2 + change, len(statuses) - 1)]

    def _has_type(self, *program_types: str) -> bool:
        return program_channel(self.program).program_type in program_types

    def success_date(self) -> Value:
        """The instant of the first status that is a success, or None."""
        for change in range(self.change + 1):
            if self._status_after(change).is_success:
                return _to_datetime(self.history.instant_of_change(change))
        return None

    def event_value(self, value: Value) -> Value:
        """``value`` in a program that is an event, else None."""
        return value if self._has_type("Event", "Event with Webinar") else None

    def webinar_url(self) -> Value:
        """The address of the webinar; None in other programs."""
        if not self._has_type("Event with Webinar"):
            return None
        return f"https://webinar.example.com/{self.program.asset.id}?p={self.lead.id}"


def _to_datetime(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


_STANDARD_VALUES: dict[str, Callable[[ProgramMember], Value]] = {
    "acquiredBy": lambda member: member.history.bits % 5 == 0,
    "attendanceLikelihood": lambda member: member.event_value((member.history.bits >> 5) % 101),
    "createdAt": lambda member: _to_datetime(member.history.created_at),
    "isExhausted": lambda member: member.is_exhausted,
    "leadId": lambda member: member.lead.id,
    "membershipDate": lambda member: _to_datetime(member.history.created_at),
    "nurtureCadence": lambda member: member.cadence,
    "program": lambda member: member.program.asset.name,
    "programId": lambda member: member.program.asset.id,
    "reachedSuccess": lambda member: member.progression_status.is_success,
    "reachedSuccessDate": ProgramMember.success_date,
    "registrationLikelihood": lambda member: member.event_value((member.history.bits >> 9) % 101),
    "statusName": lambda member: member.progression_status.name,
    "trackName": lambda member: None if member.cadence is None else "Track 1",
    "updatedAt": lambda member: _to_datetime(member.updated_at),
    "waitlistPriority": lambda member: 7 if member.is_waitlisted else None,
    "registrationCode": lambda member: member.event_value(f"{member.history.bits:016X}"),
    "webinarUrl": ProgramMember.webinar_url,
}


@dataclass(frozen=True)
class MemberRowFilter:
    """The filters of an export of program members, combined with AND; None selects everything."""

    program_ids: frozenset[int] | None = None
    is_exhausted: bool | None = None
    cadence: str | None = None
    status_names: frozenset[str] | None = None
    time_range: TimeRange = ALL_TIME

    def matches(self, member: ProgramMember) -> bool:
        """Whether all filters except programs and time range select ``member``."""
        if self.is_exhausted is not None and member.is_exhausted is not self.is_exhausted:
            return False
        if self.cadence is not None and member.cadence != self.cadence:
            return False
        return self.status_names is None or member.progression_status.name in self.status_names


class ProgramMemberGenerator:
    """Computes the members of all programs from the leads."""

    def __init__(self, leads: LeadGenerator, options: Options, source: ValueSource) -> None:
        self._leads = leads
        self._options = options
        self._source = source

    def members(self, programs: Sequence[AssetSnapshot], at: int) -> Iterator[ProgramMember]:
        """The members of ``programs`` that are visible at ``at``, by program and lead."""
        options = self._options
        leads = tuple(self._leads.visible_histories(at))
        for program in programs:
            salt = _SALT + program.asset.id
            for lead in leads:
                bits = random_bits(lead.bits, salt)
                if bits % (4 + program.number % 5) == 0:
                    earliest = max(lead.created_at, program.created_at)
                    history = object_history(bits >> 3, earliest, _MAX_DELAY_DAYS)
                    change = history.visible_change_at(at, options.late_seconds)
                    is_removed = options.removals and history.is_removed_at(at)
                    if change is not None and not is_removed:
                        yield ProgramMember(
                            lead, program, history, change, options.paused_cadence, self._source
                        )
