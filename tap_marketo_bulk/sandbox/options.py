"""What can be chosen about a sandbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Options:
    """Everything about a subscription that a test or a person may want otherwise.

    Where nobody knows what Marketo does, the default is what is hardest on a client. Seconds are
    of the sandbox's clock.
    """

    # The world.
    seed: int = 1
    """Another seed is another world."""
    leads: int = 5000
    """Leads that exist when the world is born."""
    activities: int = 20000
    """Activities that have happened when the world is born."""
    history_days: int = 365
    """The days before the birth over which those are spread."""
    new_leads_per_hour: float = 6.0
    """Leads that appear after the birth; they change at a pace of their own."""
    new_activities_per_hour: float = 60.0
    """Activities that happen after the birth."""
    start: datetime | None = None
    """The instant the world is born, aware; None is the clock's present."""
    late_seconds: int = 600
    """How long after it happened a change of a lead can become visible; 0 is at once."""

    many_types: int = 0
    """Custom activity types beyond those every sandbox has."""

    # Its fields.
    many_fields: int = 0
    """Custom lead fields beyond those every sandbox has."""
    extra_fields: tuple[tuple[str, str], ...] = ()
    """More custom lead fields, each a REST name and a data type."""
    left_out_fields: tuple[str, ...] = ()
    """REST names of lead fields that this subscription lacks."""
    has_ecids: bool = False
    """Whether the extra lead field ``ecids`` can be exported (Adobe Audience Sharing)."""
    ecids_described: bool = False
    """Whether Describe Lead lists ``ecids`` too."""
    lead_padding_bytes: int = 0
    """How long the textarea ``mktoPersonNotes`` of every lead is made, to get large files."""
    fraction_in_integer: bool = False
    """Whether some values of the integer column ``seats__c`` have a fraction."""
    empty_strings: bool = False
    """Whether some texts are empty, not null, and so is their cell."""

    # The server and its limits.
    port: int = 0
    """The loopback port to listen on; 0 takes a free one."""
    users: int = 1
    """API users, each with credentials and jobs of their own."""
    token_seconds: int = 3599
    """The life of an access token."""
    rate_limit: int = 100
    """Calls per 20 seconds; else 606."""
    concurrent_limit: int = 10
    """Calls at once; else 615."""
    daily_calls: int = 50_000
    """Calls per day of US Central time; else 607."""

    # Export jobs.
    job_seconds: float = 1.0
    """How long a job is processed."""
    status_seconds: float = 0.0
    """A job's status changes at most once in so many seconds (Marketo: 60); 0 shows it at once."""
    file_delay_seconds: float = 0.0
    """How long the file of a completed job answers 404."""
    queue_limit: int = 10
    """Jobs queued or processing at once, over all objects and users; else 1029."""
    slots: int = 2
    """Jobs processing at once."""
    quota_bytes: int = 500_000_000
    """Bytes of completed files per day of US Central time; else 1029."""
    charge_downloads: bool = True
    """Whether bytes that are sent again count against the quota too."""

    # How it speaks, where subscriptions differ or nobody knows.
    updated_at_filter: bool = True
    """Whether leads have the filter ``updatedAt``; else 1035."""
    smart_lists: bool = True
    """Whether leads have the smart list filters; else 1035."""
    end_at_inclusive: bool = False
    """Whether a record of the very second of ``endAt`` is in the range."""
    activity_filter: Literal["happened", "stored"] = "happened"
    """Which clock the filter ``createdAt`` of activities looks at: ``happened`` or ``stored``."""
    exports_deletions: bool = False
    """Whether an activity export without type filter holds rows of type 37, Delete Lead."""
    formula_fields: Literal["empty", "refused"] = "empty"
    """What becomes of a formula field in a lead export: its column is ``empty``, or the create
    call is ``refused`` as for an unknown field. Nobody knows; clients ask for all of Describe."""
    unknown_field_style: Literal["1003", "1006"] = "1003"
    """How an unknown field is refused: ``1003`` names all of them, ``1006`` the first."""
    unknown_job_code: str = "1003"
    """The error code of a call about a job that the user does not have."""
    quota_style: Literal["seen", "documented"] = "seen"
    """``seen``: "Export daily quota 500MB exceeded."; ``documented``: without the number."""
    queue_full_style: Literal["seen", "documented"] = "seen"
    """``seen``: "Too many jobs (10) in queue"; ``documented``: without the number."""
    cancel_spelling: Literal["Cancelled", "Canceled"] = "Cancelled"
    """``Cancelled`` or ``Canceled``."""
    attribute_key_case: Literal["same", "mixed"] = "mixed"
    """``same``: attributes are named as in Get Activity Types; ``mixed``: some in another case."""
    boolean_style: Literal["true", "True", "TRUE", "1"] = "true"
    """How lead files write true: ``true``, ``True``, ``TRUE`` or ``1``."""
    ssv_separator: Literal[";", " "] = ";"
    """What separates the values of an SSV file: ``;`` or a space."""
    empty_file: Literal["nothing", "header"] = "nothing"
    """What the file of a job without records holds: ``nothing`` or the ``header``."""
    content_type: str = "text/csv;charset=UTF-8"
    """The content type of export files."""
