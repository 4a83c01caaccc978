"""The export of leads."""

from collections.abc import Iterable, Iterator

from tap_marketo_bulk.sandbox.data.data_set import LeadRowFilter
from tap_marketo_bulk.sandbox.data.lead_fields import LeadFieldDefinition
from tap_marketo_bulk.sandbox.data.random_values import Value
from tap_marketo_bulk.sandbox.edge_cases import EdgeCase
from tap_marketo_bulk.sandbox.exports.checks import (
    LIST_FILTERS,
    check_field_names,
    check_filter_is_supported,
    check_known_fields,
    check_list_exists,
    check_time_range,
    parse_only_filter,
)
from tap_marketo_bulk.sandbox.exports.definition import ExpectedRow, ExportDefinition, json_value
from tap_marketo_bulk.sandbox.exports.file_writer import format_value
from tap_marketo_bulk.sandbox.options import READ_LEAD

FILTERS = ("createdAt", "updatedAt", *LIST_FILTERS)


class LeadExport(ExportDefinition[LeadRowFilter, int]):
    """The object ``leads``: the fields are those of Describe Lead, with exactly one filter."""

    name = "leads"
    permission = READ_LEAD

    def parse_columns(self, fields: object) -> tuple[str, ...]:
        """Parse ``fields``, which is required; see the base class."""
        names = check_field_names(fields, is_strict=self.is_strict)
        check_known_fields(names, self.data_set.requestable_lead_columns, self.data_set.options)
        return names

    def parse_filter(self, filters: object, at: int) -> LeadRowFilter:
        """Parse the one filter; see the base class."""
        name, value = parse_only_filter(filters, FILTERS)
        options = self.data_set.options
        if name == "updatedAt":
            check_filter_is_supported(is_supported=options.updated_at_filter)
        if name not in LIST_FILTERS:
            return LeadRowFilter(name, check_time_range(value, name, is_strict=self.is_strict))
        return LeadRowFilter(name, list_id=check_list_exists(self.data_set, name, value, at))

    def file_rows(
        self, columns: tuple[str, ...], row_filter: LeadRowFilter, at: int
    ) -> Iterator[Iterable[str]]:
        """The text of each column of each lead; see the base class."""
        known = self.data_set.requestable_lead_columns
        fields = [known[name] for name in columns]
        for lead in self.data_set.leads(row_filter, at):
            yield map(self._format, fields, lead.values(fields))

    def _format(self, field: LeadFieldDefinition, value: Value) -> str:
        has_decimals = EdgeCase.DECIMAL_SCORES in self.data_set.options.edge_cases
        is_score = has_decimals and field.data_type == "score"
        if is_score and isinstance(value, int) and value % 3 == 0:
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
