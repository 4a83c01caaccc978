"""The export of leads."""

from collections.abc import Iterable, Iterator

from tap_marketo_bulk.sandbox.api_errors import ApiErrorCode, SandboxApiError, invalid_value
from tap_marketo_bulk.sandbox.data.assets import find_list_id
from tap_marketo_bulk.sandbox.data.data_set import LeadRowFilter
from tap_marketo_bulk.sandbox.data.lead_fields import LeadFieldDefinition
from tap_marketo_bulk.sandbox.data.random_values import Value
from tap_marketo_bulk.sandbox.exports.definition import (
    ExpectedRow,
    ExportDefinition,
    check_field_names,
    check_filters,
    check_time_range,
    json_value,
)
from tap_marketo_bulk.sandbox.exports.file_writer import format_value

LIST_FILTERS = ("staticListName", "staticListId", "smartListName", "smartListId")
FILTERS = ("createdAt", "updatedAt", *LIST_FILTERS)


class LeadExport(ExportDefinition[LeadRowFilter, int]):
    """The object ``leads``: the fields are those of Describe Lead, with exactly one filter."""

    name = "leads"

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``, which is required; see the base class."""
        names = check_field_names(fields)
        known = self.data_set.requestable_lead_columns
        unknown = [name for name in names if name not in known]
        if unknown and self.data_set.options.unknown_field_style == "1006":
            message = f"Field '{unknown[0]}' not found"
            raise SandboxApiError(ApiErrorCode.FIELD_NOT_FOUND, message)
        if unknown:
            raise invalid_value(f"Invalid fields [{', '.join(unknown)}]")
        return names

    def parse_filter(self, filters: object) -> LeadRowFilter:
        """Parse the one filter; see the base class."""
        members = check_filters(filters, FILTERS)
        if len(members) != 1:
            raise invalid_value(f"Exactly one filter is required, one of: {', '.join(FILTERS)}")
        name, value = next(iter(members.items()))
        if not self._is_supported(name):
            message = "Unsupported filter type for target subscription"
            raise SandboxApiError(ApiErrorCode.UNSUPPORTED_FILTER, message)
        if name not in LIST_FILTERS:
            return LeadRowFilter(name, check_time_range(value, name))
        list_id = find_list_id(name, value)
        if list_id is None:
            raise invalid_value(f"Invalid value '{value}' for filter '{name}': no such list")
        return LeadRowFilter(name, list_id=list_id)

    def _is_supported(self, filter_name: str) -> bool:
        options = self.data_set.options
        if filter_name == "updatedAt":
            return options.updated_at_filter
        return options.smart_lists or not filter_name.startswith("smart")

    def file_rows(
        self, columns: tuple[str, ...], row_filter: LeadRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each lead; see the base class."""
        known = self.data_set.requestable_lead_columns
        fields = [known[name] for name in columns]
        for lead in self.data_set.leads(row_filter, at):
            yield map(self._format, fields, lead.values(fields))

    def _format(self, field: LeadFieldDefinition, value: Value) -> str:
        # Some scores have a decimal point, although they are whole numbers (seen).
        if field.data_type == "score" and isinstance(value, int) and value % 3 == 0:
            return f"{value}.0"
        return format_value(value, true_text=self.data_set.options.boolean_style)

    def expected_rows(self, row_filter: LeadRowFilter | None, at: int) -> dict[int, ExpectedRow]:
        """The leads by id; see the base class. Formula fields are not in them."""
        columns = self.data_set.lead_columns
        fields = tuple(columns.values())
        return {
            lead.history.id: dict(zip(columns, map(json_value, lead.values(fields)), strict=True))
            for lead in self.data_set.leads(row_filter or LeadRowFilter(), at)
        }
