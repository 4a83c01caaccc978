"""The sandbox as a whole: a world, its jobs, and the server that shows them."""

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from tap_marketo_bulk.sandbox.api import Api
from tap_marketo_bulk.sandbox.bulk_calls import BulkCalls
from tap_marketo_bulk.sandbox.call_book import CallBook
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.disturbance import Disturbance
from tap_marketo_bulk.sandbox.exchange import Call
from tap_marketo_bulk.sandbox.expected import ExpectedRows
from tap_marketo_bulk.sandbox.export_file import Written, write_export
from tap_marketo_bulk.sandbox.export_request import read_export_request
from tap_marketo_bulk.sandbox.faults import Fault, Faults
from tap_marketo_bulk.sandbox.job import Job
from tap_marketo_bulk.sandbox.jobs import Jobs
from tap_marketo_bulk.sandbox.ledger import Ledger
from tap_marketo_bulk.sandbox.limits import Limits
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.rest_calls import RestCalls
from tap_marketo_bulk.sandbox.server import Server, Shared
from tap_marketo_bulk.sandbox.state import WORLD_OPTIONS, Saved, State, StateError
from tap_marketo_bulk.sandbox.tokens import Tokens, user
from tap_marketo_bulk.sandbox.world import World


class Sandbox:
    """A Marketo subscription on loopback, between ``with`` and its end.

    With a ``state_dir`` the world, its jobs and their files are kept there for the next one.

    Raises:
        StateError: ``state_dir`` cannot be used, or holds a world of other options.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        state_dir: Path | None = None,
    ) -> None:
        self.options = options or Options()
        self.clock = clock or Clock()
        self.faults = list(faults)
        self._state = None if state_dir is None else State(state_dir)
        saved = self._load()
        self.created_at = saved.birth if saved else self.options.start or self.clock.now()
        self.data_set = World(self.options, int(self.created_at.timestamp()))
        self.expected = ExpectedRows(self.data_set, self.clock)
        self.users = tuple(user(self.options.seed, n) for n in range(self.options.users))
        self._tokens = Tokens(self.users, self.clock, self.options.token_seconds)
        ledger = saved.ledger if saved else Ledger()
        self._jobs = Jobs(self.options, self.clock, self._write, ledger)
        self._book = CallBook()
        self._open = ExitStack()
        self._server: Server | None = None

    def _make_server(self) -> Server:
        limits = Limits(self.options, self.clock)
        shared = Shared(self._jobs, limits, self._book, self.clock)
        rest = RestCalls(self.data_set, limits, self.clock).handlers()
        bulk = BulkCalls(self.data_set, self._jobs).handlers()
        api = Api({**rest, **bulk}, self._tokens, limits)
        faults = Faults(self.faults, self.options.seed)
        disturbance = Disturbance(api, faults, self._jobs, self._tokens)
        return Server(self.options.port, disturbance.answer, shared)

    def _write(self, job: Job, path: Path) -> Written:
        request = read_export_request(job.object, job.request, self.data_set)
        at = job.started_at or job.created_at
        return write_export(request, self.data_set, int(at.timestamp()), path)

    def __enter__(self) -> Self:
        """Start to serve.

        Raises:
            OSError: The port is taken, or the state directory cannot be written.
        """
        with ExitStack() as stack:
            self._open_jobs(stack)
            server = stack.enter_context(self._make_server())
            serve = server.serve_forever
            Thread(target=serve, kwargs={"poll_interval": 0.01}, daemon=True).start()
            stack.callback(server.shutdown)
            stack.callback(server.stopping.set)
            self._server = server
            self._open = stack.pop_all()
        return self

    def _load(self) -> Saved | None:
        saved = self._state and self._state.load()
        asked = {name: getattr(self.options, name) for name in WORLD_OPTIONS}
        if saved and saved.world != asked:
            message = f"The state directory holds a world of other options: {saved.world}."
            raise StateError(message)
        return saved or None

    def _open_jobs(self, stack: ExitStack) -> None:
        """Give the jobs a folder for their files; a temporary one goes away at the end."""
        if self._state:
            save = partial(self._state.save, self.created_at, self.options)
            self._jobs.open(self._state.folder, save)
        else:
            folder = tempfile.TemporaryDirectory(prefix="marketo-sandbox-")
            self._jobs.open(Path(stack.enter_context(folder)))
        stack.callback(self._jobs.close)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop to serve, and keep no file but those of the state directory."""
        self._open.close()

    @property
    def url(self) -> str:
        """The base URL, between ``with`` and ever after."""
        if self._server is None:
            message = "The sandbox has a URL once it serves: use it in a 'with' statement"
            raise RuntimeError(message)
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def client_id(self) -> str:
        """The first API user's name."""
        return self.users[0].client_id

    @property
    def client_secret(self) -> str:
        """The first API user's secret."""
        return self.users[0].client_secret

    @property
    def tokens(self) -> list[str]:
        """Every token ever issued."""
        return self._tokens.issued()

    @property
    def calls(self) -> list[Call]:
        """Every call, in order of arrival."""
        return self._book.all()

    @property
    def jobs(self) -> list[Job]:
        """Every job as it is now, in order of creation."""
        return self._jobs.all()

    @property
    def peak_in_queue(self) -> int:
        """The most jobs that were ever queued or processing at once."""
        return self._jobs.peak_in_queue

    @property
    def quota_used(self) -> int:
        """Bytes charged today, of US Central time."""
        return self._jobs.quota_used()

    def remove_field(self, name: str) -> None:
        """Let the lead field with that REST name be gone from now on."""
        self.data_set.remove_field(name)

    def add_field(self, name: str, data_type: str = "string") -> None:
        """Add a custom lead field with that REST name."""
        self.data_set.add_field(name, data_type)
