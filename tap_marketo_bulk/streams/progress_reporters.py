"""Where the progress of a run is shown: in the log, or in the terminal of a person."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from tap_marketo_bulk.extract.progress import LoggedProgress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.extract.progress import ProgressReporter


def choose_reporter(
    out: TextIO | None = None,
    errors: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> ProgressReporter:
    """Return a display for a terminal; everywhere else the progress is logged.

    There is a display if a person sees stderr, and nothing else writes to the terminal: neither
    the records on stdout nor Meltano, which prints the lines of all its plugins.

    Args:
        out: Where records are written, by default stdout.
        errors: Where the log is written, by default stderr.
        environment: The environment variables.
    """
    out, errors = out or sys.stdout, errors or sys.stderr
    is_seen = errors is not None and errors.isatty() and not out.isatty()
    if is_seen and "MELTANO_PROJECT_ROOT" not in environment and environment.get("TERM") != "dumb":
        # Not where it is never shown: importing rich takes a tenth of the start of the process.
        from tap_marketo_bulk.streams.progress_display import display_in  # noqa: PLC0415

        return display_in(errors)
    return LoggedProgress()
