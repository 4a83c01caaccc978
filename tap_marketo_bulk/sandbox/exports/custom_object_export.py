"""The export of the records of a custom object."""

from collections.abc import Iterable, Iterator

from tap_marketo_bulk.sandbox.api_errors import invalid_value
from tap_marketo_bulk.sandbox.data.custom_object_records import CustomObjectRowFilter
from tap_marketo_bulk.sandbox.data.custom_objects import CustomObjectDefinition
from tap_marketo_bulk.sandbox.data.data_set import DataSet
from tap_marketo_bulk.sandbox.data.object_fields import ObjectField
from tap_marketo_bulk.sandbox.exports.checks import (
    LIST_FILTERS,
    check_field_names,
    check_filter_is_supported,
    check_known_fields,
    check_list_exists,
    check_time_range,
    parse_only_filter,
)
from tap_marketo_bulk.sandbox.exports.definition import (
    CreateBody,
    ExpectedRow,
    ExportDefinition,
    json_value,
)
from tap_marketo_bulk.sandbox.exports.file_writer import format_value
from tap_marketo_bulk.sandbox.options import READ_CUSTOM_OBJECT

FILTERS = ("updatedAt", *LIST_FILTERS)


class CustomObjectExport(ExportDefinition[CustomObjectRowFilter, str]):
    """The object ``customobjects/<apiName>``: ``fields`` and exactly one filter are required.

    No field is added to ``fields``, neither ``marketoGUID`` nor ``updatedAt``.
    """

    permission = READ_CUSTOM_OBJECT

    def __init__(self, data_set: DataSet, definition: CustomObjectDefinition) -> None:
        super().__init__(data_set)
        self.name = f"customobjects/{definition.api_name}"
        self._definition = definition

    def parse_create_body(self, body: object, at: int) -> CreateBody[CustomObjectRowFilter]:
        """Parse a create body; see the base class.

        Raises:
            SandboxApiError: Bulk Extract does not export this object, or the body is invalid.
        """
        if self._definition.export_error:
            raise invalid_value(self._definition.export_error)
        return super().parse_create_body(body, at)

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``, which is required; see the base class."""
        names = check_field_names(fields, is_strict=self.is_strict)
        known = {self._key(field.name) for field in self._definition.fields}
        unknown = [name for name in names if self._key(name) not in known]
        check_known_fields(unknown, (), self.data_set.options)
        return names

    def parse_filter(self, filters: object, at: int) -> CustomObjectRowFilter:
        """Parse the one filter; see the base class."""
        name, value = parse_only_filter(filters, FILTERS)
        if name == "updatedAt":
            options = self.data_set.options
            check_filter_is_supported(is_supported=options.custom_object_updated_at_filter)
            return CustomObjectRowFilter(check_time_range(value, name, is_strict=self.is_strict))
        return CustomObjectRowFilter(list_id=check_list_exists(self.data_set, name, value, at))

    def file_rows(
        self, columns: tuple[str, ...], row_filter: CustomObjectRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each record; see the base class."""
        known = {self._key(field.name): field for field in self._definition.fields}
        fields = [known[self._key(name)] for name in columns]
        for record in self.data_set.custom_object_records(self._definition, row_filter, at):
            yield map(format_value, record.values(fields))

    def expected_rows(
        self, row_filter: CustomObjectRowFilter | None, at: int
    ) -> dict[str, ExpectedRow]:
        """The records by ``marketoGUID``; see the base class."""
        fields = self._definition.fields
        names = [field.name for field in fields]
        row_filter = row_filter or CustomObjectRowFilter()
        return {
            record.guid: dict(zip(names, map(json_value, record.values(fields)), strict=True))
            for record in self.data_set.custom_object_records(self._definition, row_filter, at)
        }

    def column_fields(self) -> dict[str, ObjectField]:
        """All fields by name."""
        return {field.name: field for field in self._definition.fields}

    def _key(self, name: str) -> str:
        ignores_case = self.data_set.options.custom_object_field_case == "ignored"
        return name.casefold() if ignores_case else name
