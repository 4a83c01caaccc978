"""The channels of programs, and the statuses that the members of a program can have."""

from dataclasses import dataclass

NOT_IN_PROGRAM = "Not in Program"


@dataclass(frozen=True)
class ProgressionStatus:
    """A status of program members; ``is_success`` says whether a member has reached success."""

    name: str
    step: int
    is_success: bool

    def entry(self) -> dict[str, object]:
        """Its entry in ``progressionStatuses`` of a channel."""
        return {
            "name": self.name,
            "step": self.step,
            "description": None,
            "hidden": False,
            "success": self.is_success,
        }


@dataclass(frozen=True)
class Channel:
    """A channel: ``program_type`` is the type of its programs, ``api_type`` the same for Channels.

    ``status_names`` are in the order in which a member has them; those with an asterisk are
    successes.
    """

    id: int
    name: str
    program_type: str
    api_type: str
    status_names: tuple[str, ...]

    @property
    def statuses(self) -> tuple[ProgressionStatus, ...]:
        """The statuses that a member can have, in order."""
        return tuple(
            ProgressionStatus(name.rstrip("*"), 10 * number, name.endswith("*"))
            for number, name in enumerate(self.status_names, 1)
        )

    def entry(self, instant: str) -> dict[str, object]:
        """Its entry in Get Channels; ``instant`` is when it was created and updated."""
        statuses = (ProgressionStatus(NOT_IN_PROGRAM, 0, is_success=False), *self.statuses)
        return {
            "id": self.id,
            "name": self.name,
            "applicableProgramType": self.api_type,
            "progressionStatuses": [status.entry() for status in statuses],
            "createdAt": instant,
            "updatedAt": instant,
        }


CHANNELS = (
    Channel(1, "Online Advertising", "Default", "program", ("Member", "Engaged*")),
    Channel(2, "Nurture", "Engagement", "nurture", ("Member", "Influenced*")),
    Channel(
        3,
        "Roadshow",
        "Event",
        "event",
        ("Invited", "Registered", "Waitlisted", "No Show", "Attended*"),
    ),
    Channel(4, "Email Send", "Email", "email_batch", ("Sent", "Opened", "Clicked*")),
    Channel(
        5,
        "Webinar",
        "Event with Webinar",
        "webinar",
        ("Invited", "Registered", "No Show", "Attended*", "Attended On-demand*"),
    ),
    Channel(6, "Content", "Default", "program", ("Visited", "Filled-out Form*")),
)
