"""The data of the sandbox, and the JSON files with its tables."""

import json
from pathlib import Path
from typing import Any


def load_table(name: str) -> Any:  # noqa: ANN401 - JSON
    """The content of the file ``<name>.json``."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
