"""The bytes of a reply's body, piece by piece, with whatever befalls them on the way."""

from collections.abc import Iterator

from tap_marketo_bulk.sandbox.exchange import Reply

_PIECE_BYTES = 1 << 16
# A trickle: so many pieces make a small file slow, without making a large one endless.
_TRICKLE_PIECES = 20


def pieces(reply: Reply) -> Iterator[bytes]:
    """What is sent after the headers, up to the byte where the connection is to end."""
    offset = 0
    end = reply.delivery.drop_at
    corrupt_at = reply.delivery.corrupt_at
    for piece in _whole(reply):
        if corrupt_at is not None and offset <= corrupt_at < offset + len(piece):
            piece = _corrupted(piece, corrupt_at - offset)  # noqa: PLW2901 - the same piece
        if end is not None and offset + len(piece) > end:
            yield piece[: end - offset]
            return
        yield piece
        offset += len(piece)


def _whole(reply: Reply) -> Iterator[bytes]:
    size = _PIECE_BYTES
    if reply.delivery.pause_seconds:
        size = max(1, reply.length // _TRICKLE_PIECES)
    if reply.file:
        with reply.file.path.open("rb") as file:
            file.seek(reply.file.start)
            left = reply.file.length
            while left:
                piece = file.read(min(size, left))
                yield piece
                left -= len(piece)
    for start in range(0, len(reply.body), size):
        yield reply.body[start : start + size]


def _corrupted(piece: bytes, at: int) -> bytes:
    return piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
