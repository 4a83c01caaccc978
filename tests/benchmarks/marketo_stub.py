"""A server with the part of Marketo's API that the tap needs to export one prepared file."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from .export_files import ExportFile, activity_types

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_EXPORT_ID = "the-export"


@dataclass(frozen=True)
class PreparedFile:
    """A file on disk, and the description of its export job."""

    path: Path
    contents: ExportFile
    rows: int

    @property
    def job(self) -> dict[str, Any]:
        """The completed job, as in Marketo's responses."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "exportId": _EXPORT_ID,
            "format": "CSV",
            "status": "Completed",
            "numberOfRecords": self.rows,
            "fileSize": self.path.stat().st_size,
            "fileChecksum": f"sha256:{digest}",
        }

    @property
    def lead_fields(self) -> list[dict[str, Any]]:
        """The fields, as in the response of Describe Lead."""
        fields = self.contents.fields if self.contents.object == "leads" else {"id": "integer"}
        if "updatedAt" not in fields:
            fields = {**fields, "createdAt": "datetime", "updatedAt": "datetime"}
        return [
            {"displayName": name, "dataType": data_type, "rest": {"name": name}}
            for name, data_type in fields.items()
        ]


class MarketoStub:
    """A server in a thread; the file of every export job is the prepared file.

    Attributes:
        url: The address to give to the tap.
    """

    def __init__(self, file: PreparedFile) -> None:
        """Start to listen."""
        job = file.job
        created = job | {"status": "Created"}
        results = {
            "/members/describe.json": [{"fields": []}],
            "/describe.json": file.lead_fields,
            "/types.json": activity_types(),
            "/create.json": [created],
            "/enqueue.json": [job | {"status": "Queued"}],
            "/status.json": [job],
        }
        handler = type("Handler", (_Handler,), {"path_of_file": file.path, "results": results})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the server."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    path_of_file: Path
    results: dict[str, list[dict[str, Any]]]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/file.json"):
            self._send_file()
        else:
            result = next((it for end, it in self.results.items() if path.endswith(end)), [])
            self._send({"requestId": "1", "success": True, "result": result})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/identity/oauth/token"):
            self._send({"access_token": "token", "token_type": "bearer", "expires_in": 3599})
        else:
            self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        """Log nothing."""

    def _send(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self) -> None:
        with self.path_of_file.open("rb") as file:
            self.send_response(200)
            self.send_header("Content-Type", "text/csv;charset=UTF-8")
            self.send_header("Content-Length", str(self.path_of_file.stat().st_size))
            self.end_headers()
            shutil.copyfileobj(file, self.wfile)
