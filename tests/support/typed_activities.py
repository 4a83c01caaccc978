"""What typed streams must hold, worked out from the sandbox's truth in another way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import Record, Run

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
DELETE_LEAD = 37


def stream_of(kind: Any) -> str:  # noqa: ANN401 - the sandbox keeps its kinds to itself
    """The stream of one of the sandbox's types."""
    suffix = f"_{kind.id}" if kind.id in SUFFIXED else ""
    return f"activities_{_snake(kind.name)}{suffix}"


def streams_of(sandbox: Sandbox) -> dict[str, Any]:
    """The sandbox's types by stream."""
    return {
        stream_of(kind): kind for kind in sandbox.data_set.activity_types if kind.id != DELETE_LEAD
    }


def columns_of(kind: Any) -> dict[str, tuple[str, str]]:  # noqa: ANN401 - as above
    """The columns of a type's attributes: name and data type of each."""
    columns: dict[str, tuple[str, str]] = {}
    times: Counter[str] = Counter([_snake(kind.primary[0])] if kind.primary else [])
    for name, data_type in kind.attributes:
        times[_snake(name)] += 1
        number = times[_snake(name)]
        columns[_snake(name) + (f"_{number}" if number > 1 else "")] = name, data_type
    return columns


def record_of(activity: Mapping[str, Any], kind: Any) -> Record:  # noqa: ANN401 - as above
    """A true activity as the record of its type's stream."""
    record: Record = {name: activity[name] for name in COMMON}
    if kind.primary:
        name, data_type = kind.primary
        source = "primaryAttributeValueId" if data_type == "integer" else "primaryAttributeValue"
        record[_snake(name)] = activity[source]
    left = dict(activity["attributes"] or {})
    for column, (name, data_type) in columns_of(kind).items():
        key = next((key for key in left if key.casefold() == name.casefold()), "")
        value = left.pop(key, None)
        record[column] = float(value) if value is not None and data_type in NUMBERS else value
    record["other_attributes"] = left or None
    return record


def truth_of(kind: Any, activities: Mapping[str, Mapping[str, Any]]) -> dict[str, Record]:  # noqa: ANN401 - as above
    """What the stream of a type must hold of these activities."""
    return {
        key: record_of(activity, kind)
        for key, activity in activities.items()
        if activity["activityTypeId"] == kind.id
    }


def table(stream: str, *runs: Run) -> dict[str, Record]:
    """A stream's records by key, later ones in place of earlier ones."""
    return {record["marketoGUID"]: record for run in runs for record in run.records(stream)}


def filters(sandbox: Sandbox, since: int = 0) -> list[Any]:
    """The filters of the exports of activities, those of the first ``since`` jobs left out."""
    jobs = sandbox.jobs[since:]
    return [job.request["filter"] for job in jobs if job.object == "activities"]


def spans(made: Iterable[Any]) -> list[tuple[str, str, list[int] | None]]:
    """Start, end and types of each filter, in order."""
    found = [
        (one["createdAt"]["startAt"], one["createdAt"]["endAt"], one.get("activityTypeIds"))
        for one in made
    ]
    return sorted(found, key=lambda each: each[0])


def _snake(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")
