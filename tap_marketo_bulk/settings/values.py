"""Values of single settings: dates, the address of Marketo, the User-Agent header.

Each parser raises ``ValueError`` with a text that continues the setting's name.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_DATE_CHARACTERS = len("2026-01-31")
_API_SUFFIX = re.compile(r"/(rest|identity|bulk)(/v1)?$")


def parse_date_setting(text: str) -> datetime:
    """Return the instant, in UTC and whole seconds, of a date or of a date-time with a time zone.

    A date is its first instant in UTC.
    """
    try:
        if len(text) <= _DATE_CHARACTERS:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither a date nor a date-time, like 2026-01-31T00:00:00Z"
        ) from None
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone, add Z for UTC")
    try:
        return instant.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError(f"{text!r} is, in UTC, not in the years 1 to 9999") from None


def parse_base_url(text: str) -> str:
    """Return the address before all API paths, from any address that Marketo's admin page shows."""
    message = "is not a URL like https://123-ABC-456.mktorest.com/rest"
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError(message) from None
    if url.scheme not in ("http", "https") or not host:
        raise ValueError(message)
    if url.query or url.fragment or url.username or url.password:
        raise ValueError("must be a URL without credentials, query and fragment")
    if url.scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https://, since http sends client_secret unencrypted")
    path = _API_SUFFIX.sub("", url.path.rstrip("/"))
    return SplitResult(url.scheme, url.netloc, path, "", "").geturl()


def parse_user_agent(text: str) -> str:
    """Return text that can be the value of an HTTP header."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("contains a character that is not Latin-1") from None
    if not text.isprintable():
        raise ValueError("contains a line break or another control character")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
