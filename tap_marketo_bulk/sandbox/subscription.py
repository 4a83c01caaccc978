"""The sandbox as a whole: a world, its jobs, and the server that shows them."""

import tempfile
from datetime import datetime
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from tap_marketo_bulk.sandbox.api import Api
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.exchange import Call
from tap_marketo_bulk.sandbox.export_file import Written, write_export
from tap_marketo_bulk.sandbox.export_request import read_export_request
from tap_marketo_bulk.sandbox.jobs import Job, Jobs
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.server import Server
from tap_marketo_bulk.sandbox.tokens import Tokens, user
from tap_marketo_bulk.sandbox.truth import Truth
from tap_marketo_bulk.sandbox.world import World


class Sandbox:
    """A Marketo subscription on loopback, between ``with`` and its end."""

    def __init__(self, options: Options | None = None, *, clock: Clock | None = None) -> None:
        self.options = options or Options()
        self.clock = clock or Clock()
        self._folder = tempfile.TemporaryDirectory(prefix="marketo-sandbox-")
        self.birth = self.options.start or self.clock.now()
        self.world = World(self.options, int(self.birth.timestamp()))
        users = (user(self.options.seed, 1),)
        self.client_id = users[0].client_id
        self.client_secret = users[0].client_secret
        self._tokens = Tokens(users, self.clock, self.options.token_seconds)
        self._jobs = Jobs(self.options, self.clock, Path(self._folder.name), self._write)
        self._server: Server | None = None
        self.truth = Truth(self.world, self.clock)

    def _write(self, job: Job, at: datetime, path: Path) -> Written:
        request = read_export_request(job.object, job.request, self.world)
        return write_export(request, self.world, int(at.timestamp()), path)

    def __enter__(self) -> Self:
        """Start to serve."""
        api = Api(self.world, self._jobs, self._tokens)
        self._server = Server(self.options.port, api, self._jobs, self.clock)
        Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop to serve, and leave no file behind."""
        assert self._server is not None  # noqa: S101 - entered before
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """The base URL."""
        assert self._server is not None  # noqa: S101 - asked for between enter and exit
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[Call]:
        """Every call, in order of arrival."""
        return list(self._server.calls) if self._server else []

    @property
    def jobs(self) -> list[Job]:
        """Every job as it is now, in order of creation."""
        return self._jobs.all()

    @property
    def tokens(self) -> list[str]:
        """Every token ever issued."""
        return self._tokens.issued()

    @property
    def peak_in_queue(self) -> int:
        """The most jobs that were ever queued or processing at once."""
        return self._jobs.peak_in_queue

    @property
    def quota_used(self) -> int:
        """Bytes of the files completed today, of US Central time."""
        return self._jobs.quota_used()
