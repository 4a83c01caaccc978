"""Which exports were paid twice, and the reasons for which that may be.

An export is paid if its job was completed and its file has a byte. Two exports of one object have
the same records where their dates, their ids (activity types or programs) and their filter by date
overlap. One of these reasons must hold then:

- Activities are stored later than they are dated: the later export reads the lookback again.
- The later export is part of a full read, and the earlier one was made before that read. Or the
  earlier one is part of a full read of leads: by the date of creation, which is another selection.
- A fault made the file of the earlier export useless, or its file had expired.
- The run of the earlier export or one after it did not end in order, so that its STATE may lack
  what was read, and a later run asks for something else or stops reading earlier, so that it cannot
  use the earlier file.
- The later export is of all activity types, after one of some: Marketo has no filter for the rest.
- One of the exports is of the programs that activities name: their nights read other programs.
- The exports are of two pipelines.
- The activity streams that are selected have changed: each has a ledger of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.times import parse_instant

from .subscription import CUSTOM_OBJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.sandbox import Job

    from .history import Simulation
    from .run import FinishedRun

_STREAMS = {
    "leads": "leads",
    "activities": "activities",
    "program/members": "program_members",
    "customobjects/purchaseOrder_c": CUSTOM_OBJECT,
}
_DATE_FILTERS = ("createdAt", "updatedAt")
# What the jobs of a run ask for depends on these settings.
_REQUEST_SETTINGS = (
    "start_date",
    "end_date",
    "activity_type_ids",
    "primary_attribute_value_ids",
    "program_members_of",
    "file_format",
    "resume_unknown_jobs",
)
# Windows share their boundary second.
_SHARED = timedelta(seconds=1)
_FILE_LIFE = timedelta(days=7)
_LONGEST_LOOKBACK = timedelta(hours=3)
# A run sets its horizon after discovery, whose calls can wait.
_LONGEST_DISCOVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class PaidExport:
    """A paid export.

    Attributes:
        job: The job.
        number: The number of the run that created it.
        run: That run.
        start: The first instant of its records.
        end: The last instant.
        ids: Its activity types or programs; None for all.
    """

    job: Job
    number: int
    run: FinishedRun
    start: datetime
    end: datetime
    ids: frozenset[int] | None

    @property
    def stream(self) -> str:
        """The stream that the export is for."""
        return _STREAMS[self.job.object]

    @property
    def as_of(self) -> datetime:
        """The instant up to which the run of the export reads."""
        return horizon_of(self.run)

    @property
    def date_filter(self) -> str:
        """The column that the dates are about."""
        return next(iter(set(_DATE_FILTERS) & set(_filter(self.job))))

    def __str__(self) -> str:
        """Return the export as text for the report of a problem."""
        ids = "all" if self.ids is None else sorted(self.ids)
        return f"{self.start:%m-%d %H:%M:%S} to {self.end:%m-%d %H:%M:%S} of {ids}"


def double_payments(simulation: Simulation) -> Iterator[str]:
    """Yield the pairs of exports that were paid twice without a reason."""
    exports = list(paid_exports(simulation))
    for place, later in enumerate(exports):
        for earlier in exports[:place]:
            if _has_same_records(earlier, later) and not _has_reason(simulation, earlier, later):
                yield (
                    f"{later.stream}: run {later.number} paid for {later} "
                    f"although run {earlier.number} had paid for {earlier}"
                )


def paid_exports(simulation: Simulation) -> Iterator[PaidExport]:
    """Yield the paid exports in the order of their creation."""
    # As they are now: a job can be completed after the run that created it.
    jobs = {job.export_id: job for job in simulation.sandbox.jobs}
    for number, run in enumerate(simulation.runs, 1):
        for job in [jobs[each.export_id] for each in run.jobs]:
            if job.status == "Completed" and job.file_size:
                yield _paid_export(job, number, run)


def job_ids(job: Job) -> frozenset[int] | None:
    """Return the activity types or the programs that a job asks for; None for all."""
    filters = _filter(job)
    ids = filters.get("activityTypeIds") or filters.get("programIds")
    if "programId" in filters:
        ids = [filters["programId"]]
    return frozenset(ids) if ids else None


def horizon_of(run: FinishedRun) -> datetime:
    """Return the instant up to which a run reads."""
    # A clock that is ahead is corrected, one that is behind is not.
    behind = timedelta(seconds=min(0.0, run.step.clock_is_ahead_seconds))
    latest = run.started_at + behind - timedelta(minutes=run.settings["lag_minutes"])
    end_date = run.settings.get("end_date")
    return min(latest, parse_instant(end_date)) if end_date else latest


def _filter(job: Job) -> dict[str, Any]:
    filters: Any = job.request["filter"]
    return dict(filters)


def _paid_export(job: Job, number: int, run: FinishedRun) -> PaidExport:
    filters = _filter(job)
    # Program members of a full read have no filter by date.
    dates = next((filters[name] for name in _DATE_FILTERS if name in filters), None)
    dates = dates or {"startAt": "2000-01-01T00:00:00Z", "endAt": "2100-01-01T00:00:00Z"}
    start, end = (datetime.fromisoformat(dates[name]) for name in ("startAt", "endAt"))
    return PaidExport(job, number, run, start, end, job_ids(job))


def _has_same_records(earlier: PaidExport, later: PaidExport) -> bool:
    if earlier.job.object != later.job.object:
        return False
    if set(_filter(earlier.job)) & set(_DATE_FILTERS) != set(_filter(later.job)) & set(
        _DATE_FILTERS
    ):
        return False
    if earlier.ids is not None and later.ids is not None and not earlier.ids & later.ids:
        return False
    return min(earlier.end, later.end) - max(earlier.start, later.start) > _SHARED


def _has_reason(simulation: Simulation, earlier: PaidExport, later: PaidExport) -> bool:
    return (
        _is_lookback(simulation, earlier, later)
        or _reads_active_programs(earlier)
        or _reads_active_programs(later)
        or _is_full_read(earlier, later)
        or _is_useless(earlier, later)
        or _cannot_be_resumed(simulation, earlier, later)
        or (later.ids is None and earlier.ids is not None)
        or _is_of_another_asset(earlier, later)
        or earlier.run.step.pipeline != later.run.step.pipeline
        or _is_for_other_activity_streams(earlier, later)
    )


def _is_lookback(simulation: Simulation, earlier: PaidExport, later: PaidExport) -> bool:
    start, end = max(earlier.start, later.start), min(earlier.end, later.end)
    if earlier.stream != "activities":
        return start >= earlier.as_of
    # The run that reads a file need not be the one that created its job.
    return any(
        horizon - _LONGEST_LOOKBACK <= start and end <= horizon + _LONGEST_DISCOVERY
        for horizon in map(horizon_of, simulation.runs[: later.number - 1])
    )


def _reads_active_programs(export: PaidExport) -> bool:
    is_active = export.run.settings.get("program_members_of") == "active"
    return export.stream == "program_members" and is_active


def _is_full_read(earlier: PaidExport, later: PaidExport) -> bool:
    is_full = [each.run.step.is_full(each.stream) for each in (earlier, later)]
    # All leads that were created in a period are not all that were changed in it.
    is_of_other_leads = later.stream == "leads" and is_full == [True, False]
    return is_of_other_leads or (is_full[1] and earlier.number < later.number)


def _is_useless(earlier: PaidExport, later: PaidExport) -> bool:
    has_fault = any(each.call == "file" for each in earlier.run.step.faults)
    # A run without the state of an earlier one knows its jobs by their files.
    has_fault |= any(each.call in ("file", None) for each in later.run.step.faults)
    # A job whose status cannot be read is exported again in shorter windows.
    has_fault |= any(
        (each.kind, each.code) == ("envelope", "611") and each.call in ("status", None)
        for each in earlier.run.step.faults
    )
    is_damaged = earlier.job.job_faults != type(earlier.job.job_faults)()
    is_expired = later.job.created_at - earlier.job.created_at >= _FILE_LIFE
    return has_fault or is_damaged or (is_expired and _did_not_end_in_order(earlier.run))


def _cannot_be_resumed(simulation: Simulation, earlier: PaidExport, later: PaidExport) -> bool:
    pipeline = earlier.run.step.pipeline
    runs = simulation.runs[earlier.number - 1 : later.number]
    runs = [run for run in runs if run.step.pipeline == pipeline]
    if not any(map(_did_not_end_in_order, runs[:-1])):
        return False
    if not all(run.settings.get("resume_unknown_jobs", True) for run in runs):
        # Without tags, the jobs that STATE lacks are not found.
        return True
    programs = [set(simulation.sandbox.expected.programs(at=run.started_at)) for run in runs]
    if earlier.stream == "program_members" and any(each != programs[0] for each in programs):
        # The job list does not say of which programs a job is.
        return True
    is_expired = later.job.created_at - earlier.job.created_at >= _FILE_LIFE
    first, *others = [_request_settings(run, earlier.stream) for run in runs]
    # With a longer lag, the last minutes of the earlier file may lack late records.
    ends_earlier = later.as_of < earlier.end
    return is_expired or ends_earlier or any(each != first for each in others)


def _did_not_end_in_order(run: FinishedRun) -> bool:
    return run.error is not None or not run.step.keeps_state


def _request_settings(run: FinishedRun, stream: str) -> object:
    return (
        [run.settings.get(name) for name in _REQUEST_SETTINGS],
        dict(run.step.metadata.get(stream, {})),
        stream in run.step.streams,
        run.step.left_out_fields if stream == "leads" else (),
    )


def _is_for_other_activity_streams(earlier: PaidExport, later: PaidExport) -> bool:
    selected = [
        {name for name in each.run.step.streams if name.startswith("activities")}
        for each in (earlier, later)
    ]
    return later.stream == "activities" and selected[0] != selected[1]


def _is_of_another_asset(earlier: PaidExport, later: PaidExport) -> bool:
    name = "primary_attribute_value_ids"
    assets = earlier.run.settings.get(name)
    return assets is not None and assets != later.run.settings.get(name)
