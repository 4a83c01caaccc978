"""The command line: the SDK's, with errors as sentences instead of tracebacks."""

from __future__ import annotations

import os
import sys
from typing import Any

import simplejson
from singer_sdk.exceptions import SingerSDKError
from singer_sdk.plugin_base import SingerCommand

from tap_marketo_bulk.errors import MarketoBulkError


class SentenceCommand(SingerCommand):
    """Ends with exit code 1 and one sentence where a user can do something about it.

    What nobody foresaw keeps its traceback: that is a bug, and the traceback is for us.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command as the SDK does."""
        try:
            return super().main(*args, **kwargs)
        except MarketoBulkError as error:
            self._end(str(error))
        except BrokenPipeError:
            # Nothing can be written any more, and Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._end(
                "The target closed its input before everything was written; see its own log. "
                "What it confirmed is safe, run again."
            )
        except simplejson.JSONDecodeError as error:
            self._end(f"The config, catalog or state file is not JSON ({error}).")
        except (SingerSDKError, FileNotFoundError) as error:
            self._end(str(error))

    def _end(self, sentence: str) -> None:
        self.logger.error("%s", sentence)
        sys.exit(1)
