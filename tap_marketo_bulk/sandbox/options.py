"""The options of a sandbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tap_marketo_bulk.sandbox.edge_cases import RECORDED_EDGE_CASES, EdgeCase

READ_LEAD = "Read-Only Lead"
READ_ACTIVITY = "Read-Only Activity"
READ_CUSTOM_OBJECT = "Read-Only Custom Object"
READ_CAMPAIGNS = "Read-Only Campaigns"
READ_ASSETS = "Read-Only Assets"
READ_COMPANY = "Read-Only Company"
READ_NAMED_ACCOUNT = "Read-Only Named Account"
ALL_PERMISSIONS = frozenset(
    {
        *(READ_LEAD, READ_ACTIVITY, READ_CUSTOM_OBJECT, READ_CAMPAIGNS, READ_ASSETS),
        *(READ_COMPANY, READ_NAMED_ACCOUNT),
    }
)


@dataclass(frozen=True)
class Options:
    """The options of a subscription; every one has a default.

    Where Marketo's behaviour is not known, the default is the behaviour that is most difficult for
    a client. Seconds are seconds of the sandbox's clock.
    """

    # The data set.
    seed: int = 1
    """Another seed gives another data set and other credentials."""
    leads: int = 5000
    """The number of leads created up to ``start``, including those deleted since."""
    activities: int = 20000
    """The number of activities that have happened up to ``start``."""
    history_days: int = 365
    """The days before ``start`` over which these leads and activities are spread."""
    new_leads_per_hour: float = 6.0
    """Leads created after ``start``; existing leads change at a rate of their own."""
    new_activities_per_hour: float = 60.0
    """Activities that happen after ``start``."""
    start: datetime | None = None
    """The instant at which the data set is created, aware; None is the current time."""
    late_seconds: int = 600
    """The longest time before a change of a lead is visible; with 0 every change is at once."""

    edge_cases: frozenset[EdgeCase] = RECORDED_EDGE_CASES
    """The kinds of awkward values. The command ``marketo-sandbox`` has none by default."""

    many_types: int = 0
    """The number of additional custom activity types."""
    more_activity_types: bool = False
    """Whether there are the types 9, Unsubscribe Email, and 32, Merge Leads, although there is the
    edge case "arbitrary values"; without it they are always there."""

    # Custom objects, program members and assets.
    programs: int = 12
    """The number of programs created up to ``start``; arbitrary activities name the first 3."""
    many_assets: int = 0
    """The number of additional assets of every other kind, such as emails and lists."""
    new_assets_per_day: float = 2.0
    """Assets of each kind created after ``start``: the first after a day divided by this number."""
    asset_order: Literal["name", "id", "updatedAt"] = "name"
    """The order of the assets in the pages of the Asset API. A new asset can be between two old
    ones by ``name``; by ``updatedAt`` a change moves an asset to the end."""
    undocumented_members: bool = False
    """Whether assets have a member that is not documented, ``sandboxDetails``."""
    draft_entries: bool = False
    """Whether email templates and landing pages with the status "approved with draft" have two
    entries with the same id, one with the status "approved" and one with "draft"."""
    forms_need_folder: bool = False
    """Whether Get Forms requires ``folder``, as the endpoint reference says; the guide does not."""
    object_changes: bool = True
    """Whether they change, and new ones are created, after ``start``."""
    removals: bool = False
    """Whether some records of custom objects and some members of programs are removed over time;
    Marketo has no feed of these removals."""

    # The lead fields.
    many_fields: int = 0
    """The number of additional custom lead fields."""
    extra_fields: tuple[tuple[str, str], ...] = ()
    """More custom lead fields, each a REST name and a data type."""
    left_out_fields: tuple[str, ...] = ()
    """REST names of lead fields that this subscription does not have."""
    has_ecids: bool = False
    """Whether the extra lead field ``ecids`` can be exported (Adobe Audience Sharing)."""
    ecids_described: bool = False
    """Whether Describe Lead lists ``ecids`` too."""
    lead_padding_bytes: int = 0
    """The length of the text ``mktoPersonNotes`` of every lead, to get large files."""
    fraction_in_integer: bool = False
    """Whether some values of the integer column ``seats__c`` have a fraction."""

    # The server and its limits.
    port: int = 0
    """The loopback port to listen on; 0 selects a free port."""
    users: int = 1
    """The number of API users, each with its own credentials and jobs."""
    permissions: frozenset[str] = ALL_PERMISSIONS
    """The permissions of the role of the API users; without one, calls that need it give 603."""
    token_seconds: int = 3599
    """The lifetime of an access token."""
    rate_limit: int = 100
    """The most calls in 20 seconds; the error is 606."""
    concurrent_limit: int = 10
    """The most concurrent calls; the error is 615."""
    daily_calls: int = 50_000
    """The most calls on one day in US Central time; the error is 607."""

    # Export jobs.
    job_seconds: float = 1.0
    """The time of processing of a job."""
    status_seconds: float = 0.0
    """The reported status changes at most once in this time (Marketo: 60); 0: without delay."""
    file_delay_seconds: float = 0.0
    """The time for which the file of a completed job is still not available (404)."""
    queue_limit: int = 10
    """The most jobs queued or processing, for all objects and users; the error is 1029."""
    slots: int = 2
    """The most jobs processing at the same time."""
    quota_bytes: int = 500_000_000
    """The bytes of completed files on one day in US Central time; the error is 1029."""
    charge_downloads: bool = True
    """Whether bytes that are sent again count against the quota too."""

    strict: bool = False
    """Whether requests are rejected that do not follow the documentation, although Marketo was seen
    to accept them: unknown members of a create body, headers of other columns, ``fields: []`` for
    activities, repeated fields, fractions of seconds, and ranges of assets that end when they
    start."""

    # Behaviour that differs between subscriptions or is not known.
    updated_at_filter: bool = True
    """Whether leads have the filter ``updatedAt``; else the error is 1035."""
    smart_lists: bool = True
    """Whether leads and custom objects have the smart list filters; else the error is 1035."""
    custom_object_updated_at_filter: bool = True
    """Whether custom objects have the filter ``updatedAt``; else the error is 1035."""
    member_updated_at_filter: bool = True
    """Whether program members have the filter ``updatedAt``; else the error is 1035."""
    program_id_column: Literal["once", "twice"] = "twice"
    """The columns ``programId`` in an export with ``programIds`` and with this field: the filter
    adds the column although it is requested, or it does not."""
    member_true_text: Literal["true", "1"] = "1"
    """The text of true in the member fields of program member files."""
    column_headers: Literal["accepted", "rejected", "ignored"] = "accepted"
    """``columnHeaderNames`` in a create body: ``rejected`` gives the error 1003, with ``ignored``
    the file has the names of the fields."""
    end_at_inclusive: bool = False
    """Whether a range includes the second ``endAt``."""
    activity_filter: Literal["happened", "stored"] = "happened"
    """The instant that the filter ``createdAt`` of activities compares: when the activity
    ``happened``, or when Marketo ``stored`` it."""
    exports_deletions: bool = False
    """Whether an activity export without type filter has rows of type 37, Delete Lead."""
    unknown_field_style: Literal["1003", "1006"] = "1003"
    """The error for unknown fields: ``1003`` names all of them, ``1006`` the first."""
    cancel_spelling: Literal["Cancelled", "Canceled"] = "Cancelled"
    """The spelling of the status."""
    ssv_separator: Literal[";", " "] = ";"
    """The separator of the values in an SSV file."""
