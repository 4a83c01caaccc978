"""What a run counts of each stream, and what it warns of at the end of a stream."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tap_marketo_bulk.rows.values import InvalidValueHandler, InvalidValuePolicy

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator

    from tap_marketo_bulk.exports.job import VerifiedFile
    from tap_marketo_bulk.rows.csv_file import FileStats
    from tap_marketo_bulk.times import Clock

logger = logging.getLogger("tap-marketo-bulk")
_T = TypeVar("_T")


@dataclass
class StreamCounts:
    """The counts of one stream.

    Attributes:
        records: Records of the stream.
        bytes: Bytes of the files of its jobs.
        jobs: Jobs whose files were read to their end.
        resumed_jobs: Those of them that an earlier run created.
        invalid_values: Values that do not fit their types and are null.
    """

    records: int = 0
    bytes: int = 0
    jobs: int = 0
    resumed_jobs: int = 0
    invalid_values: int = 0


class RunStatistics:
    """The counts of one run, by stream, and its times.

    Attributes:
        counts: Stream -> its counts.
        waiting_seconds: How long the run has waited for Marketo.
        reading_seconds: How long it has read files and pages, and written records.
        skipped_rows: The rows that no record was made of; see ``InvalidValueHandler``.
    """

    def __init__(self, policy: InvalidValuePolicy, clock: Clock) -> None:
        """Take what is not counted here.

        Args:
            policy: What to do with values that do not fit their types.
            clock: Measures the times.
        """
        self.counts: defaultdict[str, StreamCounts] = defaultdict(StreamCounts)
        self.waiting_seconds = self.reading_seconds = 0.0
        self.skipped_rows: list[str] = []
        self._policy = policy
        self._clock = clock
        self._invalid_values: dict[str, InvalidValueHandler] = {}
        self._nul_bytes: Counter[str] = Counter()

    def invalid_value_handler(self, stream: str) -> InvalidValueHandler:
        """Return where the invalid values of a stream are counted."""
        return self._invalid_values.setdefault(stream, InvalidValueHandler(self._policy))

    def add_records(self, stream: str, number: int) -> None:
        """Add records of a stream: those of a block or a page."""
        self.counts[stream].records += number

    def add_file(self, stream: str, stats: FileStats) -> None:
        """Add what was counted in a file of a stream's jobs."""
        self._nul_bytes[stream] += stats.nul_bytes

    def add_job(self, file: VerifiedFile) -> None:
        """Add a job whose file was read to its end."""
        counts = self.counts[file.task.stream]
        counts.jobs += 1
        counts.bytes += file.job.size or 0
        counts.resumed_jobs += file.job.export_id == file.task.export_id

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Add the time that this lasts to the time of waiting for Marketo."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self.waiting_seconds += self._clock.monotonic() - began

    @contextmanager
    def reading(self) -> Generator[None]:
        """Add the time that this lasts to the time of reading."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self.reading_seconds += self._clock.monotonic() - began

    def timed(self, items: Iterable[_T]) -> Iterator[_T]:
        """Yield items that Marketo is waited for; the time between them is that of reading."""
        iterator = iter(items)
        while True:
            with self.waiting():
                item = next(iterator, None)
            if item is None:
                return
            with self.reading():
                yield item

    def warn_of_altered_values(self, streams: Collection[str]) -> None:
        """Warn once of everything that is not in the records of these streams as it was."""
        for stream in streams:
            if self._nul_bytes[stream]:
                count = self._nul_bytes.pop(stream)
                logger.warning("%s: removed %d NUL bytes from values.", stream, count)
            if invalid := self._invalid_values.pop(stream, None):
                self.counts[stream].invalid_values += invalid.counts.total()
                self.skipped_rows += invalid.skipped
                for warning in invalid.warnings():
                    logger.warning("%s: %s", stream, warning)
