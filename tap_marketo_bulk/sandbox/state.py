"""A world kept in a directory from one run of the sandbox to the next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tap_marketo_bulk.sandbox.exchange import Json
from tap_marketo_bulk.sandbox.job import Job
from tap_marketo_bulk.sandbox.ledger import Charge, Ledger
from tap_marketo_bulk.sandbox.options import Options

WORLD_OPTIONS = (
    "seed",
    "leads",
    "activities",
    "history_days",
    "many_fields",
    "lead_padding_bytes",
)
"""The options that a world cannot change once it is born."""

_TIMES = ("created_at", "queued_at", "started_at", "finished_at")
_KEPT = (
    "export_id",
    "object",
    "user",
    "request",
    "status",
    "number_of_records",
    "file_size",
    "file_checksum",
    "error",
    "downloads",
    "bytes_sent",
)


class StateError(Exception):
    """The directory holds no world, or another one than was asked for."""


@dataclass(frozen=True)
class Saved:
    """What a directory holds: the birth, the options of the world, and the jobs."""

    birth: datetime
    world: Mapping[str, int]
    ledger: Ledger


class State:
    """The directory of one world. Its files are ``world.json`` and one file per export job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "world.json"

    def load(self) -> Saved | None:
        """The world that was saved here, None in a directory without one.

        Raises:
            StateError: The directory cannot be had, or what is in it cannot be read.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            return self._saved(json.loads(text)) if text else None
        except OSError as error:
            message = f"The state directory {self.folder} cannot be used: {error.strerror}."
            raise StateError(message) from error
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self._path} was not written by marketo-sandbox, or is damaged."
            raise StateError(message) from error

    def save(self, birth: datetime, options: Options, ledger: Ledger) -> None:
        """Write everything down, at once or not at all."""
        content = {
            "birth": birth.isoformat(),
            "world": {name: getattr(options, name) for name in WORLD_OPTIONS},
            "jobs": [_written(job) for job in ledger.jobs],
            "charges": [[charge.at.isoformat(), charge.bytes] for charge in ledger.charges],
        }
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(self._path)

    def _saved(self, content: Any) -> Saved:  # noqa: ANN401 - JSON, checked by using it
        return Saved(
            birth=datetime.fromisoformat(content["birth"]),
            world={name: content["world"][name] for name in WORLD_OPTIONS},
            ledger=Ledger(
                tuple(self._job(job) for job in content["jobs"]),
                tuple(Charge(datetime.fromisoformat(at), n) for at, n in content["charges"]),
            ),
        )

    def _job(self, written: dict[str, Any]) -> Job:
        times: dict[str, Any] = {
            name: datetime.fromisoformat(written[name]) for name in _TIMES if written.get(name)
        }
        job = Job(**{name: written[name] for name in _KEPT}, **times)
        return job if job.file_size is None else replace(job, path=self.folder / job.export_id)


def _written(job: Job) -> dict[str, Json]:
    times = {name: instant and instant.isoformat() for name, instant in _times(job)}
    return {name: getattr(job, name) for name in _KEPT} | times


def _times(job: Job) -> list[tuple[str, datetime | None]]:
    return [(name, getattr(job, name)) for name in _TIMES]
