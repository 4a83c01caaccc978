"""What can be chosen about a sandbox."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Options:
    """Everything about a subscription that a test or a person may want otherwise.

    Where nobody knows what Marketo does, the default is what is hardest on a client.
    """

    seed: int = 1
    """Another seed is another world."""
    leads: int = 5000
    """Leads that exist when the world is born."""
    activities: int = 20000
    """Activities that have happened when the world is born."""
    history_days: int = 365
    """The days before the birth over which those are spread."""
    new_leads_per_hour: float = 6.0
    """Leads that appear after the birth."""
    new_activities_per_hour: float = 60.0
    """Activities that happen after the birth."""
    start: datetime | None = None
    """The instant the world is born, aware; None is the clock's present."""
    port: int = 0
    """The loopback port to listen on; 0 takes a free one."""
    many_fields: int = 0
    """Custom lead fields beyond those every sandbox has."""
    lead_padding_bytes: int = 0
    """How long the textarea ``mktoPersonNotes`` of every lead is made, to get large files."""
    job_seconds: float = 1.0
    """How long an export job is processed, in sandbox time."""
    status_seconds: float = 0.0
    """A job's status changes at most once in so many seconds (Marketo: 60); 0 shows it at once."""
    token_seconds: int = 3599
    """The life of an access token."""
    queue_limit: int = 10
    """Jobs queued or processing at once, over all objects and users."""
    slots: int = 2
    """Jobs processing at once."""
    quota_bytes: int = 500_000_000
    """Bytes of completed files per day of US Central time."""
    late_seconds: int = 600
    """How long after it happened a change of a lead can become visible."""
    updated_at_filter: bool = True
    """Whether the subscription has the lead filter ``updatedAt``; else 1035."""
    smart_lists: bool = True
    """Whether the subscription has the smart list filters; else 1035."""
    unknown_field_style: str = "1003"
    """How an unknown field is refused: ``1003`` names all of them, ``1006`` the first."""
    end_at_inclusive: bool = False
    """Whether a record of the very second of ``endAt`` is in the range."""
    activity_filter: str = "happened"
    """Which clock the filter ``createdAt`` of activities looks at: ``happened`` or ``stored``."""
    attribute_key_case: str = "mixed"
    """``same``: attributes are named as in Get Activity Types; ``mixed``: some in another case."""
    cancel_spelling: str = "Cancelled"
    """``Cancelled`` or ``Canceled``."""
    ssv_separator: str = ";"
    """What separates the values of an SSV file: ``;`` or a space."""
    boolean_style: str = "true"
    """How lead files write true: ``true``, ``True``, ``TRUE`` or ``1``."""
