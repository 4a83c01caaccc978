"""The command line: the SDK's, with error messages instead of tracebacks."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import SingerSDKError
from singer_sdk.plugin_base import SingerCommand

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.exports.progress import interrupted_message

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

    import click


class SignalExit(SystemExit):
    """The end of the process after SIGINT or SIGTERM.

    It is logged once it is caught: the signal may have arrived in the middle of a log line.
    """

    def __init__(self, signal_number: int, jobs: int) -> None:
        """Set the exit code as a shell reports a process that a signal ended.

        Args:
            signal_number: The number of the signal.
            jobs: The export jobs of the run that run on in Marketo.
        """
        super().__init__(128 + signal_number)
        self._message = interrupted_message(signal.Signals(signal_number).name, jobs)
        self._is_logged = False

    def log_once(self, logger: logging.Logger) -> None:
        """Log what becomes of the jobs of the run, unless it was logged before."""
        if not self._is_logged:
            self._is_logged = True
            logger.warning("%s", self._message)


class ErrorReportingCommand(SingerCommand):
    """Ends with exit code 1 and one message where the user can correct the cause.

    Unexpected errors keep their traceback: they are bugs, and the traceback is for the developers.
    """

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - click's own signature
        """Parse the arguments; some of the SDK's options, --about for example, also run here."""
        if sys.stdout is None:
            # As with `>&-`. The next file to be opened would take its place.
            self._end(
                "Standard output is closed, so no message can be written. Nothing was read; "
                "connect it to a target or to a file and run again."
            )
        with self._error_messages():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command."""
        with self._error_messages():
            return super().invoke(ctx)

    @contextmanager
    def _error_messages(self) -> Iterator[None]:
        # Not around main(): click catches a broken pipe there and shows no message.
        try:
            yield
        except MarketoBulkError as error:
            self._end(str(error))
        except SignalExit as process_exit:
            process_exit.log_once(self.logger)
            raise
        except BrokenPipeError:
            # Python flushes stdout when it ends, which would fail once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._end(
                "The target closed its input before the tap had written everything; see the "
                "target's log. What the target confirmed is safe; run again."
            )
        except SingerSDKError as error:
            self._end(str(error))
        except OSError as error:
            # A config file that does not exist, or a full disk behind stdout.
            problem = str(error).removesuffix(".")
            self._end(
                f"{problem}. Bookmarks only cover records that were written; correct the cause "
                "and run again."
            )

    def _end(self, message: str) -> None:
        self.logger.error("%s", message)
        sys.exit(1)
