"""The errors that end a run only after its last stream: all other streams are loaded first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import RunEndedByExportQuotaError, StreamsDeniedError
from tap_marketo_bulk.extract.quota import next_reset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_marketo_bulk.errors import AccessDeniedError, ExportQuotaError
    from tap_marketo_bulk.streams.base import MarketoStream

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
        self.quota_error: ExportQuotaError | None = None

    def leave_out(self, stream: MarketoStream, error: AccessDeniedError) -> None:
        """Keep the error of a stream for which a permission is missing.

        A connection test reads every stream, selected or not: for it a warning is enough.
        """
        permission = error.permission or "for it"
        logger.warning(
            "%s is left out: the API user lacks the permission %s.", stream.name, permission
        )
        if not stream.has_record_limit:
            self._denied[stream.name] = error

    def report(self, bookmarks: Mapping[str, datetime | None], now: datetime) -> None:
        """Report what was not read.

        Args:
            bookmarks: Up to where each stream is complete.
            now: The present, which determines the next reset of the quota.

        Raises:
            RunEndedByExportQuotaError: The quota was used up and ``on_quota_exceeded`` is ``fail``.
            StreamsDeniedError: Streams were left out.
        """
        denied = StreamsDeniedError(self._denied) if self._denied else None
        if self.quota_error:
            megabytes = self.quota_error.quota_megabytes
            ended = RunEndedByExportQuotaError(megabytes, dict(bookmarks), next_reset(now))
            if self._on_quota_exceeded == "fail":
                if denied:
                    logger.error("%s", denied)
                raise ended from self.quota_error
            logger.warning("%s", ended)
        if denied:
            raise denied
