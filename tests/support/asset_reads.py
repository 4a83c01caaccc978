"""Reads of the Asset API of the sandbox."""

from datetime import datetime
from typing import Any

from tap_marketo_bulk.sandbox.http import rest_api
from tests.support.api_client import SandboxClient

NO_ASSETS = "No assets found for the given search criteria."
_READS = [read for read in rest_api.READS if read.kind and read.respond in ("page", "forms")]
# The path of each read with pages of assets, and the method of ExpectedRows for it.
READS = {read.path.removeprefix("asset/v1/"): read.stream for read in _READS}
WITH_DATE_FILTER = [path for path, read in zip(READS, _READS, strict=True) if read.has_date_filter]


def browse(client: SandboxClient, name: str, **query: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the response to one call."""
    return client.get(f"/rest/asset/v1/{name}.json", params=query).json()


def read_pages(client: SandboxClient, name: str, size: int = 3, **query: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return the entries of all pages."""
    found: list[Any] = []
    while True:
        page = browse(client, name, offset=len(found), maxReturn=size, **query)
        assert page["success"]
        if "result" not in page:
            return found
        assert 0 < len(page["result"]) <= size
        found += page["result"]


def in_utc(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry whose times have the format of the expected entries."""
    times = {name: entry[name].removesuffix("+0000") for name in ("createdAt", "updatedAt")}
    assert all(entry[name] == f"{time}+0000" for name, time in times.items())
    assert all(datetime.fromisoformat(time).tzinfo for time in times.values())
    return entry | times
