"""One run of the tap in this process: its settings, its faults, its end."""

from __future__ import annotations

import atexit
import json
import logging
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.runs import CollectingWriter, SimulatedCrashError, selecting, with_metadata

from .clock import START, EndlessRunError, SimulatedClock
from .subscription import MORE_STREAMS, STREAMS, subscription_options
from .transport import SandboxAdapter, SimulatedKillError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.sandbox import Fault, Job
    from tests.support.runs import Message

    from .target import State

ENDPOINT = "http://127.0.0.1:1"
_catalogs: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Interruption:
    """What ends a run early.

    Attributes:
        messages: The run ends in place of the message after so many.
        calls: The run ends after so many calls, when Marketo has executed the last of them.
        is_kill: Nothing that the tap does afterwards has an effect; else it sees an error of the
            target, and can end in order. A run that ends after a call is always killed.
        keeps: What the pipeline keeps. ``all``: the target loads all messages. ``confirmed``: the
            target dies too, so only what it had confirmed. ``rows``: the target loads all records,
            but the state of the run is not saved.
    """

    messages: int | None = None
    calls: int | None = None
    is_kill: bool = True
    keeps: Literal["all", "confirmed", "rows"] = "all"


@dataclass(frozen=True)
class Run:
    """A step: a run of the tap.

    Attributes:
        settings: Settings that differ from ``WIDEST`` of ``history``.
        metadata: By stream, what its metadata in the catalog has in place of the discovered.
        streams: The selected streams.
        left_out_fields: The fields of leads that are not selected.
        faults: The faults of the sandbox during the run.
        interruption: What ends the run early.
        keeps_state: Whether the state of the run is saved if it is not interrupted.
        pipeline: Each pipeline has a target and a state of its own; only the rows of the pipeline
            ``main`` are checked.
        clock_is_ahead_seconds: How far the clock of the tap's machine is ahead of Marketo's.
        inner: A run of another pipeline, which happens while this one writes its messages.
        messages_before_inner: The inner run begins after so many messages.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    streams: tuple[str, ...] = STREAMS
    left_out_fields: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    interruption: Interruption | None = None
    keeps_state: bool = True
    pipeline: str = "main"
    clock_is_ahead_seconds: float = 0.0
    inner: Run | None = None
    messages_before_inner: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing disturbs the run."""
        return not self.faults and self.interruption is None

    def is_full(self, stream: str) -> bool:
        """Whether a stream is read in full."""
        return self.metadata.get(stream, {}).get("replication_method") == "FULL_TABLE"


@dataclass
class FinishedRun:
    """A run that has ended.

    Attributes:
        step: The step that it was.
        settings: All its settings, except those that connect.
        state_before: The state that it began with.
        started_at: When it began, by Marketo's clock.
        jobs_before: The number of jobs that existed before it.
        jobs: The jobs that it created, without those of its inner run.
        messages: What it wrote.
        error: What ended it.
        tracebacks: What it logged with a traceback.
    """

    step: Run
    settings: dict[str, Any]
    state_before: State | None
    started_at: datetime
    jobs_before: int
    jobs: list[Job] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    error: BaseException | None = None
    tracebacks: list[str] = field(default_factory=list)

    @property
    def was_interrupted(self) -> bool:
        """Whether the interruption of the step came before the run's own end."""
        return isinstance(self.error, SimulatedCrashError | SimulatedKillError)


class _TracebackHandler(logging.Handler):
    """Collects the messages that are logged with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message that has a traceback."""
        if record.exc_info:
            self.messages.append(f"{record.getMessage()}: {record.exc_info[1]!r}")


class _KillingWriter(CollectingWriter):
    """Collects the messages up to the interruption, and plays the inner run between them."""

    def __init__(
        self, step: Run, kill: Callable[[], None], play_inner: Callable[[], object]
    ) -> None:
        interruption = step.interruption
        super().__init__(interruption.messages if interruption else None)
        self._kills = interruption is not None and interruption.is_kill
        self._kill = kill
        self._messages_before_inner = step.messages_before_inner
        self._play_inner = play_inner

    def write_message(self, message: Any) -> None:  # noqa: ANN401 - any Singer message
        """Collect a message, or end the run in place of it."""
        if len(self.messages) == self._messages_before_inner:
            self._messages_before_inner = -1
            self._play_inner()
        try:
            super().write_message(message)
        except SimulatedCrashError:
            if not self._kills:
                raise
            self._kill()
            raise SimulatedKillError from None


