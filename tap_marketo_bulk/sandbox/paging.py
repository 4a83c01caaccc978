"""Pages of a long answer, with tokens that tell a client nothing."""

import base64
from collections.abc import Mapping, Sequence
from typing import TypeVar

from tap_marketo_bulk.sandbox.refusal import Code, Refusal

MAX_PAGE = 300
_Item = TypeVar("_Item")


def write_token(*numbers: int) -> str:
    """A token that holds ``numbers``."""
    text = ":".join(map(str, numbers))
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_token(token: str, count: int) -> list[int]:
    """The ``count`` numbers of a token.

    Raises:
        Refusal: It is none of ours.
    """
    try:
        numbers = [int(number) for number in base64.urlsafe_b64decode(token).split(b":")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise Refusal(Code.INVALID_VALUE, "Invalid nextPageToken")
    return numbers


def page(items: Sequence[_Item], query: Mapping[str, str]) -> tuple[Sequence[_Item], str]:
    """The page that ``batchSize`` and ``nextPageToken`` ask for, and the token of the next.

    Raises:
        Refusal: One of them makes no sense.
    """
    size = query.get("batchSize", str(MAX_PAGE))
    if not size.isdecimal() or not 1 <= int(size) <= MAX_PAGE:
        raise Refusal(Code.INVALID_VALUE, f"batchSize must be from 1 to {MAX_PAGE}")
    token = query.get("nextPageToken")
    start = read_token(token, 1)[0] if token else 0
    end = start + int(size)
    return items[start:end], write_token(end) if end < len(items) else ""
