"""A client of the sandbox's API for tests of the sandbox: it makes calls and checks nothing."""

import hashlib
from types import TracebackType
from typing import Any, Self

import requests

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock

MONTH = {"startAt": "2026-01-20T00:00:00Z", "endAt": "2026-02-20T00:00:00Z"}
CREATED = {"createdAt": MONTH}
UPDATED = {"updatedAt": MONTH}
# The create body of each export object, by the first part of its name: one column of one month.
BODIES: dict[str, dict[str, Any]] = {
    "leads": {"fields": ["id"], "filter": CREATED},
    "activities": {"fields": ["marketoGUID"], "filter": CREATED},
    "customobjects": {"fields": ["marketoGUID"], "filter": UPDATED},
    "program": {"fields": ["leadId"], "filter": {"programId": 1001}},
}


class SandboxClient:
    """A client with the credentials of one API user; it requests a token when it is created."""

    def __init__(self, sandbox: Sandbox, user: int = 0) -> None:
        self.url = sandbox.url
        self.credentials = {
            "grant_type": "client_credentials",
            "client_id": sandbox.users[user].client_id,
            "client_secret": sandbox.users[user].client_secret,
        }
        self.session = requests.Session()
        self.use_current_token()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.session.close()

    def request_token(self, **changes: str) -> requests.Response:
        """Request a token with the credentials and these changes of them."""
        form = self.credentials | changes
        return self.session.post(f"{self.url}/identity/oauth/token", form, timeout=9)

    def use_current_token(self) -> None:
        """Request a token and send it with the following calls."""
        token = self.request_token().json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Send a GET request."""
        return self.session.get(self.url + path, timeout=9, **options)

    def post(self, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Send a POST request."""
        return self.session.post(self.url + path, timeout=9, **options)

    def get_result(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Send a GET request; return ``result``."""
        return self.get(path).json()["result"]

    def api_error(self, response: requests.Response) -> tuple[str, str]:
        """The code and the message of the API error in a response."""
        content = response.json()
        assert content["success"] is False
        return content["errors"][0]["code"], content["errors"][0]["message"]

    def create(self, object_name: str = "leads", **changes: Any) -> requests.Response:  # noqa: ANN401 - JSON
        """Send a create call: by default one column of one month, with changes of the body."""
        body = BODIES[object_name.partition("/")[0]] | changes
        return self.post(f"/bulk/v1/{object_name}/export/create.json", json=body)

    def create_job(self, object_name: str = "leads", **changes: Any) -> "JobClient":  # noqa: ANN401 - JSON
        """Create a job, with changes of the create body."""
        export_id = self.create(object_name, **changes).json()["result"][0]["exportId"]
        return JobClient(self, f"/bulk/v1/{object_name}/export/{export_id}")

    def enqueue_job(self, object_name: str = "leads", **changes: Any) -> "JobClient":  # noqa: ANN401 - JSON
        """Create a job and enqueue it."""
        job = self.create_job(object_name, **changes)
        job.enqueue()
        return job


class JobClient:
    """Makes the calls about one export job; ``path`` is ``/bulk/v1/<object>/export/<id>``."""

    def __init__(self, client: SandboxClient, path: str) -> None:
        self.client = client
        self.path = path

    @property
    def export_id(self) -> str:
        """The id of the job."""
        return self.path.rpartition("/")[2]

    def enqueue(self) -> requests.Response:
        """Enqueue the job."""
        return self.client.post(f"{self.path}/enqueue.json")

    def cancel(self) -> requests.Response:
        """Cancel the job."""
        return self.client.post(f"{self.path}/cancel.json")

    def status(self) -> Any:  # noqa: ANN401 - JSON
        """The job as the API reports it."""
        return self.client.get_result(f"{self.path}/status.json")[0]

    def get_file(self, **headers: str) -> requests.Response:
        """Request the export file with these headers."""
        return self.client.get(f"{self.path}/file.json", headers=headers)


def export_file(
    client: SandboxClient,
    clock: SandboxClock,
    object_name: str = "leads",
    **changes: Any,  # noqa: ANN401 - JSON
) -> bytes:
    """Export an object, with changes of the create body; return the file."""
    job = client.enqueue_job(object_name, **changes)
    clock.advance(1)
    status = job.status()
    file = job.get_file()
    assert status["status"] == "Completed"
    assert status["fileSize"] == len(file.content)
    assert status["fileChecksum"] == f"sha256:{hashlib.sha256(file.content).hexdigest()}"
    assert file.headers["Content-Type"] == "text/csv;charset=UTF-8"
    return file.content


def create_completed_job(client: SandboxClient, clock: SandboxClock) -> JobClient:
    """Create a job of leads, enqueue it, and advance the clock until it is completed."""
    job = client.enqueue_job()
    clock.advance(1)
    job.status()
    return job
