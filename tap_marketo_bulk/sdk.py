"""Everything of singer_sdk that is not its public interface, in one place.

The SDK takes bookmarks from records, validates settings in its own words and writes STATE from
its signal handler. This tap does these three things itself, for which the SDK has no public hook.
Each name here was read in singer_sdk 0.54.9; ``tests/test_sdk_names.py`` fails when one is renamed.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap
from singer_sdk.exceptions import ConfigValidationError, SingerSDKError
from singer_sdk.mapper import CustomStreamMap, RemoveRecordTransform

from tap_marketo_bulk.errors import RecordMappingError, SettingsError
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import FrameType

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import RecordMessage

# The names that are overridden (by class) or used: singer_sdk documents none of them.
STREAM_NAMES = (
    "_increment_stream_state",
    "_write_starting_replication_value",
    "_write_schema_message",
    "_write_record_message",
    "_generate_record_messages",
)
STREAM_ATTRIBUTES = ("_tap", "_metadata", "_input_schema", "_stream_version")
TAP_NAMES = ("_validate_config", "_env_var_config", "_handle_termination")
TAP_ATTRIBUTES = ("_config", "_mapper")
# Messages of the SDK's log that are dropped or shown at another level.
STREAM_ERROR_MESSAGE = "An unhandled error occurred while syncing '%s'"
CHILD_STREAM_MESSAGE = "Added '%s' as child stream to '%s'"
DESELECTED_STREAM_MESSAGE = "Skipping deselected stream '%s'."
# An expression, or the value that it fails for, can be long.
_MAX_REASON_CHARACTERS = 300


class SdkStream(Stream):
    """A stream that writes its state and, where it likes, its records itself."""

    @property
    def tap(self) -> SdkTap:
        """The tap of this stream."""
        tap: SdkTap = self._tap  # type: ignore[assignment] # only SdkTap makes these streams
        return tap

    @property
    def has_record_limit(self) -> bool:
        """Whether this is a connection test, which wants a record or two."""
        return self.ABORT_AT_RECORD_COUNT is not None

    @property
    def has_version(self) -> bool:
        """Whether RECORD messages carry a version, which ACTIVATE_VERSION refers to."""
        return self._stream_version is not None

    @property
    def is_removed_by_map(self) -> bool:
        """Whether a stream map removes the whole stream; False before the maps are known."""
        if self._tap._mapper is None:  # noqa: SLF001 - the SDK's property raises an error
            return False
        return all(isinstance(each, RemoveRecordTransform) for each in self.stream_maps)

    @property
    def metadata_is_not_built(self) -> bool:
        """Whether the catalog's metadata are still to be made from the discovered schema."""
        return self._metadata is None and self._input_schema is None

    def write_schema(self) -> None:
        """Write the SCHEMA message."""
        self._write_schema_message()

    def write_record(self, record: Record) -> None:
        """Write a record as the SDK does: mapped, flattened, filtered."""
        self._write_record_message(record)

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Yield a record's messages after stream maps; an expression can raise any error.

        Raises:
            RecordMappingError: An expression cannot be evaluated for the record.
        """
        try:
            messages = list(super()._generate_record_messages(record))
        except Exception as error:
            if not any(isinstance(each, CustomStreamMap) for each in self.stream_maps):
                raise
            raise RecordMappingError(self.name, _reason(error)) from error
        yield from messages

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Context | None = None
    ) -> None:
        """Take no bookmark from a record: bookmarks are the ends of windows."""

    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Keep the state free of keys that only the SDK's own bookmarks need."""

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's signature
        """Log as the SDK does, but not that an error occurred: the command shows the error."""
        level = logging.DEBUG if message == STREAM_ERROR_MESSAGE else level
        super().log(message, *args, level=level, **kwargs)


class SdkTap(Tap):
    """A tap that reads its settings and ends its process itself."""

    def setup_mapper(self) -> None:
        """Prepare stream maps and flattening; some invalid expressions fail here.

        Raises:
            SettingsError: They cannot be used.
        """
        # First, since an error of discovery is none of the stream maps.
        _ = self.catalog
        try:
            super().setup_mapper()
        except ConfigValidationError as error:
            raise SettingsError(error.errors) from None
        except Exception as error:
            if not self.config.get("stream_maps"):
                raise
            raise SettingsError([f"stream_maps: {_reason(error)}"]) from error

    def sync_all(self) -> None:  # type: ignore[misc] # final, but it alone sees how a run ends
        """Read all streams, and call ``report_run_end``, whatever the outcome."""
        _ = self.streams  # an error of discovery is not the end of a run: none has begun
        self.check_state()
        try:
            super().sync_all()
            self.raise_postponed_errors()
        except BaseException as error:
            self.report_run_end(error)
            raise
        self.report_run_end(None)

    def write_state(self) -> None:
        """Write a STATE message with the present state."""
        self.state_writer.write_state(self.state)

    @abstractmethod
    def parse_and_check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Check the configuration; return it with defaults, for the SDK's own settings."""

    @abstractmethod
    def read_environment_settings(self) -> dict[str, Any]:
        """Return the settings in environment variables for ``parse_and_check_config``."""

    @abstractmethod
    def check_state(self) -> None:
        """Check what can only be checked once the streams are known, before any is read."""

    @abstractmethod
    def raise_postponed_errors(self) -> None:
        """Raise the errors of a run that are raised after the last stream."""

    @abstractmethod
    def report_run_end(self, error: BaseException | None) -> None:
        """Do what there is to do after all streams, or after the error that ended the run."""

    @abstractmethod
    def exit_between_messages(self, signal_number: int) -> None:
        """End the process after SIGINT or SIGTERM."""

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings in place of the SDK, whose messages would show a secret."""
        del raise_errors  # the tap is of no use with wrong settings
        self._config = self.parse_and_check_config(self._config)
        return []

    @property
    def _env_var_config(self) -> dict[str, Any]:
        """Read environment variables in place of the SDK, whose parsing ends in tracebacks."""
        return self.read_environment_settings()

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End the process without the SDK's last STATE, which may tear the line being written."""
        del frame
        self.exit_between_messages(signum)


def _reason(error: Exception) -> str:
    """Return what an error says, with its class where that is Python's own."""
    text = clean_line(error)[:_MAX_REASON_CHARACTERS].rstrip(".")
    return text if isinstance(error, SingerSDKError) else f"{type(error).__name__}: {text}"


def _is_wanted(record: logging.LogRecord) -> bool:
    """Drop the SDK's messages that there are dozens of: one for each typed stream."""
    return record.msg not in (CHILD_STREAM_MESSAGE, DESELECTED_STREAM_MESSAGE)


def filter_log(logger: logging.Logger) -> None:
    """Keep messages of the SDK that help nobody out of a tap's log."""
    logger.addFilter(_is_wanted)
