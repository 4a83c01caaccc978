"""The fields of program members.

Source: Adobe, "Program Members".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.envelope import parsing_response
from tap_marketo_bulk.marketo.object_fields import parse_object_fields
from tap_marketo_bulk.marketo.paging import entries_of

if TYPE_CHECKING:
    from tap_marketo_bulk.marketo.client import Client
    from tap_marketo_bulk.marketo.object_fields import ObjectField

MEMBERS_PATH = "/rest/v1/programs/members/describe.json"


def describe_member_fields(client: Client) -> list[ObjectField]:
    """Return the fields that an export of program members can contain.

    Raises as ``Client.get``.
    """
    call = f"GET {MEMBERS_PATH}"
    entries = entries_of(call, client.get(MEMBERS_PATH))
    if len(entries) != 1:
        raise InvalidResponseError(f"The result of {call} is not one description")
    with parsing_response(call):
        return parse_object_fields(entries[0]["fields"])
