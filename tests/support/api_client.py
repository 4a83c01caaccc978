"""A small client of the API, as naive as a test needs it."""

from types import TracebackType
from typing import Any, Self

import requests

from tap_marketo_bulk.sandbox import Sandbox

MONTH = {"startAt": "2026-01-20T00:00:00Z", "endAt": "2026-02-20T00:00:00Z"}
CREATED = {"createdAt": MONTH}


class Client:
    """One API user, with a token from the start."""

    def __init__(self, sandbox: Sandbox, user: int = 0) -> None:
        self.url = sandbox.url
        self.credentials = {
            "grant_type": "client_credentials",
            "client_id": sandbox.users[user].client_id,
            "client_secret": sandbox.users[user].client_secret,
        }
        self.session = requests.Session()
        self.renew()

    def __enter__(self) -> Self:
        """Be closed at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.session.close()

    def token(self, **changes: str) -> requests.Response:
        """Ask for a token, with the credentials changed so."""
        form = self.credentials | changes
        return self.session.post(f"{self.url}/identity/oauth/token", form, timeout=9)

    def renew(self) -> None:
        """Call with the token of now."""
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def get(self, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Call."""
        return self.session.get(self.url + path, timeout=9, **options)

    def post(self, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        """Call."""
        return self.session.post(self.url + path, timeout=9, **options)

    def result(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The result of a read."""
        return self.get(path).json()["result"]

    def refusal(self, response: requests.Response) -> tuple[str, str]:
        """The code and message of an error."""
        content = response.json()
        assert content["success"] is False
        return content["errors"][0]["code"], content["errors"][0]["message"]

    def create(self, kind: str = "leads", **changes: Any) -> requests.Response:  # noqa: ANN401 - JSON
        """Ask for a job; by default of one column and one month."""
        fields = ["id"] if kind == "leads" else ["marketoGUID"]
        body = {"fields": fields, "filter": CREATED} | changes
        return self.post(f"/bulk/v1/{kind}/export/create.json", json=body)

    def created(self, kind: str = "leads", **changes: Any) -> "ExportJob":  # noqa: ANN401 - JSON
        """A new job."""
        export_id = self.create(kind, **changes).json()["result"][0]["exportId"]
        return ExportJob(self, f"/bulk/v1/{kind}/export/{export_id}")

    def queued(self, kind: str = "leads", **changes: Any) -> "ExportJob":  # noqa: ANN401 - JSON
        """A job in the queue."""
        job = self.created(kind, **changes)
        job.enqueue()
        return job


class ExportJob:
    """An export job and the calls about it."""

    def __init__(self, client: Client, path: str) -> None:
        self.client = client
        self.path = path

    def enqueue(self) -> requests.Response:
        """Put it into the queue."""
        return self.client.post(f"{self.path}/enqueue.json")

    def cancel(self) -> requests.Response:
        """Cancel it."""
        return self.client.post(f"{self.path}/cancel.json")

    def status(self) -> Any:  # noqa: ANN401 - JSON
        """How it is."""
        return self.client.result(f"{self.path}/status.json")[0]

    def file(self, **headers: str) -> requests.Response:
        """Its file, asked for with these headers."""
        return self.client.get(f"{self.path}/file.json", headers=headers)
