"""Every limit that Marketo documents, as a constant with its unit and its source.

All limits hold for the subscription as a whole, which means for all of its integrations together,
unless a comment says otherwise. The tap does not need all of them; this module is the list.
"""

from __future__ import annotations

from datetime import timedelta

# Adobe, "REST API", section "Limits".
DAILY_API_CALLS = 50_000
CALLS_PER_PERIOD = 100
CALL_PERIOD_SECONDS = 20.0
CONCURRENT_CALLS = 10
# HTTP 413 and 414 beyond these.
REQUEST_BODY_BYTES = 1024 * 1024
URI_BYTES = 8 * 1024
# Adobe, "Authentication": the life of an access token.
TOKEN_LIFE_SECONDS = 3600.0
# Adobe, "Bulk Extract", section "Limits". Jobs that are queued or being processed count.
QUEUE_PLACES = 10
PROCESSING_SLOTS = 2
# A job's date range.
MAX_WINDOW_DAYS = 31
# The default allocation, reset at 00:00 US Central; subscriptions can buy more. A megabyte is a
# million bytes.
DAILY_EXPORT_MEGABYTES = 500
# How long a finished job and its file can be fetched.
FILE_LIFE = timedelta(days=7)
# Marketo updates the status of a job at most once in this time.
STATUS_UPDATE_SECONDS = 60
# Adobe, "Bulk Lead Extract" and "Bulk Activity Extract": jobs on a page of the job list.
JOBS_PER_PAGE = 300
# Adobe, "Bulk Activity Extract": values of a primary attribute in one filter.
MAX_PRIMARY_ATTRIBUTE_VALUES = 50
# Adobe, "Bulk Program Member Extract": program ids in one filter.
MAX_PROGRAM_IDS = 10
# Adobe, "Paging Tokens": deleted leads, static lists and campaigns on a page.
RECORDS_PER_PAGE = 300
# Adobe's knowledge base, retention of activities: Delete Lead. A longer option can be bought.
DELETION_LIFE = timedelta(days=14)
# Adobe, "Usage": the days of the weekly reports.
USAGE_LIFE = timedelta(days=7)
# Adobe, "Asset APIs": ``maxReturn``.
ASSETS_PER_PAGE = 200
# Adobe's knowledge base, retention of activities: the types that are kept for the shortest time,
# besides Delete Lead. Others are kept for 25 months.
SHORT_RETENTION = timedelta(days=90)
