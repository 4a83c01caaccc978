"""The errors that end a run only after its last stream: all other streams are loaded first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    RunEndedByExportQuotaError,
    StreamsDeniedError,
    StreamsWithoutFilterError,
)
from tap_marketo_bulk.extract.quota import next_reset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_marketo_bulk.errors import ExportQuotaError, MarketoBulkError, UnsupportedFilterError

logger = logging.getLogger("tap-marketo-bulk")


class PostponedErrors:
    """Keeps the errors of streams until the end of the run.

    Attributes:
        quota_error: Marketo's response that the daily export quota is used up; None without one.
    """

    def __init__(self, on_quota_exceeded: str) -> None:
        """Begin without errors.

        Args:
            on_quota_exceeded: The setting: with ``fail`` a used-up quota is an error at the end.
        """
        self._on_quota_exceeded = on_quota_exceeded
        self._denied: dict[str, AccessDeniedError] = {}
        self._without_filter: dict[str, UnsupportedFilterError] = {}
        self.quota_error: ExportQuotaError | None = None

    def leave_out(
        self,
        stream: str,
        error: AccessDeniedError | UnsupportedFilterError,
        *,
        is_test: bool = False,
    ) -> None:
        """Keep the error of a stream that this API user, or this subscription, cannot read.

        A connection test reads every stream, selected or not: for it a warning is enough.
        """
        if isinstance(error, AccessDeniedError):
            reason = f"the API user lacks the permission {error.permission or 'for it'}"
            left_out: dict[str, Any] = self._denied
        else:
            reason = f"the subscription lacks its filter ({error.code} {error.reason.rstrip('.')})"
            left_out = self._without_filter
        logger.warning("%s is left out: %s.", stream, reason)
        if not is_test:
            left_out[stream] = error

    def report(self, bookmarks: Mapping[str, datetime | None], now: datetime) -> None:
        """Report what was not read.

        Args:
            bookmarks: Up to where each stream is complete.
            now: The present, which determines the next reset of the quota.

        Raises:
            RunEndedByExportQuotaError: The quota was used up and ``on_quota_exceeded`` is ``fail``.
            StreamsDeniedError, StreamsWithoutFilterError: Streams were left out.
        """
        errors: list[MarketoBulkError] = []
        if self.quota_error:
            megabytes = self.quota_error.quota_megabytes
            ended = RunEndedByExportQuotaError(megabytes, dict(bookmarks), next_reset(now))
            if self._on_quota_exceeded == "fail":
                ended.__cause__ = self.quota_error
                errors.append(ended)
            else:
                logger.warning("%s", ended)
        if self._denied:
            errors.append(StreamsDeniedError(self._denied))
        if self._without_filter:
            errors.append(StreamsWithoutFilterError(self._without_filter))
        for error in errors[1:]:
            logger.error("%s", error)
        if errors:
            raise errors[0]
