"""The API as a whole: who may call, how often, and which part answers."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from tap_marketo_bulk.sandbox.exchange import Exchange, Reply, json_reply, refused
from tap_marketo_bulk.sandbox.limits import Limits
from tap_marketo_bulk.sandbox.refusal import Code, Refusal
from tap_marketo_bulk.sandbox.tokens import Tokens

Handler = Callable[[Exchange, str], Reply]
"""Answers a call of the user whose client id is given; may raise ``Refusal``."""


class Api:
    """Answers every call; ``handlers`` are those behind the token, by the call's name."""

    def __init__(self, handlers: Mapping[str, Handler], tokens: Tokens, limits: Limits) -> None:
        self._handlers = handlers
        self._tokens = tokens
        self._limits = limits

    def answer(self, exchange: Exchange) -> Reply:
        """The reply to one call."""
        try:
            if exchange.call.name == "token":
                return self._token(exchange)
            user = self._tokens.owner(exchange.headers.get("authorization", ""))
            self._limits.admit(user)
            return self._handlers.get(exchange.call.name, _nowhere)(exchange, user)
        except Refusal as refusal:
            return refused(refusal)

    def _token(self, exchange: Exchange) -> Reply:
        form = dict(parse_qsl(exchange.body.decode(errors="replace")))
        try:
            token, seconds = self._mint(form or exchange.query)
        except Refusal as refusal:
            content = {"error": refusal.code, "error_description": refusal.message}
            return json_reply(content, refusal.http_status)
        return json_reply(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": seconds,
                "scope": "sandbox@example.com",
            }
        )

    def _mint(self, given: Mapping[str, str]) -> tuple[str, int]:
        if given.get("grant_type") != "client_credentials":
            raise Refusal(Code.UNSUPPORTED_GRANT, "Unsupported grant type", http_status=400)
        return self._tokens.mint(given.get("client_id", ""), given.get("client_secret", ""))


def _nowhere(_exchange: Exchange, _user: str) -> Reply:
    raise Refusal(Code.NOT_FOUND, "Requested resource not found", http_status=404)
