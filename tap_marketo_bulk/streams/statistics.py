"""What a run counts of each stream, and how it is reported."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from tap_marketo_bulk.extract.invalid_values import InvalidValueHandler, InvalidValuePolicy

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_marketo_bulk.extract.file_reader import FileStats

logger = logging.getLogger("tap-marketo-bulk")


class RunStatistics:
    """The counts of one run, by stream."""

    def __init__(self, policy: InvalidValuePolicy) -> None:
        """Count from zero.

        Args:
            policy: What to do with values that do not fit their types.
        """
        self._policy = policy
        self._invalid_values: dict[str, InvalidValueHandler] = {}
        self._nul_bytes: Counter[str] = Counter()

    def invalid_value_handler(self, stream: str) -> InvalidValueHandler:
        """Return where the invalid values of a stream are counted."""
        return self._invalid_values.setdefault(stream, InvalidValueHandler(self._policy))

    def add_file(self, stream: str, stats: FileStats) -> None:
        """Add what was counted in a file of a stream's jobs."""
        self._nul_bytes[stream] += stats.nul_bytes

    def warn_of_altered_values(self, streams: Collection[str]) -> None:
        """Warn once of everything that is not in the records of these streams as it was."""
        for stream in streams:
            if self._nul_bytes[stream]:
                count = self._nul_bytes.pop(stream)
                logger.warning("%s: removed %d NUL bytes from values.", stream, count)
            invalid = self._invalid_values.pop(stream, None)
            for field, count in invalid.counts.items() if invalid else ():
                logger.warning(
                    "%s: %d values of %s do not fit their type and are null, the first in %s. The "
                    "originals are in _invalid_values where that column is selected.",
                    stream,
                    count,
                    field,
                    invalid.samples[field] if invalid else "",
                )
