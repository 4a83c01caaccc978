"""The reads of the Asset API: the entries of each at an instant, and their key.

The HTTP API and the expected rows use the same entries, with different texts of instants.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tap_marketo_bulk.sandbox.clock import TimeRange
from tap_marketo_bulk.sandbox.data import asset_entries
from tap_marketo_bulk.sandbox.data import assets as catalog
from tap_marketo_bulk.sandbox.data.asset_entries import Entry, EntryFunction, FormatTime
from tap_marketo_bulk.sandbox.data.assets import CHANNELS, AssetKind, AssetSnapshot
from tap_marketo_bulk.sandbox.data.data_set import DataSet

_TAG_TYPES = (
    ("Region", "[program,email_batch,nurture,event,webinar]", True),
    ("Venue", "[event]", True),
    ("Business Unit, owner", "[program,email_batch,nurture,event,webinar]", False),
    ("Presenter", "[event,webinar]", False),
)


@dataclass(frozen=True)
class AssetRead:
    """A read that browses one kind of assets.

    ``has_date_filter`` says whether it has ``earliestUpdatedAt`` and ``latestUpdatedAt``,
    ``can_list_drafts`` whether the option ``draft_entries`` applies to it.
    """

    kind: AssetKind
    entry: EntryFunction
    has_date_filter: bool = True
    can_list_drafts: bool = False

    def entries(
        self,
        data_set: DataSet,
        at: int,
        format_time: FormatTime,
        time_range: TimeRange | None = None,
    ) -> list[Entry]:
        """The entries at ``at`` in the order of the option ``asset_order``."""
        options = data_set.options
        includes_end = options.end_at_inclusive
        snapshots = [
            one
            for one in data_set.assets(self.kind, at)
            if time_range is None or time_range.contains(one.updated_at, includes_end=includes_end)
        ]
        snapshots.sort(key=_SORT_KEYS[options.asset_order])
        more = {"sandboxDetails": {"rank": 1.5}} if options.undocumented_members else {}
        return [self.entry(one, format_time) | more for one in snapshots]

    def expected(self, data_set: DataSet, at: int, format_time: FormatTime) -> dict[int, Entry]:
        """The entries by id; the approved version of an asset whose draft is another entry."""
        drafts = self.can_list_drafts and data_set.options.draft_entries
        return {
            int(str(entry["id"])): asset_entries.version_entries(entry, draft_entries=drafts)[0]
            for entry in self.entries(data_set, at, format_time)
        }


_SORT_KEYS: dict[str, Callable[[AssetSnapshot], tuple[str | int, ...]]] = {
    "name": lambda one: (one.asset.name.casefold(), one.asset.id),
    "id": lambda one: (one.asset.id,),
    "updatedAt": lambda one: (one.updated_at, one.asset.id),
}

PROGRAMS = AssetRead(catalog.PROGRAM, asset_entries.program_entry)
CAMPAIGNS = AssetRead(catalog.CAMPAIGN, asset_entries.campaign_entry)
STATIC_LISTS = AssetRead(catalog.STATIC_LIST, asset_entries.static_list_entry)
SMART_LISTS = AssetRead(catalog.SMART_LIST, asset_entries.smart_list_entry)
EMAILS = AssetRead(catalog.EMAIL, asset_entries.email_entry)
EMAIL_TEMPLATES = AssetRead(
    catalog.EMAIL_TEMPLATE,
    asset_entries.email_template_entry,
    has_date_filter=False,
    can_list_drafts=True,
)
LANDING_PAGES = AssetRead(
    catalog.LANDING_PAGE,
    asset_entries.landing_page_entry,
    has_date_filter=False,
    can_list_drafts=True,
)
FORMS = AssetRead(catalog.FORM, asset_entries.form_entry, has_date_filter=False)
SEGMENTATIONS = AssetRead(
    catalog.SEGMENTATION, asset_entries.segmentation_entry, has_date_filter=False
)


def segments_of(
    data_set: DataSet, segmentation_id: int, at: int, format_time: FormatTime
) -> list[Entry]:
    """The segments of a segmentation; an unknown one has none."""
    return [
        entry
        for segmentation in data_set.assets(catalog.SEGMENTATION, at)
        if segmentation.asset.id == segmentation_id
        for entry in asset_entries.segment_entries(segmentation, format_time)
    ]


def channel_entries(data_set: DataSet, format_time: FormatTime) -> list[Entry]:
    """The channels in Get Channels; they do not change."""
    return [channel.entry(format_time(data_set.first_instant)) for channel in CHANNELS]


def tag_entries(data_set: DataSet) -> list[Entry]:
    """The tags in Get Tag Types: they have no id, and the program types are one text."""
    more = ((f"Tag {number}", "[program]", False) for number in range(data_set.options.many_assets))
    return [
        {"tagType": name, "applicableProgramTypes": types, "required": required}
        for name, types, required in (*_TAG_TYPES, *more)
    ]
