"""How the sandbox says no."""

from enum import StrEnum


class Code(StrEnum):
    """The error codes of the API, as far as the sandbox itself gives them."""

    UNAUTHORIZED = "unauthorized"
    UNSUPPORTED_GRANT = "unsupported_grant_type"
    BODY_TOO_LARGE = "413"
    URI_TOO_LONG = "414"
    TOKEN_INVALID = "601"  # noqa: S105 - a code, no password
    TOKEN_EXPIRED = "602"  # noqa: S105 - a code, no password
    RATE_LIMIT = "606"
    DAILY_CALLS = "607"
    NOT_JSON = "609"
    NOT_FOUND = "610"
    CONTENT_TYPE = "612"
    CONCURRENT_LIMIT = "615"
    INVALID_VALUE = "1003"
    FIELD_NOT_FOUND = "1006"
    EXPORT = "1029"
    UNSUPPORTED_FILTER = "1035"


class Refusal(Exception):  # noqa: N818 - an answer of the API, not a defect
    """A call is answered with ``success: false`` and this code and message."""

    def __init__(self, code: Code, message: str, *, http_status: int = 200) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status
