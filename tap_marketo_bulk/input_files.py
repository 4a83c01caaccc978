"""The files of the options --catalog and --state, read before the SDK parses them."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING

from tap_marketo_bulk.errors import CatalogError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable


def catalog_file_text(file: IO[str]) -> str:
    """Return the text of a catalog file; raises ``CatalogError`` where it is not JSON."""
    return _read_json_text(
        file,
        lambda problem: CatalogError(
            f"The catalog is {problem}. Nothing was read. Correct the file, or run discovery again."
        ),
    )


def state_file_text(file: IO[str]) -> str:
    """Return the text of a state file; raises ``StateError`` where it is not JSON."""
    return _read_json_text(file, lambda problem: StateError(f"it is {problem}"))


def _read_json_text(file: IO[str], make_error: Callable[[str], Exception]) -> str:
    try:
        # Editors on Windows begin a file with a byte order mark.
        text = file.read().removeprefix("\ufeff")
        # Written again, since NaN and half a surrogate pair can be read but not be written.
        json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise make_error("not valid Unicode text") from None
    except RecursionError:
        raise make_error("not usable JSON (it is nested too deeply)") from None
    except ValueError as error:
        raise make_error(f"not JSON ({error})") from None
    return text
