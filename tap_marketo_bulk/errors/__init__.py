"""Every error this package raises. Each message says what happened, what is safe, what to do.

::

    MarketoBulkError
    ├── SettingsError            the configuration is invalid; lists every problem
    ├── CatalogError             the catalog selects a stream or field that does not exist
    ├── StateError               the state was not written by this tap
    │   └── OtherTapStateError    it has bookmarks of another tap
    ├── RecordMappingError           an expression of stream_maps cannot be evaluated for a record
    ├── ApiError                 Marketo rejected a call; repeating it does not help
    │   ├── CredentialsError     client id and secret are not accepted
    │   ├── AccessDeniedError    603: the API user lacks a permission
    │   ├── UnknownFieldsError   1003, 1006: requested fields do not exist
    │   ├── UnsupportedFilterError  1035: the subscription lacks a filter
    │   ├── CallQuotaError       607: the daily API call quota is used up
    │   ├── AlreadyQueuedError   1029: the job is in the queue already
    │   ├── QueueFullError       1029: ten jobs are in the queue
    │   └── ExportQuotaError     1029: the daily export quota is used up
    ├── TransientError           repeating the call may help
    │   ├── TokenRejectedError   601, 602
    │   ├── RateLimitError       606, 615, HTTP 429
    │   ├── InternalServerError  HTTP 500: a failure of Marketo, or a badly formed URL
    │   ├── UnreachableError     no connection, a broken connection, or a time-out
    │   ├── InvalidResponseError the response is not a Marketo API response
    │   └── FileNotReadyError    404: a completed job's file is not available yet
    ├── RunEndedByExportQuotaError  the run ended early: the daily export quota is used up
    ├── StreamsDeniedError       some streams were left out: their permissions are missing
    ├── StreamsWithoutFilterError  some streams were left out: the subscription lacks their filter
    ├── ExportFailedError        a job failed at every attempt
    ├── ExportTimeoutError       a job did not finish in time
    ├── SpoolError               the local disk cannot store the file
    └── DataError
        ├── CorruptFileError     a file differs from what its job reported
        ├── MalformedFileError   a file's header or rows cannot be parsed
        └── InvalidValueError    a value does not fit its column's type

They derive from singer_sdk's errors by what a caller should do.
"""

from __future__ import annotations

from tap_marketo_bulk.errors.base import MarketoBulkError
from tap_marketo_bulk.errors.inputs import (
    CatalogError,
    OtherTapStateError,
    RecordMappingError,
    SettingsError,
    StateError,
)
from tap_marketo_bulk.errors.responses import (
    AccessDeniedError,
    AlreadyQueuedError,
    ApiError,
    CallQuotaError,
    CredentialsError,
    ExportQuotaError,
    FileNotReadyError,
    InternalServerError,
    InvalidResponseError,
    QueueFullError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnknownFieldsError,
    UnreachableError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.errors.sync import (
    CorruptFileError,
    DataError,
    ExportFailedError,
    ExportTimeoutError,
    InvalidValueError,
    MalformedFileError,
    RunEndedByExportQuotaError,
    SpoolError,
    StreamsDeniedError,
    StreamsWithoutFilterError,
)

__all__ = [
    "AccessDeniedError",
    "AlreadyQueuedError",
    "ApiError",
    "CallQuotaError",
    "CatalogError",
    "CorruptFileError",
    "CredentialsError",
    "DataError",
    "ExportFailedError",
    "ExportQuotaError",
    "ExportTimeoutError",
    "FileNotReadyError",
    "InternalServerError",
    "InvalidResponseError",
    "InvalidValueError",
    "MalformedFileError",
    "MarketoBulkError",
    "OtherTapStateError",
    "QueueFullError",
    "RateLimitError",
    "RecordMappingError",
    "RunEndedByExportQuotaError",
    "SettingsError",
    "SpoolError",
    "StateError",
    "StreamsDeniedError",
    "StreamsWithoutFilterError",
    "TokenRejectedError",
    "TransientError",
    "UnknownFieldsError",
    "UnreachableError",
    "UnsupportedFilterError",
]
