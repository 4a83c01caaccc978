"""A call and its reply, free of the server that carries them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

Json = object
"""What JSON decodes to."""


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
    """What a handler gets to see of a call."""

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
class Reply:
    """What the server sends: ``body``, or the stretch of a file."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    file: FilePart | None = None

    @property
    def length(self) -> int:
        """The bytes of the body."""
        return self.file.length if self.file else len(self.body)


def json_reply(content: object, status: int = 200) -> Reply:
    """A reply of JSON."""
    return Reply(status, json.dumps(content).encode())


def plain_reply(status: int, message: str) -> Reply:
    """A reply of plain text."""
    return Reply(status, message.encode(), "text/plain;charset=UTF-8")
