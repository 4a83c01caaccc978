"""The error that a handler raises to make the server respond with an API error."""

from enum import StrEnum


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


def invalid_type(message: str) -> SandboxApiError:
    """The error 1001 with ``message``, which names the value of a wrong JSON type."""
    return SandboxApiError(ApiErrorCode.INVALID_TYPE, message)


def missing_value(message: str) -> SandboxApiError:
    """The error 1002 with ``message``, which names the required parameter."""
    return SandboxApiError(ApiErrorCode.MISSING_VALUE, message)


def invalid_date(message: str) -> SandboxApiError:
    """The error 704 with ``message``, which names the invalid date."""
    return SandboxApiError(ApiErrorCode.INVALID_DATE, message)


def invalid_value(message: str) -> SandboxApiError:
    """The error 1003 with ``message``, which names the invalid value."""
    return SandboxApiError(ApiErrorCode.INVALID_VALUE, message)
