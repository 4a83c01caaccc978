"""The number of attempts of a call is the caller's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import RateLimitError, TokenRejectedError, TransientError
from tap_marketo_bulk.marketo.exports import Exports
from tap_marketo_bulk.marketo.transport import retry_wait_seconds
from tap_marketo_bulk.sandbox import Fault, Sandbox
from tests.support.lead_exports import LEADS

if TYPE_CHECKING:
    from tap_marketo_bulk.marketo.client import Client
    from tests.support.clock import TapClock

DESCRIBE = "/rest/v1/leads/describe.json"


def names(sandbox: Sandbox) -> list[str]:
    return [call.name for call in sandbox.calls]


@pytest.mark.parametrize("attempts", [2, 4])
def test_a_call_is_made_as_often_as_it_may_be(
    client: Client, sandbox: Sandbox, attempts: int
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code="611", times=None))
    with pytest.raises(TransientError, match=f"Gave up after {attempts} attempts"):
        client.get(DESCRIBE, attempts=attempts)
    assert names(sandbox) == ["token", *["describe"] * attempts]


@pytest.mark.parametrize("call", ["create", "enqueue", "status", "cancel"])
@pytest.mark.parametrize("code", ["606", "611"])
def test_exports_with_one_attempt_raise_an_error_at_once_and_do_not_count_it(
    client: Client, sandbox: Sandbox, clock: TapClock, call: str, code: str
) -> None:
    exports = Exports(client, attempts=1)
    export_id = exports.create(LEADS).export_id
    sandbox.faults.append(Fault("envelope", call=call, code=code, times=None))
    before = len(sandbox.calls)
    arguments = [LEADS] if call == "create" else ["leads", export_id]
    with pytest.raises(TransientError, match=code) as caught:
        getattr(exports, call)(*arguments)
    assert caught.value.attempts == 0
    assert names(sandbox)[before:] == [call]
    assert clock.pauses == []


def test_jobs_are_listed_with_all_attempts(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("envelope", call="list", code="611", times=3))
    assert list(Exports(client, attempts=1).list_jobs("leads")) == []


@pytest.mark.parametrize("code", ["601", "602"])
def test_a_rejected_token_is_replaced_at_once_whatever_the_attempts(
    client: Client, sandbox: Sandbox, clock: TapClock, code: str
) -> None:
    sandbox.faults.append(Fault("envelope", call="describe", code=code))
    assert client.get(DESCRIBE, attempts=1)["result"]
    assert names(sandbox) == ["token", "describe", "token", "describe"]
    assert clock.pauses == []


def test_a_token_that_is_rejected_again_is_an_error(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("envelope", call="create", code="601", times=None))
    with pytest.raises(TokenRejectedError):
        Exports(client, attempts=1).create(LEADS)
    assert names(sandbox).count("create") == 2


@pytest.mark.parametrize(("failures", "bound"), [(1, 1), (2, 2), (6, 32), (7, 60), (40, 60)])
def test_a_pause_is_random_up_to_a_bound_that_grows(failures: int, bound: int) -> None:
    pauses = [retry_wait_seconds(failures, TransientError("No")) for _ in range(200)]
    assert all(0 <= pause <= bound for pause in pauses)
    assert max(pauses) > bound / 2
    assert min(pauses) < bound / 2


def test_a_pause_is_not_shorter_than_the_rate_limit_demands() -> None:
    pauses = [retry_wait_seconds(1, RateLimitError("606", "No", 20.0)) for _ in range(200)]
    assert 20 <= min(pauses) <= max(pauses) <= 21
