"""A setting: its row in the table, and the parsers of its value.

A parser gets a value of the setting's type, and raises ``ValueError`` with a text that continues
the setting's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_DATE_CHARACTERS = len("2026-01-31")
_FORMATS = "write YYYY-MM-DD, or a date-time with a time zone such as 2026-01-31T00:00:00Z"
_API_SUFFIX = re.compile(r"/(rest|identity|bulk)(/v1)?$")
# The hosts of Marketo's pages, which people copy from the browser.
_PAGE_HOSTS = re.compile(r"(.*\.)?(marketo|adobe)\.com", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """A row of the table of settings.

    Attributes:
        name: The name in a configuration; empty if it is that of the field.
        schema: The JSON Schema of the value, with title, description and default.
        parse: Returns the value of the field. It gets a value that agrees with the schema, and
            raises ``ValueError`` with a text that continues the setting's name.
        missing: The value of the field if the setting is not set and has no default.
        is_required: Whether it must be set.
    """

    name: str
    schema: Mapping[str, Any]
    parse: Callable[[Any], Any]
    missing: object
    is_required: bool


def setting(  # noqa: PLR0913 - the columns of the table
    json_type: str,
    title: str,
    description: str,
    *,
    name: str = "",
    parse: Callable[[Any], Any] = lambda value: value,
    missing: object = None,
    required: bool = False,
    **schema: Any,  # noqa: ANN401 - keywords of JSON Schema
) -> Any:  # noqa: ANN401 - the value of any field
    """Return a field with its setting."""
    types = [json_type] if required else [json_type, "null"]
    schema = {"type": types, **schema, "title": title, "description": description}
    return field(metadata={"setting": Setting(name, schema, parse, missing, required)})


def parse_days(number: float) -> timedelta:
    """Return a number of days."""
    return timedelta(days=float(number))


def parse_minutes(number: float) -> timedelta:
    """Return a number of minutes."""
    return timedelta(minutes=float(number))


def parse_ids(ids: Iterable[int]) -> tuple[int, ...]:
    """Return ids, each once and in order."""
    return tuple(sorted(set(ids)))


def parse_credential(text: str) -> str:
    """Return text without the white space around it, which comes with copying."""
    if not text.strip():
        raise ValueError("is missing")
    return text.strip()


def parse_date_setting(text: str) -> datetime:
    """Return the instant, in UTC and whole seconds, of a date or of a date-time with a time zone.

    A date is its first instant in UTC.
    """
    text = text.strip()
    try:
        if len(text) <= _DATE_CHARACTERS:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a date nor a date-time: {_FORMATS}") from None
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: {_FORMATS}")
    try:
        return instant.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError(f"{text!r} is, in UTC, not in the years 1 to 9999") from None


def parse_base_url(text: str) -> str:
    """Return the address before all API paths, from any address that Marketo's admin page shows."""
    message = "is not a URL like https://123-ABC-456.mktorest.com/rest"
    try:
        url = urlsplit(text.strip())
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError(message) from None
    if url.scheme not in ("http", "https") or not host:
        raise ValueError(message)
    if _PAGE_HOSTS.fullmatch(host):
        raise ValueError(
            "is the address of Marketo's pages; that of the API is "
            "https://<munchkin id>.mktorest.com, from Admin > Web Services"
        )
    if url.query or url.fragment or url.username or url.password:
        raise ValueError("must be a URL without credentials, query and fragment")
    if url.scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https://, since http sends client_secret unencrypted")
    path = _API_SUFFIX.sub("", url.path.rstrip("/"))
    return SplitResult(url.scheme, url.netloc, path, "", "").geturl()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def parse_user_agent(text: str) -> str:
    """Return text that can be the value of an HTTP header."""
    text = text.strip()
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("contains a character that is not Latin-1") from None
    if not text.isprintable():
        raise ValueError("contains a line break or another control character")
    return text
