"""The fields of custom objects and of program members, as the describe calls return them."""

import zlib
from dataclasses import dataclass
from functools import cached_property

from tap_marketo_bulk.sandbox.data.random_values import combine_bits

_LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 2000, "text": 2000, "textarea": 30000}


@dataclass(frozen=True)
class ObjectField:
    """A field in Describe Custom Object or Describe Program Member: no ``rest`` wrapper.

    ``length`` is its documented length; 0: the length that is usual for the data type, if any.
    """

    name: str
    display_name: str
    data_type: str
    is_updateable: bool = True
    is_crm_managed: bool = False
    length: int = 0

    @cached_property
    def name_checksum(self) -> int:
        """Makes the pseudo-random values of this field different from those of other fields."""
        return zlib.crc32(self.name.encode())

    def field_bits(self, bits: int) -> int:
        """The pseudo-random bits of this field in a record with these bits."""
        return combine_bits(bits, self.name_checksum)

    def describe_entry(self) -> dict[str, object]:
        """Its entry in ``fields`` of the response."""
        entry: dict[str, object] = {
            "name": self.name,
            "displayName": self.display_name,
            "dataType": self.data_type,
        }
        length = self.length or _LENGTHS.get(self.data_type.casefold())
        if length:
            entry["length"] = length
        return entry | {"updateable": self.is_updateable, "crmManaged": self.is_crm_managed}


def parse_fields(table: str, *, is_updateable: bool = True) -> tuple[ObjectField, ...]:
    """The fields in a table with one line for each: display name, data type, name."""
    rows = ([cell.strip() for cell in line.split("|")] for line in table.strip().splitlines())
    return tuple(
        ObjectField(name, display_name, data_type, is_updateable)
        for display_name, data_type, name in rows
    )
