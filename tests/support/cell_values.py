"""The field types of cells of a file, and arbitrary JSON values for them."""

from __future__ import annotations

from hypothesis import strategies as st

from tap_marketo_bulk.rows.field_types import (
    ATTRIBUTES,
    BOOLEAN,
    DATE,
    DATE_TIME,
    INTEGER,
    NUMBER,
    TEXT,
)

CELL_TYPES = {
    "text": TEXT,
    "integer": INTEGER,
    "number": NUMBER,
    "boolean": BOOLEAN,
    "date": DATE,
    "date-time": DATE_TIME,
    "object": ATTRIBUTES,
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
