"""The access token: requested once, used by all calls, replaced before it expires.

Source: Adobe, "Authentication". A request before the token expires returns the same token with its
remaining life.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import CredentialsError
from tap_marketo_bulk.marketo.limits import TOKEN_LIFE_SECONDS
from tap_marketo_bulk.marketo.responses import invalid_response, json_object_or_none, parse_envelope
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.times import Clock

TOKEN_PATH = "/identity/oauth/token"  # noqa: S105 - an address, no secret
# A token is not used in the last seconds of its life: it could expire on the way.
MARGIN_SECONDS = 10.0
# The characters that a header can contain (RFC 6750 allows fewer).
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Token:
    """An access token, its life in seconds, and the monotonic second at which it expires."""

    text: str
    expires_in: float
    expires_at: float

    def is_usable_at(self, second: float) -> bool:
        """Return whether a call that starts at ``second`` arrives before the token expires."""
        # A token with a short life needs a short margin, or it would never be usable.
        return second < self.expires_at - min(MARGIN_SECONDS, self.expires_in / 10)

    def __repr__(self) -> str:
        """Never show the token."""
        return "Token(***)"


class AccessTokenCache:
    """Provides a usable token.

    Attributes:
        sent: Every token that was provided.
    """

    def __init__(self, request_token: Callable[[], tuple[str, float]], clock: Clock) -> None:
        """Take ``request_token``, which asks Marketo for ``(token, seconds left)``."""
        self.sent: set[str] = set()
        self._request_token = request_token
        self._clock = clock
        self._token: Token | None = None

    def token(self) -> str:
        """Return a token for one call."""
        if self._token is None or not self._token.is_usable_at(self._clock.monotonic()):
            self._token = self._replacement()
            self.sent.add(self._token.text)
        return self._token.text

    def invalidate(self, text: str) -> None:
        """Use another token for the next call, unless the current one is not ``text``."""
        if self._token is not None and self._token.text == text:
            self._token = replace(self._token, expires_at=-math.inf)

    def _replacement(self) -> Token:
        """Request a token; wait if Marketo returns the same one shortly before it expires."""
        new = self._request()
        if self._token and new.text == self._token.text and new.expires_in <= MARGIN_SECONDS:
            self._clock.sleep(new.expires_in + 1)
            new = self._request()
        return new

    def _request(self) -> Token:
        # The token's life begins before the response arrives.
        requested_at = self._clock.monotonic()
        text, seconds = self._request_token()
        return Token(text, seconds, requested_at + seconds)


def parse_token(status: int, body: bytes) -> tuple[str, float]:
    """Return the token of a response and its remaining seconds.

    Raises:
        CredentialsError: Client id and secret are not accepted.
        TransientError: The same request may succeed later.
    """
    call = f"POST {TOKEN_PATH}"
    content = json_object_or_none(body)
    if content is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or "errors" in content:
        # Not the format of the identity endpoint: a gateway's error, a rate limit, a page.
        parse_envelope(call, status, body)
        raise invalid_response(call, status)
    token = content.get("access_token")
    if status == HTTPStatus.OK and isinstance(token, str) and _TOKEN.fullmatch(token):
        return token, _seconds(content.get("expires_in"))
    if "error" in content:
        reason = clean_line(content.get("error_description") or content["error"])[:1000]
        raise CredentialsError(call, str(status), reason, http_status=status)
    raise invalid_response(call, status)


def _seconds(expires_in: object) -> float:
    """Return ``expires_in`` as seconds; an hour if it is missing or not a valid number."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return TOKEN_LIFE_SECONDS
    return seconds if math.isfinite(seconds) and seconds >= 0 else TOKEN_LIFE_SECONDS
