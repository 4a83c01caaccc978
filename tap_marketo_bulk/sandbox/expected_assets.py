"""The entries of the reference reads that a client of the sandbox must have read."""

from datetime import datetime

from tap_marketo_bulk.sandbox.clock import SandboxClock, format_epoch_seconds
from tap_marketo_bulk.sandbox.data import asset_reads as reads
from tap_marketo_bulk.sandbox.data.asset_catalog import SEGMENTATION
from tap_marketo_bulk.sandbox.data.asset_entries import Entry
from tap_marketo_bulk.sandbox.data.asset_reads import AssetRead
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.folders import FolderKey, FolderTree
from tap_marketo_bulk.sandbox.data.lead_database_entries import (
    lead_database_campaigns,
    lead_database_lists,
)
from tap_marketo_bulk.sandbox.http.call_statistics import CallStatistics

# Deeper than any folder.
_MAX_DEPTH = 1000


class ExpectedAssets:
    """The expected entries of each reference read, by id unless said otherwise.

    Entries have the members and the JSON values of the API, except that date-times are texts such
    as ``2026-03-01T12:00:00Z``. ``at`` is an aware instant; the default is now.
    """

    def __init__(self, data_set: DataSet, clock: SandboxClock, statistics: CallStatistics) -> None:
        self._data_set = data_set
        self._clock = clock
        self._statistics = statistics

    def lead_describe(self) -> dict[int, Entry]:
        """The entries of Describe Lead."""
        return {field.id: field.describe_entry() for field in self._data_set.fields}

    def activity_types(self) -> dict[int, Entry]:
        """The entries of Get Activity Types."""
        return {one.id: one.describe_entry() for one in self._data_set.activity_types}

    def programs(self, at: datetime | None = None) -> dict[int, Entry]:
        """The programs."""
        return self._assets(reads.PROGRAMS, at)

    def campaigns(self, at: datetime | None = None) -> dict[int, Entry]:
        """The smart campaigns."""
        return self._assets(reads.CAMPAIGNS, at)

    def lists(self, at: datetime | None = None) -> dict[int, Entry]:
        """The static lists of the Asset API."""
        return self._assets(reads.STATIC_LISTS, at)

    def smart_lists(self, at: datetime | None = None) -> dict[int, Entry]:
        """The smart lists."""
        return self._assets(reads.SMART_LISTS, at)

    def emails(self, at: datetime | None = None) -> dict[int, Entry]:
        """The emails."""
        return self._assets(reads.EMAILS, at)

    def email_templates(self, at: datetime | None = None) -> dict[int, Entry]:
        """The email templates, in their approved versions if there are several."""
        return self._assets(reads.EMAIL_TEMPLATES, at)

    def landing_pages(self, at: datetime | None = None) -> dict[int, Entry]:
        """The landing pages, in their approved versions if there are several."""
        return self._assets(reads.LANDING_PAGES, at)

    def forms(self, at: datetime | None = None) -> dict[int, Entry]:
        """The forms."""
        return self._assets(reads.FORMS, at)

    def segmentations(self, at: datetime | None = None) -> dict[int, Entry]:
        """The segmentations."""
        return self._assets(reads.SEGMENTATIONS, at)

    def segments(self, at: datetime | None = None) -> dict[int, Entry]:
        """The segments of all segmentations."""
        instant = self._epoch_seconds(at)
        ids = (one.asset.id for one in self._data_set.assets(SEGMENTATION, instant))
        return {
            int(str(entry["id"])): entry
            for segmentation_id in ids
            for entry in reads.segments_of(
                self._data_set, segmentation_id, instant, format_epoch_seconds
            )
        }

    def channels(self) -> dict[int, Entry]:
        """The channels."""
        entries = reads.channel_entries(self._data_set, format_epoch_seconds)
        return {int(str(entry["id"])): entry for entry in entries}

    def tags(self) -> dict[str, Entry]:
        """The tags by ``tagType``."""
        return {str(entry["tagType"]): entry for entry in reads.tag_entries(self._data_set)}

    def folders(self, at: datetime | None = None) -> dict[FolderKey, Entry]:
        """The folders and programs of the whole tree, by id and type."""
        tree = FolderTree(self._data_set, self._epoch_seconds(at))
        keys = tree.keys_below(None, _MAX_DEPTH)
        return {key: tree.entry(key, format_epoch_seconds) for key in keys}

    def lead_database_lists(self, at: datetime | None = None) -> dict[int, Entry]:
        """The static lists of the Lead Database API, ``/rest/v1/lists.json``."""
        return lead_database_lists(self._data_set, self._epoch_seconds(at))

    def lead_database_campaigns(self, at: datetime | None = None) -> dict[int, Entry]:
        """The campaigns of the Lead Database API, ``/rest/v1/campaigns.json``."""
        return lead_database_campaigns(self._data_set, self._epoch_seconds(at))

    def usage(self) -> dict[str, Entry]:
        """The calls of the last 7 days up to now, by date."""
        return {str(entry["date"]): entry for entry in self._statistics.usage()}

    def api_errors_by_date(self) -> dict[str, Entry]:
        """The API errors of the last 7 days up to now, by date."""
        return {str(entry["date"]): entry for entry in self._statistics.errors()}

    def _assets(self, read: AssetRead, at: datetime | None) -> dict[int, Entry]:
        return read.expected(self._data_set, self._epoch_seconds(at), format_epoch_seconds)

    def _epoch_seconds(self, at: datetime | None) -> int:
        return int((at or self._clock.now()).timestamp())
