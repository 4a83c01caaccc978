"""The entries of assets in responses.

Every function formats instants with ``format_time``: the API and the expected rows differ in it.
"""

from collections.abc import Callable

from tap_marketo_bulk.sandbox.clock import format_epoch_seconds
from tap_marketo_bulk.sandbox.data.assets import (
    CAMPAIGN,
    FOLDER,
    PROGRAMS,
    STATIC_LIST,
    AssetSnapshot,
)
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.program_members import program_channel

Entry = dict[str, object]
FormatTime = Callable[[int], str]
EntryFunction = Callable[[AssetSnapshot, FormatTime], Entry]

_APP_URL = "https://app-sandbox.example.com/#"
_PROGRAM_URLS = {"Engagement": "NP", "Email": "EBP", "Default": "PG"}
_PROGRAM_STATUSES = {"Engagement": ("on", "off"), "Email": ("unlocked", "unlocked")}


def parent_folder(snapshot: AssetSnapshot) -> tuple[int, str, str]:
    """The id, the type and the name of the program or the folder of an asset."""
    for program in PROGRAMS:
        if program.name == snapshot.asset.program:
            return program.id, "Program", program.name
    folder = FOLDER.asset(snapshot.number % FOLDER.initial_count, snapshot.edge_cases)
    return folder.id, "Folder", folder.name


def folder_with_value(snapshot: AssetSnapshot) -> Entry:
    """The member ``folder`` of most assets."""
    folder_id, folder_type, name = parent_folder(snapshot)
    return {"type": folder_type, "value": folder_id, "folderName": name}


def folder_with_id(snapshot: AssetSnapshot) -> Entry:
    """The member ``folder`` of lists and campaigns."""
    folder_id, folder_type, _ = parent_folder(snapshot)
    return {"id": folder_id, "type": folder_type}