def simulated_tap_class(clock: SimulatedClock, adapter: SandboxAdapter) -> type[TapMarketoBulk]:
    """Return the tap with this clock, and with an adapter in place of a connection."""

    class SimulatedTap(TapMarketoBulk):
        @cached_property
        def client(self) -> Client:
            client: Client = super().client
            client._session.mount("http://", adapter)  # noqa: SLF001 - the seam of the simulation
            return client

    SimulatedTap.clock = clock
    return SimulatedTap


def connected(settings: Mapping[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    """Return settings with those that connect to a sandbox."""
    credentials = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    return {"endpoint": ENDPOINT, **credentials, **settings}


def catalog_of(step: Run) -> dict[str, Any]:
    """Return the catalog of a run."""
    if not _catalogs:
        _catalogs.append(_discovered_catalog())
    catalog: dict[str, Any] = dict(_catalogs[0])
    names = {*STREAMS, *step.streams}
    catalog["streams"] = [each for each in catalog["streams"] if each["stream"] in names]
    catalog = selecting(catalog, *step.streams)
    leads = next(each for each in catalog["streams"] if each["stream"] == "leads")
    for entry in leads["metadata"]:
        if entry["breadcrumb"][-1:] and entry["breadcrumb"][-1] in step.left_out_fields:
            entry["metadata"]["selected"] = False
    for stream, metadata in step.metadata.items():
        catalog = with_metadata(catalog, stream, **metadata)
    return catalog


def _discovered_catalog() -> dict[str, Any]:
    # Discovery has the same result for the subscription of every history.
    sandbox_clock = SandboxClock(START, speed=0)
    with Sandbox(subscription_options(1), clock=sandbox_clock, serves_http=False) as sandbox:
        clock = SimulatedClock(sandbox_clock)
        tap_class = simulated_tap_class(clock, SandboxAdapter(sandbox, clock))
        tap = tap_class(config=connected({"start_date": "2026-01-01"}, sandbox))
        catalog: dict[str, Any] = json.loads(tap.catalog_json_text)
        names = {*STREAMS, *MORE_STREAMS}
        catalog["streams"] = [each for each in catalog["streams"] if each["stream"] in names]
        return catalog


def run_tap(
    sandbox: Sandbox, step: Run, run: FinishedRun, play_inner: Callable[[], Sequence[Job]]
) -> None:
    """Run the tap with the settings and the state of ``run``; fill in what happened."""
    inner_ids: set[str] = set()

    def play_inner_without_faults() -> None:
        sandbox.faults.clear()
        inner_ids.update(job.export_id for job in play_inner())
        sandbox.faults[:] = step.faults

    clock = SimulatedClock(sandbox.clock, step.clock_is_ahead_seconds)
    interruption = step.interruption
    adapter = SandboxAdapter(sandbox, clock, interruption.calls if interruption else None)
    writer = _KillingWriter(step, adapter.kill, play_inner_without_faults)
    handler = _TracebackHandler()
    logger = logging.getLogger("tap-marketo-bulk")
    logger.addHandler(handler)
    sandbox.faults[:] = step.faults
    tap: TapMarketoBulk | None = None
    try:
        tap = simulated_tap_class(clock, adapter)(
            config=connected(run.settings, sandbox),
            catalog=catalog_of(step),
            state=deepcopy(run.state_before),
            message_writer=writer,
        )
        tap.sync_all()
    except (Exception, SimulatedKillError, EndlessRunError) as error:  # noqa: BLE001 - the checks judge it
        run.error = error
    finally:
        if tap is not None:
            _end_process(tap)
        sandbox.faults.clear()
        logger.removeHandler(handler)
    run.messages, run.tracebacks = writer.messages, handler.messages
    created = sandbox.jobs[run.jobs_before :]
    run.jobs = [job for job in created if job.export_id not in inner_ids]


def _end_process(tap: TapMarketoBulk) -> None:
    """Do what the tap has registered for the end of its process."""
    pipeline = getattr(vars(tap).get("sync_run"), "pipeline", None)
    if pipeline is not None:
        with suppress(SimulatedKillError):
            pipeline.close()
        atexit.unregister(pipeline.close)
