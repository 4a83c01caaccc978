"""Text from Marketo, made safe to log and to show in a terminal.

Every message, name and id in a response passes through this module, once, where the response is
parsed. The values of records do not: they are data and stay as they are.
"""

from __future__ import annotations

import re

# C0 and C1 control characters (ESC begins terminal commands), the line separators U+2028 and
# U+2029, and the characters that change the direction of the text around them.
_CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def without_control_characters(value: object) -> str:
    """Return ``value`` as text without control characters; half a surrogate pair becomes ``?``."""
    return _CONTROL_CHARACTERS.sub("", str(value)).encode(errors="replace").decode()


def clean_line(value: object) -> str:
    """Return ``value`` as one line of clean text; line breaks and runs of spaces become a space."""
    return without_control_characters(" ".join(str(value).split()))
