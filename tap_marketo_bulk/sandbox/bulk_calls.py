"""The calls of the bulk export: the life of a job, from its creation to its file."""

import re
from collections.abc import Mapping
from datetime import datetime

from tap_marketo_bulk.sandbox.api import Handler
from tap_marketo_bulk.sandbox.exchange import (
    Exchange,
    FilePart,
    Json,
    Reply,
    plain_reply,
    success,
)
from tap_marketo_bulk.sandbox.export_request import read_export_request
from tap_marketo_bulk.sandbox.job import CANCELLED, STATUSES, Job
from tap_marketo_bulk.sandbox.jobs import Jobs
from tap_marketo_bulk.sandbox.paging import page
from tap_marketo_bulk.sandbox.refusal import Code, Refusal
from tap_marketo_bulk.sandbox.world import World

_RANGE = re.compile(r"bytes=(\d+)-(\d*)|bytes=-(\d+)")


class BulkCalls:
    """Answers the calls below ``/bulk/v1``."""

    def __init__(self, world: World, jobs: Jobs) -> None:
        self._world = world
        self._jobs = jobs

    def handlers(self) -> Mapping[str, Handler]:
        """Who answers which call."""
        return {
            "create": self._create,
            "enqueue": self._enqueue,
            "status": self._status,
            "file": self._file,
            "cancel": self._cancel,
            "list": self._list,
        }

    def _create(self, exchange: Exchange, user: str) -> Reply:
        if "application/json" not in exchange.headers.get("content-type", ""):
            raise Refusal(Code.CONTENT_TYPE, "Invalid Content Type: use application/json")
        kind, body = exchange.call.object, exchange.call.body
        if not isinstance(body, dict):
            raise Refusal(Code.NOT_JSON, "Invalid JSON: the body must be an object")
        read_export_request(kind, body, self._world)
        return success([_shown(self._jobs.create(kind, user, body))])

    def _job(self, exchange: Exchange, user: str) -> Job:
        return self._jobs.find(exchange.call.export_id, exchange.call.object, user)

    def _enqueue(self, exchange: Exchange, user: str) -> Reply:
        return success([_shown(self._jobs.enqueue(self._job(exchange, user)))])

    def _status(self, exchange: Exchange, user: str) -> Reply:
        return success([_shown(self._jobs.seen(self._job(exchange, user)))])

    def _cancel(self, exchange: Exchange, user: str) -> Reply:
        return success([_shown(self._jobs.cancel(self._job(exchange, user)))])

    def _list(self, exchange: Exchange, user: str) -> Reply:
        asked = exchange.query.get("status", "")
        wanted = {_folded(status) for status in asked.split(",") if status}
        unknown = sorted(wanted - {_folded(status) for status in STATUSES})
        if unknown:
            raise Refusal(Code.INVALID_VALUE, f"Invalid status [{', '.join(unknown)}]")
        seen = [self._jobs.seen(job) for job in self._jobs.of(exchange.call.object, user)]
        jobs = [job for job in seen if not wanted or _folded(job.status) in wanted]
        shown, token = page(jobs, exchange.query)
        more = {"nextPageToken": token} if token else {}
        return success([_shown(job) for job in shown], **more)

    def _file(self, exchange: Exchange, user: str) -> Reply:
        try:
            job = self._job(exchange, user)
        except Refusal:
            return plain_reply(404, "Export job not found")
        path = self._jobs.file_of(job)
        if path is None:
            return plain_reply(404, "The export file is not available")
        size = path.stat().st_size
        start, end = 0, size
        headers = {"Accept-Ranges": "bytes"}
        asked = _RANGE.fullmatch(exchange.headers.get("range", ""))
        if asked:
            start, end = _bounds(asked, size)
            if start >= end:
                return Reply(416, headers=headers | {"Content-Range": f"bytes */{size}"})
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        part = FilePart(path, start, end - start, job.export_id)
        return Reply(206 if asked else 200, b"", self._world.options.content_type, headers, part)


def _folded(status: str) -> str:
    """A status for comparison: letter case and the two spellings of a cancelled job are one."""
    folded = status.casefold()
    return "cancelled" if folded in CANCELLED else folded


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    first, last, suffix = asked.groups()
    if suffix:
        return max(0, size - int(suffix)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _shown(job: Job) -> dict[str, Json]:
    """A job as a reply shows it: what has not come to be yet is left out."""
    members = {
        "exportId": job.export_id,
        "format": job.request.get("format", "CSV"),
        "status": job.status,
        "createdAt": _time(job.created_at),
        "queuedAt": _time(job.queued_at),
        "startedAt": _time(job.started_at),
        "finishedAt": _time(job.finished_at),
        "numberOfRecords": job.number_of_records,
        "fileSize": job.file_size,
        "fileChecksum": job.file_checksum,
        "errorMsg": job.error,
    }
    return {name: value for name, value in members.items() if value is not None}


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ")
