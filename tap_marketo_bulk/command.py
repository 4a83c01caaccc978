"""The command line: the SDK's, with errors as sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import simplejson
from singer_sdk.exceptions import SingerSDKError
from singer_sdk.plugin_base import SingerCommand

from tap_marketo_bulk.errors import MarketoBulkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click


class ErrorReportingCommand(SingerCommand):
    """Ends with exit code 1 and one sentence where a user can do something about it.

    What nobody foresaw keeps its traceback: that is a bug, and the traceback is for us.
    """

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - click's own signature
        """Read the arguments; some of the SDK's options do all their work here."""
        with self._sentences():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command."""
        with self._sentences():
            return super().invoke(ctx)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        # Not around main(), where click would catch a broken pipe first and say nothing.
        try:
            yield
        except MarketoBulkError as error:
            self._end(str(error))
        except BrokenPipeError:
            # Nothing can be written any more, and Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._end(
                "The target closed its input before everything was written; see its own log. "
                "What it confirmed is safe, run again."
            )
        except (simplejson.JSONDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
            self._end(f"A catalog, a state or a list in the environment is not JSON ({error}).")
        except SingerSDKError as error:
            self._end(str(error))
        except OSError as error:
            # A config that is not there, a full disk behind stdout.
            finding = str(error).removesuffix(".")
            self._end(f"{finding}. What was delivered is safe; mend this and run again.")

    def _end(self, sentence: str) -> None:
        self.logger.error("%s", sentence)
        sys.exit(1)
