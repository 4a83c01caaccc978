"""Access tokens: who may call, and for how long."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from tap_marketo_bulk.sandbox.chance import draw
from tap_marketo_bulk.sandbox.clock import Clock
from tap_marketo_bulk.sandbox.refusal import Code, Refusal


@dataclass(frozen=True)
class User:
    """An API user's credentials."""

    client_id: str
    client_secret: str


def user(seed: int, number: int) -> User:
    """API user ``number`` of a subscription; the same for the same seed."""
    return User(
        f"sandbox-{draw(seed, number, 10) & 0xFFFFFFFF:08x}",
        f"secret-{draw(seed, number, 11):016x}",
    )


class Tokens:
    """The tokens of one subscription."""

    def __init__(self, users: tuple[User, ...], clock: Clock, token_seconds: int) -> None:
        self._secrets = {one.client_id: one.client_secret for one in users}
        self._clock = clock
        self._life = timedelta(seconds=token_seconds)
        self._lock = Lock()
        self._issued: dict[str, tuple[str, datetime]] = {}

    def issued(self) -> list[str]:
        """Every token there ever was."""
        with self._lock:
            return list(self._issued)

    def expire(self) -> None:
        """Let every token be expired."""
        now = self._clock.now()
        with self._lock:
            self._issued = {token: (owner, now) for token, (owner, _) in self._issued.items()}

    def mint(self, client_id: str, client_secret: str) -> tuple[str, int]:
        """The user's token and the seconds it has left: the present one while it lives.

        Raises:
            Refusal: These are no credentials.
        """
        if self._secrets.get(client_id) != client_secret:
            raise Refusal(Code.UNAUTHORIZED, "Bad client credentials", http_status=401)
        now = self._clock.now()
        with self._lock:
            for token, (owner, expires_at) in self._issued.items():
                if owner == client_id and expires_at > now:
                    return token, int((expires_at - now).total_seconds())
            token = f"{uuid.uuid4()}:sj"
            self._issued[token] = (client_id, now + self._life)
            return token, int(self._life.total_seconds())

    def owner(self, authorization: str) -> str:
        """The user who calls with this header.

        Raises:
            Refusal: It holds no token, an unknown or an expired one.
        """
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            known = self._issued.get(token) if scheme.casefold() == "bearer" else None
        if known is None:
            raise Refusal(Code.TOKEN_INVALID, "Access token invalid")
        owner, expires_at = known
        if expires_at <= self._clock.now():
            raise Refusal(Code.TOKEN_EXPIRED, "Access token expired")
        return owner
