"""The shortest way from nothing to an exported file."""

from datetime import UTC, datetime

import requests  # noqa: TID251 - the sandbox is tested from outside

from tap_marketo_bulk.sandbox import Clock, Options, Sandbox

JANUARY = {"createdAt": {"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-02-01T00:00:00Z"}}


def test_a_client_can_export_leads() -> None:
    clock = Clock(datetime(2026, 3, 1, tzinfo=UTC), speed=0)
    with Sandbox(Options(leads=200, activities=10), clock=clock) as sandbox:
        credentials = {
            "grant_type": "client_credentials",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
        }
        with requests.Session() as session:
            token = session.post(f"{sandbox.url}/identity/oauth/token", credentials).json()
            session.headers["Authorization"] = f"Bearer {token['access_token']}"
            export = f"{sandbox.url}/bulk/v1/leads/export"
            body = {"fields": ["id"], "filter": JANUARY}
            created = session.post(f"{export}/create.json", json=body).json()
            job = f"{export}/{created['result'][0]['exportId']}"
            session.post(f"{job}/enqueue.json")
            clock.advance(1)
            status = session.get(f"{job}/status.json").json()["result"][0]
            lines = session.get(f"{job}/file.json").text.splitlines()
        truth = sandbox.truth.leads(JANUARY)
    assert status["numberOfRecords"] == len(truth) > 0
    assert [int(line) for line in lines[1:]] == list(truth)
