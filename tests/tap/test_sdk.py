"""The test suite that the SDK has for taps."""

from __future__ import annotations

import atexit
from contextlib import ExitStack

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import TapRunner, selecting, tap_class

# The SDK runs discovery while this module is imported, so the sandbox must serve by then.
_exit_stack = ExitStack()
atexit.register(_exit_stack.close)
_sandbox_clock = SandboxClock(NOW, speed=0)
_options = Options(leads=400, activities=1500, job_seconds=0, exports_deletions=True)
_sandbox = _exit_stack.enter_context(Sandbox(_options, clock=_sandbox_clock))

_tap = TapRunner(
    _sandbox, TapClock(_sandbox_clock), {"start_date": "2025-03-01", "list_ids": [2001]}
)
_catalog = _tap.discover()

TestTap = get_tap_test_class(
    tap_class(_tap.clock),
    config=_tap.base_config | _tap.config,
    # With a limit of records, the tap would only read the last hour.
    suite_config=SuiteConfig(max_records_limit=None),
    parse_env_config=False,
    # Typed streams are not selected by default.
    catalog=selecting(_catalog, *(entry["stream"] for entry in _catalog["streams"])),
)
