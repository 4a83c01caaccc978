"""The method, the path and the query of a request, as Marketo reads them."""

from urllib.parse import parse_qsl


def resolve_dot_segments(path: str) -> str:
    """The path without the segments ``.`` and ``..``: some clients send ``/rest/../bulk/v1``."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:1] + segments[1:-1]
        elif segment != ".":
            segments.append(segment)
    return "/".join(segments)


def method_and_query(method: str, query_text: str, body: bytes) -> tuple[str, dict[str, str]]:
    """The method of a call and its parameters.

    A POST call with the parameter ``_method=GET`` is a GET call; its parameters are also in the
    body, because they can be too long for a URL.
    """
    query = _parse_query(query_text)
    if method != "POST":
        return method, query
    parameters = query | _parse_query(body.decode(errors="replace"))
    if parameters.get("_method", "").upper() == "GET":
        return "GET", parameters
    return method, query


def _parse_query(text: str) -> dict[str, str]:
    """The parameters of a query; the values of a repeated parameter are joined with commas."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query
