"""The sandbox as a whole: the data set, the export jobs, the server."""

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from tap_marketo_bulk.sandbox.clock import SandboxClock
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.expected_rows import ExpectedRows
from tap_marketo_bulk.sandbox.exports.file_writer import WrittenFile
from tap_marketo_bulk.sandbox.exports.jobs import Job, JobHistory, JobQueue
from tap_marketo_bulk.sandbox.exports.objects import export_objects
from tap_marketo_bulk.sandbox.faults import Fault, FaultInjector
from tap_marketo_bulk.sandbox.http.access import (
    AccessTokens,
    CallCounter,
    api_user,
)
from tap_marketo_bulk.sandbox.http.bulk_api import BulkApi
from tap_marketo_bulk.sandbox.http.dispatcher import Dispatcher
from tap_marketo_bulk.sandbox.http.messages import Call, HttpResponse
from tap_marketo_bulk.sandbox.http.rest_api import rest_routes
from tap_marketo_bulk.sandbox.http.server import HttpServer
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.state_directory import (
    DATA_SET_OPTIONS,
    SavedState,
    StateDirectory,
    StateDirectoryError,
    options_json,
)


class Sandbox:
    """A Marketo subscription on loopback. It serves HTTP inside a ``with`` statement.

    With ``serves_http=False`` there is no server and no thread: see :meth:`handle`.
    With a ``state_dir`` the data set, the jobs and their files are kept there for the next run.

    Attributes:
        options: The options; the default is ``Options()``.
        clock: The time of the subscription.
        faults: The faults; they can be changed at any time.
        created_at: The instant at which the data set was created.
        data_set: The fields, leads and activities.
        expected: The rows that a client must have read.
        users: The API users; ``client_id`` and ``client_secret`` are those of the first one.
        remove_field, add_field: Change the lead fields; see :class:`DataSet`.

    Raises:
        StateDirectoryError: ``state_dir`` cannot be used, or it has a data set with other options.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        clock: SandboxClock | None = None,
        faults: Iterable[Fault] = (),
        state_dir: Path | None = None,
        serves_http: bool = True,
    ) -> None:
        self.options = options or Options()
        self._serves_http = serves_http
        self.clock = clock or SandboxClock()
        self.faults = list(faults)
        self._state_directory = None if state_dir is None else StateDirectory(state_dir)
        saved = self._load_state()
        self.created_at = saved.created_at if saved else self.options.start or self.clock.now()
        self.data_set = DataSet(self.options, int(self.created_at.timestamp()))
        self._counter = CallCounter(self.options, self.clock)
        self.expected = ExpectedRows(self.data_set, self.clock, self._counter)
        self.users = tuple(api_user(self.options.seed, n) for n in range(self.options.users))
        self.client_id, self.client_secret = self.users[0].client_id, self.users[0].client_secret
        self.remove_field, self.add_field = self.data_set.remove_field, self.data_set.add_field
        self._export_objects = export_objects(self.data_set)
        self._tokens = AccessTokens(self.users, self.clock, self.options.token_seconds)
        history = saved.history if saved else JobHistory()
        self._job_queue = JobQueue(self.options, self.clock, self._write_file, history)
        self._dispatcher = self._create_dispatcher()
        self._resources = ExitStack()
        self._server: HttpServer | None = None

    def __enter__(self) -> Self:
        """Start the processing of jobs, and the server.

        Raises:
            OSError: The port cannot be used, or the state directory cannot be written.
        """
        with ExitStack() as stack:
            self._start_jobs(stack)
            if self._serves_http:
                self._server = self._start_server(stack)
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server and the jobs; without a state directory, delete the export files."""
        self._resources.close()

    @property
    def url(self) -> str:
        """The base URL.

        Raises:
            RuntimeError: The server was never started.
        """
        if self._server is None:
            message = "The sandbox has no URL before it serves: use it in a 'with' statement"
            raise RuntimeError(message)
        return f"http://127.0.0.1:{self._server.server_port}"

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> HttpResponse:
        """Execute a call without a socket, and return its response.

        ``target`` is the path and the query. The caller simulates ``transmission`` of the
        response; the chunks of its body that the caller reads count as sent.
        """
        with self._dispatcher.handle(method, target, headers, body) as response:
            return response

    @property
    def tokens(self) -> list[str]:
        """All access tokens, valid and expired, in order of creation."""
        return self._tokens.all_tokens()

    @property
    def calls(self) -> list[Call]:
        """All calls, in order of arrival."""
        return self._dispatcher.all_calls()

    @property
    def jobs(self) -> list[Job]:
        """All export jobs as they are now, in order of creation."""
        return self._job_queue.all_jobs()

    @property
    def peak_in_queue(self) -> int:
        """The highest number of jobs that were queued or processing at the same time."""
        return self._job_queue.peak_in_queue

    @property
    def quota_used(self) -> int:
        """The bytes that count against the export quota of today, in US Central time."""
        return self._job_queue.quota_used()

    def _load_state(self) -> SavedState | None:
        saved = self._state_directory.load() if self._state_directory else None
        options = {name: getattr(self.options, name) for name in DATA_SET_OPTIONS}
        if saved and saved.data_set_options != options:
            saved_options = options_json(saved.data_set_options)
            message = f"The state directory has a data set with other options: {saved_options}."
            raise StateDirectoryError(message)
        return saved

    def _start_jobs(self, stack: ExitStack) -> None:
        if self._state_directory:
            save = partial(self._state_directory.save, self.created_at, self.options)
            self._job_queue.start(self._state_directory.folder, save)
        else:
            folder = tempfile.TemporaryDirectory(prefix="marketo-sandbox-")
            self._job_queue.start(Path(stack.enter_context(folder)))
        stack.callback(self._job_queue.stop_processing)

    def _start_server(self, stack: ExitStack) -> HttpServer:
        server = stack.enter_context(HttpServer(self.options.port, self._dispatcher))
        serve = server.serve_forever
        Thread(target=serve, kwargs={"poll_interval": 0.01}, daemon=True).start()
        stack.callback(server.shutdown)
        stack.callback(server.stopping.set)
        return server

    def _create_dispatcher(self) -> Dispatcher:
        options = self.options
        rest = rest_routes(self.data_set, self._counter, self.clock)
        bulk = BulkApi(self._export_objects, self._job_queue)
        injector = FaultInjector(
            self.faults, options.seed, self._job_queue, self._tokens, self.clock
        )
        return Dispatcher(
            [*rest, *bulk.routes()],
            self._tokens,
            self._counter,
            self.clock,
            injector.respond,
        )

    def _write_file(self, job: Job, path: Path) -> WrittenFile:
        """Write the rows as they were when the processing of the job started."""
        at = int((job.started_at or job.created_at).timestamp())
        undecodable = job.job_faults.undecodable_cell
        return self._export_objects[job.object].write_file(job.request, at, path, undecodable)
