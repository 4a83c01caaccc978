"""The expected records of typed activity streams, computed without code of the tap."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox.data.activity_types import DELETE_LEAD_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.sandbox.data.activity_types import ActivityTypeDefinition
    from tests.support.runs import Record, RunResult

COMMON = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "actionResult",
)
NUMBERS = ("currency", "float", "percent")
# Names that two types share.
SUFFIXED = (100001, 100002)


def stream_name(activity_type: ActivityTypeDefinition) -> str:
    """The name of the stream of one activity type."""
    suffix = f"_{activity_type.id}" if activity_type.id in SUFFIXED else ""
    return f"activities_{_snake(activity_type.name)}{suffix}"


def types_by_stream(sandbox: Sandbox) -> dict[str, ActivityTypeDefinition]:
    """The activity types of the sandbox that have a stream, by its name."""
    return {
        stream_name(each): each
        for each in sandbox.data_set.activity_types
        if each.id != DELETE_LEAD_ID
    }


def columns_of(activity_type: ActivityTypeDefinition) -> dict[str, tuple[str, str]]:
    """The attribute of each column of a typed stream: display name and data type."""
    columns: dict[str, tuple[str, str]] = {}
    primary = activity_type.primary
    uses: Counter[str] = Counter([_snake(primary[0])] if primary else [])
    for name, data_type in activity_type.attributes:
        uses[_snake(name)] += 1
        number = uses[_snake(name)]
        columns[_snake(name) + (f"_{number}" if number > 1 else "")] = name, data_type
    return columns


def expected_record(activity: Mapping[str, Any], activity_type: ActivityTypeDefinition) -> Record:
    """The record of the typed stream for an expected row of activities."""
    record: Record = {name: activity[name] for name in COMMON}
    if activity_type.primary:
        name, data_type = activity_type.primary
        source = "primaryAttributeValueId" if data_type == "integer" else "primaryAttributeValue"
        record[_snake(name)] = activity[source]
    others = dict(activity["attributes"] or {})
    for column, (name, data_type) in columns_of(activity_type).items():
        key = next((key for key in others if key.casefold() == name.casefold()), "")
        value = others.pop(key, None)
        record[column] = float(value) if value is not None and data_type in NUMBERS else value
    record["other_attributes"] = others or None
    return record


def expected_records(
    activity_type: ActivityTypeDefinition, activities: Mapping[str, Mapping[str, Any]]
) -> dict[str, Record]:
    """The records of a typed stream, by key, for these expected rows of activities."""
    return {
        key: expected_record(activity, activity_type)
        for key, activity in activities.items()
        if activity["activityTypeId"] == activity_type.id
    }


def table(stream: str, *runs: RunResult) -> dict[str, Record]:
    """The records of a stream in these runs by key, of each key the last record."""
    return {record["marketoGUID"]: record for run in runs for record in run.records(stream)}


def activity_filters(sandbox: Sandbox, skip: int = 0) -> list[Any]:
    """The filters of all activity exports except for those in the first ``skip`` jobs."""
    jobs = sandbox.jobs[skip:]
    return [job.request["filter"] for job in jobs if job.object == "activities"]


def spans(filters: Iterable[Any]) -> list[tuple[str, str, list[int] | None]]:
    """Start, end and activity types of each filter, in the order of the starts."""
    found = [
        (one["createdAt"]["startAt"], one["createdAt"]["endAt"], one.get("activityTypeIds"))
        for one in filters
    ]
    return sorted(found, key=lambda each: each[0])


def _snake(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")
