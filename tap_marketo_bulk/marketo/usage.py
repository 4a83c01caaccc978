"""The API calls and API errors of the subscription on each of the last seven days.

Source: Adobe, "Usage" in the endpoint reference of the Lead Database API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.marketo.paging import entries_of

if TYPE_CHECKING:
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.paging import Entry

USAGE_PATH = "/rest/v1/stats/usage/last7days.json"
ERRORS_PATH = "/rest/v1/stats/errors/last7days.json"


def usage_by_day(client: Client) -> list[Entry]:
    """Return an entry for each day, oldest first; days are those of US Central time.

    It has ``date``, the calls as ``total`` and ``users``, and the API errors as ``errorTotal``
    and ``errors``. Raises as ``Client.get``.
    """
    days: dict[str, Entry] = {}
    for entry in entries_of(f"GET {USAGE_PATH}", client.get(USAGE_PATH)):
        days.setdefault(str(entry.get("date")), {}).update(entry)
    for entry in entries_of(f"GET {ERRORS_PATH}", client.get(ERRORS_PATH)):
        renamed = {"errorTotal" if name == "total" else name: entry[name] for name in entry}
        days.setdefault(str(entry.get("date")), {}).update(renamed)
    return [days[date] for date in sorted(days)]
