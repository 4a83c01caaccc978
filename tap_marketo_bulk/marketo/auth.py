"""The access token: minted once, shared by all calls, renewed in time.

Source: Adobe, "Authentication". Asking again before a token expires returns the same
token with the life it has left.
"""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import CredentialsError
from tap_marketo_bulk.marketo.envelope import not_marketo, parse_object, read_envelope, readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.clock import Clock

TOKEN_PATH = "/identity/oauth/token"  # noqa: S105 - an address, no secret
# Adobe: a token lives an hour.
USUAL_LIFE_SECONDS = 3600.0
# A token this close to its end is not trusted with another call.
MARGIN_SECONDS = 10.0
# What can travel in a header (RFC 6750 allows less).
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Token:
    """An access token and the monotonic second at which it stops being good."""

    text: str
    expires_in: float
    expires_at: float

    def is_good_at(self, second: float) -> bool:
        """Tell whether a call started now would arrive in time."""
        # Short lives get a short margin, or such a token would never be good.
        return second < self.expires_at - min(MARGIN_SECONDS, self.expires_in / 10)

    def __repr__(self) -> str:
        """Never show the token."""
        return "Token(***)"


class Authenticator:
    """Hands out a good token; safe to use from several threads."""

    def __init__(self, mint: Callable[[], tuple[str, float]], clock: Clock) -> None:
        """Take ``mint``, which asks Marketo for ``(token, seconds left)``."""
        self._mint = mint
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> str:
        """Return a token that is good for another call."""
        with self._lock:
            if self._token is None or not self._token.is_good_at(self._clock.monotonic()):
                self._token = self._renewed()
            return self._token.text

    def reject(self, text: str) -> None:
        """Have the next call use another token, unless a newer one is here already."""
        with self._lock:
            if self._token is not None and self._token.text == text:
                self._token = replace(self._token, expires_at=-math.inf)

    def _renewed(self) -> Token:
        """Ask for a token, waiting out the last seconds of one that is about to expire."""
        new = self._ask()
        if self._token and new.text == self._token.text and new.expires_in <= MARGIN_SECONDS:
            self._clock.sleep(new.expires_in + 1)
            new = self._ask()
        return new

    def _ask(self) -> Token:
        # The token's life began before its answer came.
        asked_at = self._clock.monotonic()
        text, seconds = self._mint()
        return Token(text, seconds, asked_at + seconds)


def read_token(status: int, body: bytes) -> tuple[str, float]:
    """Return the token and the seconds it has left.

    Raises:
        CredentialsError: Client id and secret are not accepted.
        TransientError: Asking again may help.
    """
    call = f"POST {TOKEN_PATH}"
    answer = parse_object(body)
    if answer is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or "errors" in answer:
        # Not the token's own format: a gateway's error, a rate limit, a page.
        read_envelope(call, status, body)
        raise not_marketo(call, status)
    token = answer.get("access_token")
    if status == HTTPStatus.OK and isinstance(token, str) and _TOKEN.fullmatch(token):
        return token, _seconds(answer.get("expires_in"))
    if "error" in answer:
        reason = answer.get("error_description") or answer["error"]
        raise CredentialsError(call, str(status), readable(reason))
    raise not_marketo(call, status)


def _seconds(expires_in: object) -> float:
    """Read ``expires_in``, an hour where Marketo leaves it out or writes nonsense."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return USUAL_LIFE_SECONDS
    return seconds if math.isfinite(seconds) and seconds >= 0 else USUAL_LIFE_SECONDS
