"""The base class of all errors."""

from __future__ import annotations

from singer_sdk.exceptions import SingerSDKError


class MarketoBulkError(SingerSDKError):
    """The root of this package's errors; ``str()`` is a message for the user."""
