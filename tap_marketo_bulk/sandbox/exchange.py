"""A call and its reply, free of the server that carries them."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tap_marketo_bulk.sandbox.refusal import Refusal

Json = object
"""What JSON decodes to."""

BEFORE_HEADERS = -1
"""Where a connection can end, beside at a byte of the body."""


@dataclass(frozen=True)
class Call:
    """One call as it arrived, and the HTTP status it was answered with (0: dropped).

    ``body`` is the decoded JSON of a request that had one.
    """

    at: datetime
    name: str
    method: str
    path: str
    object: str = ""
    export_id: str = ""
    status: int = 0
    body: Json = None


@dataclass(frozen=True)
class Exchange:
    """What a handler gets to see of a call. The names in ``headers`` are in lower case."""

    call: Call
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class FilePart:
    """A stretch of the file of a job."""

    path: Path
    start: int
    length: int
    export_id: str


@dataclass(frozen=True)
class Delivery:
    """How a reply travels: by default at once and whole."""

    delay_seconds: float = 0.0
    """Real time before anything is sent."""
    drop_at: int | None = None
    """The connection ends at this byte of the body, or ``BEFORE_HEADERS``."""
    reset: bool = False
    """A dropped connection is reset, not closed."""
    corrupt_at: int | None = None
    """This byte of the body is another."""
    pause_seconds: float = 0.0
    """The body comes in small pieces with this real time between them."""


@dataclass(frozen=True)
class Reply:
    """What the server sends: ``body``, or the stretch of a file and then ``body``."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    file: FilePart | None = None
    delivery: Delivery = Delivery()

    @property
    def length(self) -> int:
        """The bytes of the body."""
        return len(self.body) + (self.file.length if self.file else 0)


def json_reply(content: Json, status: int = 200) -> Reply:
    """A reply of JSON."""
    return Reply(status, json.dumps(content).encode())


def plain_reply(status: int, message: str) -> Reply:
    """A reply of plain text."""
    return Reply(status, message.encode(), "text/plain;charset=UTF-8")


def success(result: list[dict[str, Json]], **more: Json) -> Reply:
    """The envelope around a result."""
    return envelope(result=result, **more)


def envelope(**members: Json) -> Reply:
    """The envelope of a call that succeeded, with ``members``."""
    return json_reply({"requestId": _request_id(), "success": True, **members})


def refused(refusal: Refusal) -> Reply:
    """The envelope around an error."""
    return error_reply({"code": refusal.code, "message": refusal.message}, refusal.http_status)


def error_reply(entry: dict[str, Json], status: int = 200) -> Reply:
    """The envelope around one entry of ``errors``."""
    content = {"requestId": _request_id(), "success": False, "errors": [entry]}
    return json_reply(content, status)


def _request_id() -> str:
    number = uuid.uuid4().hex
    return f"{number[:4]}#{number[4:15]}"
