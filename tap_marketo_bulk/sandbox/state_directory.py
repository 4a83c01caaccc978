"""The state directory: the data set and the export jobs, kept from one run to the next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tap_marketo_bulk.sandbox.edge_cases import ALL_EDGE_CASES, EdgeCase
from tap_marketo_bulk.sandbox.exports.jobs import DownloadCharge, Job, JobHistory
from tap_marketo_bulk.sandbox.options import Options

DATA_SET_OPTIONS = (
    *("seed", "leads", "activities", "history_days", "many_fields", "lead_padding_bytes"),
    "edge_cases",
)
"""The options that must be the same in each run with the same state directory."""

# The names of those that are instants end in "_at".
_JOB_FIELDS = frozenset(Job.__dataclass_fields__) - {"path", "job_faults"}
DataSetOption = int | frozenset[EdgeCase]


class StateDirectoryError(Exception):
    """The directory cannot be used, or it has a data set with other options."""


@dataclass(frozen=True)
class SavedState:
    """The content of a state directory, except the export files.

    ``data_set_options`` has the values of ``DATA_SET_OPTIONS``.
    """

    created_at: datetime
    data_set_options: Mapping[str, DataSetOption]
    history: JobHistory


class StateDirectory:
    """A directory with the file ``world.json`` and one export file per completed job.

    The JSON has the members ``birth`` (the creation of the data set), ``world`` (its options),
    ``jobs`` and ``charges``. These names are part of the format: state directories of released
    versions stay readable.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "world.json"

    def load(self) -> SavedState | None:
        """Create the directory if needed; return the saved state, None if there is none.

        Raises:
            StateDirectoryError: The directory cannot be created, or the file cannot be read.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            return self._parse_state(json.loads(text)) if text else None
        except OSError as error:
            message = f"The state directory {self.folder} cannot be used: {error.strerror}."
            raise StateDirectoryError(message) from error
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self._path} was not written by marketo-sandbox, or is damaged."
            raise StateDirectoryError(message) from error

    def save(self, created_at: datetime, options: Options, history: JobHistory) -> None:
        """Replace the saved state; if this fails, the old state is unchanged."""
        content = {
            "birth": created_at.isoformat(),
            "world": options_json({name: getattr(options, name) for name in DATA_SET_OPTIONS}),
            "jobs": [_job_json(job) for job in history.jobs],
            "charges": [[charge.at.isoformat(), charge.bytes] for charge in history.charges],
        }
        new_path = self._path.with_suffix(".new")
        new_path.write_text(json.dumps(content), encoding="utf-8")
        new_path.replace(self._path)

    def _parse_state(self, content: Any) -> SavedState:  # noqa: ANN401 - JSON; its use checks it
        jobs = tuple(self._parse_job(job) for job in content["jobs"])
        charges = tuple(
            DownloadCharge(datetime.fromisoformat(at), byte_count)
            for at, byte_count in content["charges"]
        )
        options = _parse_options(content["world"])
        created_at = datetime.fromisoformat(content["birth"])
        return SavedState(created_at, options, JobHistory(jobs, charges))

    def _parse_job(self, content: dict[str, Any]) -> Job:
        values: dict[str, Any] = {name: content[name] for name in _JOB_FIELDS}
        for name in _JOB_FIELDS:
            if name.endswith("_at") and values[name]:
                values[name] = datetime.fromisoformat(values[name])
        job = Job(**values)
        return job if job.file_size is None else replace(job, path=self.folder / job.export_id)


def options_json(options: Mapping[str, DataSetOption]) -> dict[str, object]:
    """The options of a data set as JSON contains them."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in options.items()
    }


def _parse_options(content: dict[str, Any]) -> dict[str, DataSetOption]:
    # Versions that did not save the edge cases had all of them.
    names = content.get("edge_cases", ALL_EDGE_CASES)
    values = {name: content[name] for name in DATA_SET_OPTIONS if name != "edge_cases"}
    return {**values, "edge_cases": frozenset(map(EdgeCase, names))}


def _job_json(job: Job) -> dict[str, object]:
    values = {name: getattr(job, name) for name in _JOB_FIELDS}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
