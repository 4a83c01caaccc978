"""Typed records become the text of a bulk file, the way Marketo writes it."""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime

from tap_marketo_bulk.sandbox import nasty
from tap_marketo_bulk.sandbox.activities import Activity
from tap_marketo_bulk.sandbox.instants import text
from tap_marketo_bulk.sandbox.options import Options
from tap_marketo_bulk.sandbox.values import Value

SEPARATORS = {"CSV": ",", "TSV": "\t"}
EMPTY = "null"


class Renderer:
    """Writes rows in one format: ``CSV``, ``TSV`` or ``SSV``."""

    def __init__(self, file_format: str, options: Options) -> None:
        self._separator = SEPARATORS.get(file_format, options.ssv_separator)
        # A lone carriage return is no reason for quotes: so it was seen.
        self._needs_quotes = re.compile(f'["\n{self._separator}]').search
        self._true = options.boolean_style
        self._false = _FALSE[options.boolean_style]

    def row(self, cells: Iterable[str]) -> bytes:
        """One line of the file."""
        return (self._separator.join(map(self._quoted, cells)) + "\n").encode()

    def cell(self, value: Value, data_type: str) -> str:
        """A lead's value before quoting."""
        if value is None:
            return EMPTY
        if isinstance(value, bool):
            return self._true if value else self._false
        if isinstance(value, datetime):
            return text(int(value.timestamp()))
        if isinstance(value, date):
            return value.isoformat()
        # Some scores arrive with a decimal point, though they are whole.
        if data_type == "score" and isinstance(value, int) and value % 3 == 0:
            return f"{value}.0"
        return str(value)

    def _quoted(self, cell: str) -> str:
        if not self._needs_quotes(cell):
            return cell
        if cell not in nasty.STRAY_QUOTES:
            cell = cell.replace('"', '""')
        return f'"{cell}"'


_FALSE = {"true": "false", "True": "False", "TRUE": "FALSE", "1": "0"}


def activity_cell(activity: Activity, column: str) -> str:
    """One column of an activity before quoting."""
    primary = activity.primary
    value: object = {
        "marketoGUID": activity.guid,
        "leadId": activity.lead_id,
        "activityDate": text(activity.happened_at),
        "activityTypeId": activity.kind.id,
        "campaignId": activity.campaign_id,
        "primaryAttributeValueId": primary and primary.id,
        "primaryAttributeValue": primary and primary.full_name,
        "attributes": None if activity.attributes is None else json_text(activity.attributes),
        "actionResult": activity.result,
    }[column]
    return EMPTY if value is None else str(value)


def json_text(attributes: object) -> str:
    """The JSON in the column ``attributes``."""
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"))
