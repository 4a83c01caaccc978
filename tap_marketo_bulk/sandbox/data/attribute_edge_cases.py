"""The edge cases of the column ``attributes`` of activities."""

from collections.abc import Collection

from tap_marketo_bulk.sandbox.data.activities import AttributeValues
from tap_marketo_bulk.sandbox.edge_cases import LONG_TEXT, EdgeCase

_LONG_TEXT_EVERY = 5000


class AttributeEdgeCases:
    """Changes the attributes of some activities as the edge cases require.

    ``has_mixed_case`` is whether the option ``attribute_key_case`` permits another letter case.
    """

    def __init__(self, edge_cases: Collection[EdgeCase], *, has_mixed_case: bool) -> None:
        self._edge_cases = edge_cases
        self._has_mixed_case = has_mixed_case and EdgeCase.MIXED_CASE_ATTRIBUTES in edge_cases

    def change(self, attributes: AttributeValues, bits: int, index: int) -> AttributeValues | None:
        """The attributes of activity number ``index``, changed; the argument is changed too."""
        kinds = self._edge_cases
        if EdgeCase.NULL_ATTRIBUTES in kinds and (bits >> 36) % 25 == 0:
            return None
        if EdgeCase.UNDOCUMENTED_ATTRIBUTES in kinds and (bits >> 40) % 50 == 0:
            attributes["Undocumented Note"] = "not in Get Activity Types"
        if EdgeCase.LONG_TEXTS in kinds and index % _LONG_TEXT_EVERY == _LONG_TEXT_EVERY // 4:
            attributes["Query Parameters"] = LONG_TEXT
        if self._has_mixed_case and (bits >> 44) % 10 == 0:
            return {name.title(): value for name, value in attributes.items()}
        return attributes
