"""A history for each seed: which settings change, what fails, and when."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Fault
from tap_marketo_bulk.sandbox.faults import JOB_KINDS

from .history import History, Wait
from .run import Interruption, Run
from .subscription import (
    CUSTOM_OBJECT,
    FREQUENT_TYPES,
    LIST_TYPES,
    LISTS,
    MORE_STREAMS,
    REST_STREAM,
    STREAMS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The kinds of faults for all calls, and for downloads.
_FAULTS_OF_CALLS = (
    *("http", "html", "not_json", "redirect", "reset", "hang", "lost_reply", "delay", "warnings"),
    *("trickle", "drop", "truncate", "extra"),
)
_FAULTS_OF_FILES = ("corrupt", "ignore_range", "wrong_range")
_FAULTS_OF_TOKENS = ("expired_token", "no_expires_in", "bad_credentials")
# Codes that any call can have. Those that say that a field or a filter does not exist are missing:
# after them the tap reads less, as it should.
_CODES = ("601", "602", "603", "604", "606", "607", "608", "611", "614", "615", "713", "1003")
_EXPORT_LIMITS = ("Too many jobs (10) in queue", "Export daily quota 500MB exceeded.")
_CALLS = ("token", "describe", "create", "enqueue", "status", "file", "list", "programs", None)

Settings = dict[str, Any]


def drawn_history(seed: int) -> History:
    """Return the history of a seed."""
    return _Drawing(random.Random(seed)).history(seed)  # noqa: S311 - not a secret


class _Drawing:
    """Draws one history. Settings stay as they are until a change of them is drawn."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._settings: Settings = {"start_date": "2026-01-20"}
        self._metadata: dict[str, dict[str, str]] = {}
        self._streams: tuple[str, ...] = STREAMS
        self._left_out_fields: tuple[str, ...] = ()
        self._day = 0.0

    def history(self, seed: int) -> History:
        draw = self._draw
        steps: list[Run | Wait] = []
        typed, more = MORE_STREAMS[:1], (CUSTOM_OBJECT, REST_STREAM)
        few = (*((each,) for each in STREAMS), (*STREAMS[:1], *typed), typed, more)
        self._streams = draw.choice((STREAMS, STREAMS, STREAMS, *few))
        for _ in range(draw.randint(2, 6)):
            self._change_settings()
            steps += [self._run(), self._wait()]
        return History(
            seed=seed,
            steps=tuple(steps),
            options=self._options(),
            records_per_batch=draw.choice((1, 5, 20)),
        )

    def _chance(self, probability: float) -> bool:
        return self._draw.random() < probability

    def _options(self) -> Settings:
        draw = self._draw
        options: Settings = {
            "job_seconds": draw.choice((10, 120, 600)),
            "status_seconds": draw.choice((0, 60)),
            "end_at_inclusive": self._chance(0.5),
            "file_delay_seconds": draw.choice((0, 0, 20)),
            "queue_limit": draw.choice((10, 10, 2)),
        }
        if self._chance(0.15):
            options["quota_bytes"] = draw.choice((3000, 8000, 20_000))
        return options

    def _wait(self) -> Wait:
        hours = self._draw.choice((0, 1, 24, 24, 24, 48, 96, 200))
        self._day += hours / 24
        late_minutes = self._settings.get("lag_minutes", 15) + 1
        return Wait(hours, late_minutes if self._chance(0.3) else None)

    def _change_settings(self) -> None:
        changes: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.3, self._change_start_date),
            (0.3, self._change_types),
            (0.1, self._change_end_date),
            (0.3, self._change_numbers),
            (0.15, self._change_replication_key),
            (0.15, self._change_replication_method),
            (0.15, self._change_streams),
            (0.1, self._change_fields),
        )
        for probability, change in changes:
            if self._chance(probability):
                change()

    def _change_start_date(self) -> None:
        dates = ["2025-12-20", "2026-01-10", "2026-01-20", "2026-02-20"]
        # A start date in the future is an error, and so is one after the end date.
        if self._day > 2 and self._settings.get("end_date") != "2026-02-25":
            dates.append("2026-03-02")
        self._settings["start_date"] = self._draw.choice(dates)

    def _change_end_date(self) -> None:
        dates = [None, None, "2026-03-03"]
        if self._settings["start_date"] < "2026-02-25":
            dates.append("2026-02-25")
        self._settings["end_date"] = self._draw.choice(dates)

    def _change_types(self) -> None:
        draw = self._draw
        some = sorted(draw.sample(FREQUENT_TYPES, draw.randint(1, 3)))
        self._settings["activity_type_ids"] = draw.choice((None, some, some, list(LIST_TYPES)))
        is_lists = self._settings["activity_type_ids"] == list(LIST_TYPES)
        assets = sorted(draw.sample(LISTS, draw.randint(1, 2)))
        self._settings["primary_attribute_value_ids"] = assets if is_lists else None

    def _change_numbers(self) -> None:
        draw = self._draw
        self._settings |= {
            "window_days": draw.choice((31, 31, 20, 10)),
            "lag_minutes": draw.choice((15, 15, 30)),
            "activity_lookback_minutes": draw.choice((60, 45, 120)),
            "max_jobs_in_flight": draw.choice((1, 4, 10)),
            "file_format": draw.choice(("CSV", "CSV", "TSV", "SSV")),
            "on_quota_exceeded": draw.choice(("fail", "stop", "wait")),
            "program_members_of": draw.choice(("all", "all", "active")),
            "resume_unknown_jobs": draw.choice((True, True, True, False)),
            # Most calls are those that ask for the status of a job.
            "poll_seconds": draw.choice((60, 300, 300)),
            "job_timeout_minutes": draw.choice((60, 240)),
        }

    def _change_replication_key(self) -> None:
        key = self._draw.choice(("createdAt", "updatedAt"))
        self._metadata = {**self._metadata, "leads": {"replication_key": key}}

    def _change_replication_method(self) -> None:
        stream = self._draw.choice(STREAMS)
        method = self._draw.choice(("FULL_TABLE", "INCREMENTAL", "INCREMENTAL"))
        self._metadata = {**self._metadata, stream: {"replication_method": method}}

    def _change_streams(self) -> None:
        # A stream that is left out for some nights, or that is added.
        draw = self._draw
        streams = draw.choice((STREAMS, STREAMS, ("leads", "activities")))
        self._streams = (*streams, *draw.sample(MORE_STREAMS, draw.choice((0, 1, 2))))

    def _change_fields(self) -> None:
        self._left_out_fields = self._draw.choice(((), ("firstName",), ("email", "leadScore")))

    def _run(self) -> Run:
        draw = self._draw
        faults = tuple(self._fault() for _ in range(draw.choice((0, 0, 0, 1, 1, 3))))
        settings = dict(self._settings)
        if "activities" not in self._streams:
            # Active programs are those that activities name.
            settings["program_members_of"] = "all"
        if any(each.startswith("activities_") for each in self._streams):
            # It is an error if a setting leaves out a selected type.
            settings |= {"activity_type_ids": None, "primary_attribute_value_ids": None}
        return Run(
            settings=settings,
            metadata=self._metadata_of_run(),
            streams=self._streams,
            left_out_fields=self._left_out_fields,
            faults=faults,
            interruption=self._interruption() if self._chance(0.35) else None,
            keeps_state=not self._chance(0.07),
            clock_is_ahead_seconds=draw.choice((0, 0, 0, 30, -600)),
            inner=self._run_of_another_pipeline(settings) if self._chance(0.1) else None,
            messages_before_inner=draw.choice((0, 5, 20)),
        )

    def _run_of_another_pipeline(self, settings: Settings) -> Run:
        """Return a run with the same API user, perhaps with another lag."""
        lag = self._draw.choice((0, 15))
        return Run({**settings, "lag_minutes": lag}, streams=self._streams, pipeline="other")

    def _metadata_of_run(self) -> Mapping[str, Mapping[str, str]]:
        return {name: each for name, each in self._metadata.items() if name in self._streams}

    def _interruption(self) -> Interruption:
        draw = self._draw
        keeps: Any = draw.choice(("all", "all", "confirmed", "confirmed", "rows"))
        if self._chance(0.5):
            return Interruption(calls=draw.randint(1, 40), keeps=keeps)
        is_kill = self._chance(0.7)
        return Interruption(messages=draw.randint(0, 60), is_kill=is_kill, keeps=keeps)

    def _fault(self) -> Fault:
        draw = self._draw
        kinds = ("envelope", "calls", "calls", "file", "token", "job", "job", "refused", "long")
        kind = draw.choice(kinds)
        often: Settings = {
            "times": draw.choice((1, 1, 2, 5, None)),
            "skip": draw.choice((0, 0, 1, 3)),
            "seconds": float(draw.choice((5, 100, 1000))),
        }
        if kind == "envelope" and self._chance(0.3):
            limit = draw.choice(_EXPORT_LIMITS)
            limited = draw.choice(("create", "enqueue"))
            # A run that waits for the reset of the quota must not wait without end.
            often["times"] = draw.choice((1, 2, 5))
            return Fault("envelope", call=limited, code="1029", message=limit, **often)
        call = draw.choice(_CALLS)
        if kind == "envelope":
            return Fault("envelope", call=call, code=draw.choice(_CODES), **often)
        if kind == "calls":
            url = "http://127.0.0.1:2/"
            status = draw.choice((500, 502, 503, 429))
            return Fault(draw.choice(_FAULTS_OF_CALLS), call=call, status=status, url=url, **often)
        if kind in ("file", "token"):
            kinds_of_fault = _FAULTS_OF_FILES if kind == "file" else _FAULTS_OF_TOKENS
            return Fault(draw.choice(kinds_of_fault), call=kind, **often)
        if kind in ("refused", "long"):
            return self._fault_of_one_program_or_long_windows(kind, often)
        job_call = draw.choice(("enqueue", "status", "file"))
        return Fault(draw.choice(sorted(JOB_KINDS)), call=job_call, **often)

    def _fault_of_one_program_or_long_windows(self, kind: str, often: Settings) -> Fault:
        draw = self._draw
        if kind == "long":
            return Fault("envelope", call="status", longer_than_days=8, **often)
        program, code = draw.choice((1001, 1002)), draw.choice(("1003", "1013", "610"))
        return Fault("envelope", call="create", code=code, filter_value=program, **often)
