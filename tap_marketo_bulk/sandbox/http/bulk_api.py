"""The handlers of Bulk Extract: the calls about export jobs and their files."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError, invalid_value
from tap_marketo_bulk.sandbox.exports.jobs import CANCELLED_SPELLINGS, STATUSES, Job, JobQueue
from tap_marketo_bulk.sandbox.exports.objects import ExportObject
from tap_marketo_bulk.sandbox.http.messages import (
    FilePart,
    HttpRequest,
    HttpResponse,
    Route,
    page_by_token,
    success_response,
    text_response,
)

_RANGE_HEADER = re.compile(r"bytes=(\d+)-(\d*)|bytes=-(\d+)")


class BulkApi:
    """The handlers; ``objects`` are the export objects by name."""

    def __init__(self, objects: Mapping[str, ExportObject], jobs: JobQueue) -> None:
        self._objects = objects
        self._jobs = jobs

    def routes(self) -> list[Route]:
        """The routes, for each export object the same."""
        objects = "|".join((*map(re.escape, self._objects), "customobjects/[^/]+"))
        export = rf"/bulk/v1/(?P<object>{objects})/export"
        job = rf"{export}/(?P<export_id>[^/]+)"
        routes = (
            ("create", "POST", rf"{export}/create\.json", self._create),
            ("enqueue", "POST", rf"{job}/enqueue\.json", self._enqueue),
            ("status", "GET", rf"{job}/status\.json", self._get_status),
            ("file", "GET", rf"{job}/file\.json", self._get_file),
            ("cancel", "POST", rf"{job}/cancel\.json", self._cancel),
            ("list", "GET", rf"{export}\.json", self._list_jobs),
        )
        return [Route(*route, self._permission_of) for route in routes]

    def _permission_of(self, request: HttpRequest) -> str:
        return self._object(request).permission

    def _object(self, request: HttpRequest) -> ExportObject:
        found = self._objects.get(request.call.object)
        if found is None:
            message = f"Object '{request.call.object.rpartition('/')[2]}' not found"
            raise SandboxApiError(ApiErrorCode.OBJECT_NOT_FOUND, message)
        return found

    def _create(self, request: HttpRequest) -> HttpResponse:
        if "application/json" not in request.headers.get("content-type", ""):
            message = "Invalid Content Type: use application/json"
            raise SandboxApiError(ApiErrorCode.INVALID_CONTENT_TYPE, message)
        body = request.call.body
        if not isinstance(body, dict):
            message = "Invalid JSON: the body must be an object"
            raise SandboxApiError(ApiErrorCode.INVALID_JSON, message)
        self._object(request).parse_create_body(body, self._jobs.current_instant())
        return _job_response(self._jobs.create(request.call.object, request.client_id, body))

    def _find_job(self, request: HttpRequest) -> Job:
        call = request.call
        return self._jobs.find_job(call.export_id, call.object, request.client_id)

    def _enqueue(self, request: HttpRequest) -> HttpResponse:
        return _job_response(self._jobs.enqueue(self._find_job(request)))

    def _get_status(self, request: HttpRequest) -> HttpResponse:
        return _job_response(self._jobs.reported_job(self._find_job(request)))

    def _cancel(self, request: HttpRequest) -> HttpResponse:
        return _job_response(self._jobs.cancel(self._find_job(request)))

    def _list_jobs(self, request: HttpRequest) -> HttpResponse:
        status_filter = request.query.get("status", "").split(",")
        selected = {_normalize_status(status) for status in status_filter if status}
        unknown = sorted(selected - {_normalize_status(status) for status in STATUSES})
        if unknown:
            raise invalid_value(f"Invalid status [{', '.join(unknown)}]")
        visible = self._jobs.visible_jobs(request.call.object, request.client_id)
        reported = [self._jobs.reported_job(job) for job in visible]
        jobs = [
            job for job in reported if not selected or _normalize_status(job.status) in selected
        ]
        page, next_page = page_by_token(jobs, request.query)
        return success_response(result=[_job_entry(job) for job in page], **next_page)

    def _get_file(self, request: HttpRequest) -> HttpResponse:
        try:
            job = self._find_job(request)
        except SandboxApiError:
            return text_response(404, "Export job not found")
        path = self._jobs.available_file(job)
        if path is None:
            return text_response(404, "The export file is not available")
        size = path.stat().st_size
        start, end = 0, size
        headers = {"Accept-Ranges": "bytes"}
        range_match = _RANGE_HEADER.fullmatch(request.headers.get("range", ""))
        if range_match:
            start, end = _range_bounds(range_match, size)
            if start >= end:
                return HttpResponse(416, headers=headers | {"Content-Range": f"bytes */{size}"})
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        count_sent_bytes = partial(self._jobs.count_sent_bytes, job.export_id)
        return HttpResponse(
            206 if range_match else 200,
            content_type="text/csv;charset=UTF-8",
            headers=headers,
            file=FilePart(path, start, end - start, count_sent_bytes),
        )


def _normalize_status(status: str) -> str:
    """The status in lower case; both spellings of Cancelled become the same."""
    status = status.casefold()
    return "cancelled" if status in CANCELLED_SPELLINGS else status


def _range_bounds(range_match: re.Match[str], size: int) -> tuple[int, int]:
    """The start and the exclusive end of the requested bytes."""
    first, last, suffix_length = range_match.groups()
    if suffix_length:
        return max(0, size - int(suffix_length)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _job_response(job: Job) -> HttpResponse:
    return success_response(result=[_job_entry(job)])


def _job_entry(job: Job) -> dict[str, object]:
    """The job in the API's format; members without a value are omitted."""
    members = {
        "exportId": job.export_id,
        "format": job.request.get("format", "CSV"),
        "status": job.status,
        "createdAt": _format_datetime(job.created_at),
        "queuedAt": _format_datetime(job.queued_at),
        "startedAt": _format_datetime(job.started_at),
        "finishedAt": _format_datetime(job.finished_at),
        "numberOfRecords": job.number_of_records,
        "fileSize": job.file_size,
        "fileChecksum": job.file_checksum,
        "errorMsg": job.error,
    }
    return {name: value for name, value in members.items() if value is not None}


def _format_datetime(instant: datetime | None) -> str | None:
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ")
