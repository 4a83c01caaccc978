"""The expected table of each stream of a subscription: its key, the types of its columns, its rows.

Only the keys and the names of the columns of reference streams are the tap's; all else comes from
the sandbox, or is written down here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.reference_tables import DEFINITIONS, expected_table
from tests.support.typed_activities import columns_of, expected_records, types_by_stream
from tests.support.warehouse_tables import DELETION_TYPES, lead_types, typed_activity_types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_marketo_bulk.sandbox import Sandbox

Rows = dict[tuple[object, ...], dict[str, Any]]

MEMBERS, MERGES, DELETIONS = "program_members", "activities_merge_leads", "deleted_leads"
LIST_MEMBERS = "list_members"
LIST_IDS = (2001, 2002, 2003)
# The API names of the custom objects, by stream.
CUSTOM_OBJECTS = {
    "custom_purchase_order_c": "purchaseOrder_c",
    "custom_support_ticket_v2": "SupportTicketV2",
}
KEYS = {MEMBERS: ("leadId", "programId"), LIST_MEMBERS: ("listId", "leadId")}
# The columns that are not text, by type: a name has one type in all reference streams.
_TIMESTAMP = "timestamp without time zone"
_REFERENCE_COLUMNS = {
    "bigint": "id length parentProgramId maxMembers qualificationRuleInterval smartListId flowId "
    "template version segmentationId buttonLocation accessZoneId total errorTotal",
    "boolean": "restReadOnly soapReadOnly headStart isSystem isActive isRequestable "
    "isCommunicationLimitEnabled operational textOnly publishToMSI webView autoCopyToText "
    "isOpenTrackingDisabled formPrefill mobileEnabled progressiveProfiling required isArchive",
    "jsonb": "primaryAttribute attributes folder recurrence subject fromName fromEmail replyEmail "
    "ccFields knownVisitor thankYouList progressionStatuses applicableProgramTypes parent users "
    "errors other _invalid_values",
    "date": "date",
    _TIMESTAMP: "createdAt updatedAt startDate endDate",
}
_REFERENCE_TYPES = {
    name: sql_type for sql_type, names in _REFERENCE_COLUMNS.items() for name in names.split()
}


def key_of(stream: str) -> tuple[str, ...]:
    """The columns that identify a row."""
    if stream in DEFINITIONS:
        return DEFINITIONS[stream].key
    return KEYS.get(stream, ("marketoGUID",))


def types_of(sandbox: Sandbox, stream: str) -> dict[str, str]:
    """The types of the columns."""
    if stream in DEFINITIONS:
        columns = (*DEFINITIONS[stream].columns, "other", "_invalid_values")
        return {name: _REFERENCE_TYPES.get(name, "text") for name in columns}
    if stream in CUSTOM_OBJECTS:
        return lead_types(sandbox.expected.custom_object_columns(CUSTOM_OBJECTS[stream]))
    if stream == MEMBERS:
        return lead_types(sandbox.expected.member_column_types())
    if stream == LIST_MEMBERS:
        return lead_types(dict.fromkeys(KEYS[stream], "integer"))
    if stream == DELETIONS:
        return DELETION_TYPES
    activity_type = types_by_stream(sandbox)[stream]
    return typed_activity_types(activity_type.primary, columns_of(activity_type))


def expected_rows_of(sandbox: Sandbox, stream: str) -> Rows:
    """The rows that Marketo has now, by key."""
    if stream == "usage":
        return _usage(sandbox)
    if stream in DEFINITIONS:
        return expected_table(sandbox, stream)
    key = key_of(stream)
    return {tuple(row[name] for name in key): row for row in _exported_rows(sandbox, stream)}


def _exported_rows(sandbox: Sandbox, stream: str) -> Iterable[dict[str, Any]]:
    expected = sandbox.expected
    if stream in CUSTOM_OBJECTS:
        return expected.custom_objects(CUSTOM_OBJECTS[stream]).values()
    if stream == MEMBERS:
        return expected.program_members().values()
    if stream == DELETIONS:
        return expected.deleted_leads().values()
    if stream == LIST_MEMBERS:
        return (
            {"listId": list_id, "leadId": lead}
            for list_id in LIST_IDS
            for lead in expected.leads({"staticListId": list_id})
        )
    return expected_records(types_by_stream(sandbox)[stream], expected.activities()).values()


def _usage(sandbox: Sandbox) -> Rows:
    """The calls and the errors of the last days, by date."""
    errors = sandbox.expected.api_errors_by_date()
    return {
        (date,): {
            **entry,
            "errorTotal": errors[date]["total"],
            "errors": errors[date]["errors"],
            "other": None,
        }
        for date, entry in sandbox.expected.usage().items()
    }
