"""The calls of Marketo's API, each answered by one small method."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from tap_marketo_bulk.sandbox.exchange import Exchange, FilePart, Reply, json_reply, plain_reply
from tap_marketo_bulk.sandbox.export_request import read_export_request
from tap_marketo_bulk.sandbox.jobs import Job, Jobs
from tap_marketo_bulk.sandbox.kinds import KINDS
from tap_marketo_bulk.sandbox.refusal import Code, Refusal
from tap_marketo_bulk.sandbox.tokens import Tokens
from tap_marketo_bulk.sandbox.world import World

_EXPORT = r"/bulk/v1/(?P<object>leads|activities)/export"
_JOB = _EXPORT + r"/(?P<export_id>[^/]+)"
_Handler = Callable[[Exchange, str], Reply]
_RANGE = re.compile(r"bytes=(\d+)-(\d*)|bytes=-(\d+)")


@dataclass(frozen=True)
class Route:
    """Where a call is found: its name, its methods and the pattern of its path."""

    name: str
    methods: str
    pattern: str


ROUTES = (
    Route("token", "GET POST", "/identity/oauth/token"),
    Route("describe", "GET", r"/rest/v1/leads/describe\.json"),
    Route("types", "GET", r"/rest/v1/activities/types\.json"),
    Route("create", "POST", _EXPORT + r"/create\.json"),
    Route("enqueue", "POST", _JOB + r"/enqueue\.json"),
    Route("status", "GET", _JOB + r"/status\.json"),
    Route("file", "GET", _JOB + r"/file\.json"),
    Route("cancel", "POST", _JOB + r"/cancel\.json"),
    Route("list", "GET", _EXPORT + r"\.json"),
)


def find_route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The name of the call and what its path holds; no name when there is no such call."""
    for route in ROUTES:
        match = re.fullmatch(route.pattern, path)
        if match and method in route.methods.split():
            return route.name, match.groupdict()
    return "", {}


class Api:
    """Answers calls from the state of one subscription."""

    def __init__(self, world: World, jobs: Jobs, tokens: Tokens) -> None:
        self._world = world
        self._jobs = jobs
        self._tokens = tokens
        self._handlers: dict[str, _Handler] = {
            "": self._nowhere,
            "describe": self._describe,
            "types": self._types,
            "create": self._create,
            "enqueue": self._enqueue,
            "status": self._status,
            "file": self._file,
            "cancel": self._cancel,
            "list": self._list,
        }

    def answer(self, exchange: Exchange) -> Reply:
        """The reply to one call."""
        name = exchange.call.name
        try:
            if name == "token":
                return self._token(exchange)
            user = self._tokens.owner(exchange.headers.get("Authorization", ""))
            return self._handlers[name](exchange, user)
        except Refusal as refusal:
            return refused(refusal)

    def _token(self, exchange: Exchange) -> Reply:
        try:
            token, seconds = self._mint(dict(parse_qsl(exchange.body.decode())) or exchange.query)
        except Refusal as refusal:
            content = {"error": refusal.code, "error_description": refusal.message}
            return json_reply(content, refusal.http_status)
        return json_reply(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": seconds,
                "scope": "sandbox@example.com",
            }
        )

    def _mint(self, given: Mapping[str, str]) -> tuple[str, int]:
        if given.get("grant_type") != "client_credentials":
            raise Refusal(Code.UNSUPPORTED_GRANT, "Unsupported grant type", http_status=400)
        return self._tokens.mint(given.get("client_id", ""), given.get("client_secret", ""))

    def _nowhere(self, _exchange: Exchange, _user: str) -> Reply:
        raise Refusal(Code.NOT_FOUND, "Requested resource not found", http_status=404)

    def _describe(self, _exchange: Exchange, _user: str) -> Reply:
        return success([field.described() for field in self._world.fields])

    def _types(self, _exchange: Exchange, _user: str) -> Reply:
        return success([kind.described() for kind in KINDS])

    def _create(self, exchange: Exchange, user: str) -> Reply:
        body = exchange.call.body
        read_export_request(exchange.call.object, body, self._world)
        assert isinstance(body, dict)  # noqa: S101 - just checked
        return success([shown(self._jobs.create(exchange.call.object, user, body))])

    def _job(self, exchange: Exchange, user: str) -> Job:
        return self._jobs.find(exchange.call.export_id, exchange.call.object, user)

    def _enqueue(self, exchange: Exchange, user: str) -> Reply:
        return success([shown(self._jobs.enqueue(self._job(exchange, user)))])

    def _status(self, exchange: Exchange, user: str) -> Reply:
        return success([shown(self._job(exchange, user))])

    def _cancel(self, exchange: Exchange, user: str) -> Reply:
        return success([shown(self._jobs.cancel(self._job(exchange, user)))])

    def _list(self, exchange: Exchange, user: str) -> Reply:
        jobs = [
            job
            for job in self._jobs.all()
            if (job.object, job.user) == (exchange.call.object, user)
        ]
        return success([shown(job) for job in jobs])

    def _file(self, exchange: Exchange, user: str) -> Reply:
        try:
            job = self._job(exchange, user)
        except Refusal:
            return plain_reply(404, "File not found")
        if job.path is None or job.file_size is None:
            return plain_reply(404, "File not found")
        start, end = 0, job.file_size
        asked = _RANGE.fullmatch(exchange.headers.get("Range", ""))
        headers = {"Accept-Ranges": "bytes"}
        if asked:
            start, end = _bounds(asked, job.file_size)
            if start >= end:
                headers["Content-Range"] = f"bytes */{job.file_size}"
                return Reply(416, headers=headers)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{job.file_size}"
        part = FilePart(job.path, start, end - start, job.export_id)
        return Reply(206 if asked else 200, b"", "text/csv;charset=UTF-8", headers, part)


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    first, last, suffix = asked.groups()
    if suffix:
        return max(0, size - int(suffix)), size
    return int(first), min(size, int(last) + 1 if last else size)


def success(result: list[dict[str, object]]) -> Reply:
    """The envelope around a result."""
    return json_reply({"requestId": _request_id(), "result": result, "success": True})


def refused(refusal: Refusal) -> Reply:
    """The envelope around an error."""
    errors = [{"code": refusal.code, "message": refusal.message}]
    content = {"requestId": _request_id(), "success": False, "errors": errors}
    return json_reply(content, refusal.http_status)


def _request_id() -> str:
    return f"{uuid.uuid4().hex[:4]}#{uuid.uuid4().hex[:11]}"


def shown(job: Job) -> dict[str, object]:
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


def decoded(body: bytes) -> object:
    """The JSON of a body; nothing where there is none."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