def common_members(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """The members that all assets have."""
    return {
        "id": snapshot.asset.id,
        "name": snapshot.asset.name,
        "createdAt": format_time(snapshot.created_at),
        "updatedAt": format_time(snapshot.updated_at),
    }


def description(snapshot: AssetSnapshot) -> Entry:
    """The member ``description``: null, or a text that says how often the asset was changed."""
    text = f"Version {snapshot.change}" if snapshot.number % 3 else None
    return {"description": text}


def url(prefix: str, snapshot: AssetSnapshot) -> str:
    """The address of the asset in the application; ``prefix`` denotes its kind."""
    return f"{_APP_URL}{prefix}{snapshot.asset.id}A1"


def program_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A program in Get Programs, which returns neither tags nor costs."""
    channel = program_channel(snapshot)
    statuses = _PROGRAM_STATUSES.get(channel.program_type, ("", ""))
    return {
        **common_members(snapshot, format_time),
        "description": f"Version {snapshot.change}",
        "url": url(_PROGRAM_URLS.get(channel.program_type, "ME"), snapshot),
        "type": channel.program_type,
        "channel": channel.name,
        "folder": folder_with_value(snapshot),
        "status": statuses[snapshot.change % 2],
        "workspace": "Default",
        "headStart": False,
    }


def campaign_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A smart campaign in Get Smart Campaigns. Some belong to a program, two are of the system."""
    is_trigger = snapshot.number % 2 == 1
    is_system = snapshot.number in (2, 4)
    is_active = is_trigger and snapshot.change % 2 == 0
    entry = {
        **common_members(snapshot, format_time),
        **description(snapshot),
        "status": "Active" if is_active else ("Inactive" if is_trigger else "Never Run"),
        "type": "trigger" if is_trigger else "batch",
        "isSystem": is_system,
        "isActive": is_active,
        "isRequestable": is_trigger and snapshot.number % 4 == 1,
        "isCommunicationLimitEnabled": snapshot.number % 5 == 0,
        "recurrence": {"weekdayOnly": False},
        "qualificationRuleType": "once",
        "workspace": "Default",
        "smartListId": 5000 + snapshot.number,
        "flowId": 6000 + snapshot.number,
        "computedUrl": url("SC", snapshot),
    }
    if is_system:
        return entry
    if snapshot.number % 3 == 0:
        program = PROGRAMS[snapshot.number % len(PROGRAMS)]
        folder = {"id": program.id, "type": "Program"}
        return entry | {"folder": folder, "parentProgramId": program.id}
    return entry | {"folder": folder_with_id(snapshot)}


def static_list_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A static list in Get Static Lists; some have no description."""
    entry = {
        **common_members(snapshot, format_time),
        "folder": folder_with_id(snapshot),
        "computedUrl": url("ST", snapshot),
    }
    text = description(snapshot)
    return entry | text if text["description"] else entry


def smart_list_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A smart list in Get Smart Lists, which returns no rules."""
    return {
        **common_members(snapshot, format_time),
        "url": url("SL", snapshot),
        "folder": folder_with_id(snapshot),
        "workspace": "Default",
    }


def segmentation_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A segmentation in Get Segmentations."""
    return {
        **common_members(snapshot, format_time),
        **description(snapshot),
        "url": url("SG", snapshot),
        "folder": folder_with_value(snapshot),
        "status": "approved" if snapshot.number % 3 else "draft",
        "workspace": "Default",
    }


def segment_entries(segmentation: AssetSnapshot, format_time: FormatTime) -> list[Entry]:
    """The segments of a segmentation in Get Segments."""
    names = ("North", "South", "East, West", "Default")
    return [
        {
            **common_members(segmentation, format_time),
            "id": segmentation.asset.id * 10 + number,
            "name": name,
            "description": f"Segment {name}",
            "url": url("SGM", segmentation),
            "segmentationId": segmentation.asset.id,
            "status": "approved",
        }
        for number, name in enumerate(names)
    ]


APPROVED = "approved"
DRAFT = "draft"
APPROVED_WITH_DRAFT = "approved with draft"


def _status(snapshot: AssetSnapshot) -> str:
    """An asset is a draft first, then approved, and then it can have a draft again."""
    if not (snapshot.change or snapshot.number % 2):
        return DRAFT
    return APPROVED_WITH_DRAFT if snapshot.change % 2 else APPROVED


def _text(value: str) -> Entry:
    return {"type": "Text", "value": value}


def email_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """An email in Get Emails."""
    cc_field = {
        "attributeId": "157",
        "objectName": "lead",
        "displayName": "Lead Owner Email Address",
        "apiName": None,
    }
    has_template = snapshot.number % 2 == 0
    return {
        **common_members(snapshot, format_time),
        **description(snapshot),
        "url": url("EM", snapshot),
        "subject": _text(f"News no. {snapshot.change} \U0001f389"),
        "fromName": _text("Sandbox"),
        "fromEmail": _text("news@example.com") if has_template else None,
        "replyEmail": _text("reply@example.com"),
        "folder": folder_with_value(snapshot),
        "operational": snapshot.number % 5 == 0,
        "textOnly": False,
        "publishToMSI": False,
        "webView": snapshot.number % 3 == 0,
        "status": _status(snapshot),
        "template": 601 if has_template else None,
        "workspace": "Default",
        "isOpenTrackingDisabled": False,
        "version": 2,
        "autoCopyToText": True,
        "ccFields": [cc_field] if has_template else None,
        "preHeader": 'A preheader, with "quotes"' if has_template else None,
    }


def email_template_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """An email template in Get Email Templates."""
    return {
        **common_members(snapshot, format_time),
        **description(snapshot),
        "url": url("ET", snapshot),
        "folder": folder_with_value(snapshot),
        "status": _status(snapshot),
        "workspace": "Default",
        "version": 1 + snapshot.number % 2,
    }


def landing_page_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A landing page in Get Landing Pages; the title and the keywords can be missing."""
    entry: Entry = {
        **common_members(snapshot, format_time),
        **description(snapshot),
        "folder": folder_with_value(snapshot),
        "workspace": "Default",
        "status": _status(snapshot),
        "template": 57,
        "robots": "index, nofollow",
        "formPrefill": False,
        "mobileEnabled": snapshot.number % 2 == 1,
        "URL": f"https://www.example.com/lp/page-{snapshot.asset.id}.html",
        "computedUrl": url("LP", snapshot),
    }
    if snapshot.number % 2:
        entry |= {"title": f"Page {snapshot.asset.id}", "keywords": "a, b"}
    return entry


def form_entry(snapshot: AssetSnapshot, format_time: FormatTime) -> Entry:
    """A form in Get Forms."""
    thank_you = {"followupType": "none", "followupValue": None, "default": True}
    return {
        **common_members(snapshot, format_time),
        **description(snapshot),
        "url": url("FO", snapshot),
        "status": _status(snapshot),
        "theme": "simple",
        "language": "English",
        "locale": "en_US",
        "progressiveProfiling": snapshot.number % 2 == 1,
        "labelPosition": "left",
        "fontFamily": "Helvetica",
        "fontSize": "13px",
        "folder": folder_with_value(snapshot),
        "knownVisitor": {"type": "form", "template": None},
        "thankYouList": [thank_you],
        "buttonLocation": 120,
        "buttonLabel": "Submit",
        "waitingLabel": "Please Wait",
    }


def version_entries(entry: Entry, *, draft_entries: bool) -> list[Entry]:
    """The entries of an asset: with ``draft_entries`` a draft is an entry of its own.

    The first one is the approved version, if there is one.
    """
    if not draft_entries or entry["status"] != APPROVED_WITH_DRAFT:
        return [entry]
    return [entry | {"status": APPROVED}, entry | {"status": DRAFT}]


def lead_database_lists(data_set: DataSet, at: int) -> dict[int, Entry]:
    """The static lists at ``at``, by id, in order of creation; those of a program name it."""
    return {one.asset.id: _list_entry(one) for one in data_set.assets(STATIC_LIST, at)}


def lead_database_campaigns(data_set: DataSet, at: int) -> dict[int, Entry]:
    """The campaigns at ``at``, by id, in order of creation; those of a program name it."""
    return {one.asset.id: _campaign_entry(one) for one in data_set.assets(CAMPAIGN, at)}


def _list_entry(snapshot: AssetSnapshot) -> Entry:
    entry: Entry = {
        "id": snapshot.asset.id,
        "name": snapshot.asset.name,
        "workspaceName": "Default",
        "createdAt": format_epoch_seconds(snapshot.created_at),
        "updatedAt": format_epoch_seconds(snapshot.updated_at),
    }
    program = {"programName": snapshot.asset.program} if snapshot.asset.program else {}
    return entry | program


def _campaign_entry(snapshot: AssetSnapshot) -> Entry:
    asset = campaign_entry(snapshot, format_epoch_seconds)
    entry = {name: asset[name] for name in ("id", "name", "type", "createdAt", "updatedAt")}
    programs = {program.id: program.name for program in PROGRAMS}
    program_id = asset.get("parentProgramId")
    program = (
        {"programId": program_id, "programName": programs[program_id]}
        if isinstance(program_id, int)
        else {}
    )
    return {**entry, **program, "active": asset["isActive"], "workspaceName": "Default"}
