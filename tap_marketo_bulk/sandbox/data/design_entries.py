"""The entries of emails, templates, landing pages and forms in responses of the Asset API."""

from tap_marketo_bulk.sandbox.data.asset_catalog import AssetSnapshot
from tap_marketo_bulk.sandbox.data.asset_entries import (
    Entry,
    FormatTime,
    common_members,
    description,
    folder_with_value,
    url,
)

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
