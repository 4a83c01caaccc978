"""The error that a handler raises to make the server respond with an API error."""

from enum import StrEnum
from functools import partial


class ApiErrorCode(StrEnum):
    """The error codes that the sandbox itself returns. Faults can return any code."""

    UNAUTHORIZED = "unauthorized"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    BODY_TOO_LARGE = "413"
    URI_TOO_LONG = "414"
    TOKEN_INVALID = "601"  # noqa: S105 - an error code, not a password
    TOKEN_EXPIRED = "602"  # noqa: S105 - an error code, not a password
    ACCESS_DENIED = "603"
    METHOD_NOT_SUPPORTED = "605"
    RATE_LIMIT = "606"
    DAILY_CALL_LIMIT = "607"
    INVALID_JSON = "609"
    NOT_FOUND = "610"
    INVALID_CONTENT_TYPE = "612"
    CONCURRENT_CALL_LIMIT = "615"
    BLANK_PARAMETER = "701"
    INVALID_DATE = "704"
    INVALID_TYPE = "1001"
    MISSING_VALUE = "1002"
    INVALID_VALUE = "1003"
    FIELD_NOT_FOUND = "1006"
    OBJECT_NOT_FOUND = "1013"
    EXPORT_NOT_ALLOWED = "1029"
    UNSUPPORTED_FILTER = "1035"


class SandboxApiError(Exception):
    """The response to a call is ``success: false`` with this code and message."""

    def __init__(self, code: ApiErrorCode, message: str, *, http_status: int = 200) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status


invalid_type = partial(SandboxApiError, ApiErrorCode.INVALID_TYPE)
"""The error for a value of a wrong JSON type; the message names the value."""
missing_value = partial(SandboxApiError, ApiErrorCode.MISSING_VALUE)
"""The error for a required parameter that is missing; the message names it."""
invalid_date = partial(SandboxApiError, ApiErrorCode.INVALID_DATE)
invalid_value = partial(SandboxApiError, ApiErrorCode.INVALID_VALUE)
