"""The SDK's own tests of a tap."""

from __future__ import annotations

import atexit
from contextlib import ExitStack

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.runs import Tap, selecting, tap_class

# The SDK discovers the streams to test while this module is imported, so by then somebody has
# to listen.
_open = ExitStack()
atexit.register(_open.close)
_time = SandboxClock(NOW, speed=0)
_options = Options(leads=400, activities=1500, job_seconds=0, exports_deletions=True)
_sandbox = _open.enter_context(Sandbox(_options, clock=_time))

_tap = Tap(_sandbox, TapClock(_time), {"start_date": "2025-03-01"})
_catalog = _tap.discover()

TestTap = get_tap_test_class(
    tap_class(_tap.clock),
    config=_tap.base | _tap.config,
    # With a limit, the tap would read no more than the last hour.
    suite_config=SuiteConfig(max_records_limit=None),
    parse_env_config=False,
    # Streams of one activity type have to be selected first.
    catalog=selecting(_catalog, *(entry["stream"] for entry in _catalog["streams"])),
)
