"""The base of every stream: what the catalog selects of it, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, Metadata

from tap_marketo_bulk.errors import CatalogError
from tap_marketo_bulk.rows.field_types import type_for_schema
from tap_marketo_bulk.rows.records import RecordFields, RowConverter
from tap_marketo_bulk.rows.values import INVALID_VALUES, InvalidValueHandler
from tap_marketo_bulk.sdk import SdkStream
from tap_marketo_bulk.streams.catalog import ColumnNames

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context
    from singer_sdk.metrics import Counter
    from singer_sdk.singerlib.catalog import Catalog, MetadataMapping

    from tap_marketo_bulk.rows.csv_file import Block
    from tap_marketo_bulk.rows.records import RecordFormat


_FIELD_NAMES = ColumnNames()


@dataclass(frozen=True)
class StreamSpec:
    """What a stream is.

    Attributes:
        name: The stream's name.
        schema: Its JSON Schema, from discovery or, where there is one, from the catalog.
        key: The fields that identify a record.
        replication_keys: The fields that Marketo can filter by; the first is the default. Empty
            where there is no such field: then the stream is always read in full.
        lookback: What is read again before the end of the previous run.
        names: The names of its columns.
        is_always_full: Whether that is the only method.
        filter_ids: The activity types, or the programs, that the settings select; none means all.
        is_partial: Whether a run reads only the records of the ids that its state has as pending.
        activity_type_id: The activity type whose rows are the stream's, None for all rows.
        selected_by_default: Whether it is read without a catalog.
        kept_for: How long Marketo keeps the records; None for longer than a run may be late.
        advice_if_lost: What to do about records that Marketo does not keep any more, as a sentence.
        ignores_start_date: Whether its first read begins with the oldest record, because records
            of other streams refer to records of any age.
    """

    name: str
    schema: dict[str, Any]
    key: tuple[str, ...]
    replication_keys: tuple[str, ...]
    lookback: timedelta = timedelta()
    names: ColumnNames = _FIELD_NAMES
    is_always_full: bool = False
    filter_ids: tuple[int, ...] = ()
    is_partial: bool = False
    activity_type_id: int | None = None
    selected_by_default: bool = True
    kept_for: timedelta | None = None
    advice_if_lost: str = ""
    ignores_start_date: bool = False

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of the key."""
        return tuple(map(self.names.column_of, self.key))

    @property
    def replication_columns(self) -> tuple[str, ...]:
        """The columns of the replication keys."""
        return tuple(map(self.names.column_of, self.replication_keys))


class Converter(Protocol):
    """Makes records of the rows of one file."""

    def convert(self, block: Block) -> list[Any]:
        """Return the record of each row."""
        ...


class MarketoStream(SdkStream):
    """A stream whose bookmark is an instant up to which everything was emitted."""

    # Values are typed when a file or a response is read.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # Windows come oldest first, so an interrupted run continues from the last one that was read.
    is_sorted = True
    check_sorted = False

    def __init__(self, tap: Tap, spec: StreamSpec) -> None:
        """Describe the stream; nothing is read yet."""
        self.spec = spec
        self.selected_by_default = spec.selected_by_default
        super().__init__(tap, schema=spec.schema, name=spec.name)
        self.primary_keys = spec.key_columns
        self.replication_key = next(iter(spec.replication_columns), None)
        self.record_counter = super().get_record_counter()

    # What the catalog says.

    def apply_catalog(self, catalog: Catalog) -> None:
        """Follow the catalog; what it leaves out stays as discovery has it.

        Raises:
            CatalogError: Its replication key is one that Marketo cannot filter by.
        """
        super().apply_catalog(catalog)
        valid = self.spec.replication_columns
        self.primary_keys = self.primary_keys or self.spec.key_columns
        self.replication_key = self.replication_key or next(iter(valid), None)
        if self.replication_key and self.replication_key not in valid:
            message = (
                f"The catalog's replication key for {self.name} is {self.replication_key}, but "
                f"Marketo can only filter by {' or '.join(valid) or 'no column of it'}. Nothing "
                "was read; correct the catalog."
            )
            raise CatalogError(message)

    @property
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata; discovery adds the replication keys there are to choose from."""
        is_discovery = self.metadata_is_not_built
        mapping = super().metadata
        if is_discovery and self.spec.replication_keys:
            mapping.root.valid_replication_keys = list(self.spec.replication_columns)
            for key in self.spec.replication_columns:
                mapping["properties", key].inclusion = Metadata.InclusionType.AUTOMATIC
        return mapping

    @property
    def replication_method(self) -> str:
        """The catalog's method, except where there is only one."""
        return REPLICATION_FULL_TABLE if self.spec.is_always_full else super().replication_method

    @property
    def is_full(self) -> bool:
        """Whether each run reads everything."""
        return self.replication_method == REPLICATION_FULL_TABLE

    @property
    def is_partial(self) -> bool:
        """Whether a run reads only the records of the pending ids; a full table has all records."""
        return self.spec.is_partial and not self.is_full

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none: no window ends after the horizon."""

    @property
    def selected(self) -> bool:
        """Whether the stream is read: a stream that a map removes would be paid for in vain."""
        return bool(super().selected) and not self.is_removed_by_map

    @selected.setter
    def selected(self, value: bool | None) -> None:
        """Select the stream, or deselect it; the SDK's connection test selects all."""
        SdkStream.selected.fset(self, value)  # type: ignore[attr-defined] # a property of the SDK

    @property
    def partitions(self) -> None:
        """None: no stream has partitions, whatever the state says."""
        return

    def generate_child_contexts(
        self, record: Mapping[str, Any], context: Context | None
    ) -> Iterator[Context | None]:
        """Yield none: the SDK would sync each child stream anew for each record."""
        del record, context
        yield from ()

    # The selected fields, by Marketo's names.

    @property
    def field_schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The JSON Schema of every field of the table, selected or not."""
        properties: Mapping[str, Mapping[str, Any]] = self.effective_schema.get("properties", {})
        return {self.spec.names.field_of(column): each for column, each in properties.items()}

    @property
    def selected_fields(self) -> tuple[str, ...]:
        """The selected fields in the catalog's order.

        Raises:
            CatalogError: The catalog leaves out a column of the key.
        """
        names, fields = self.spec.names, self.field_schemas
        selected = tuple(name for name in fields if self.mask["properties", names.column_of(name)])
        missing = [names.column_of(name) for name in self.spec.key if name not in selected]
        if missing:
            message = (
                f"The catalog leaves out {', '.join(missing)}, part of the key of {self.name}. "
                "Nothing was read; select it, or run discovery again."
            )
            raise CatalogError(message)
        return selected

    @property
    def required_fields(self) -> frozenset[str]:
        """The key and the replication key: without them a record is of no use."""
        replication_key = self.spec.names.field_of(self.replication_key or "")
        return frozenset(filter(None, [*self.spec.key, replication_key]))

    @property
    def read_fields(self) -> frozenset[str]:
        """The selected fields, as STATE names them; raises as ``selected_fields``."""
        return frozenset(map(self.spec.names.in_state, self.exported_fields_in_order()))

    def record_fields(self) -> RecordFields:
        """Return the fields of a record with their types, as the catalog declares them."""
        selected, schemas = self.selected_fields, self.field_schemas
        return RecordFields(
            stream=self.name,
            types={
                name: type_for_schema(schemas[name]) for name in selected if name != INVALID_VALUES
            },
            key=self.spec.key,
            required=self.required_fields,
            with_invalid_values=INVALID_VALUES in selected,
            columns=self.spec.names.by_field,
        )

    def row_converter(
        self,
        file_fields: Sequence[str],
        invalid_values: InvalidValueHandler,
        record_format: RecordFormat,
    ) -> Converter:
        """Return what makes this stream's records of the rows of a file with these fields."""
        return RowConverter(file_fields, self.record_fields(), invalid_values, record_format)

    def exported_fields(self) -> frozenset[str]:
        """Return the fields of a file that the stream's records are made from."""
        return frozenset(self.exported_fields_in_order())

    def exported_fields_in_order(self) -> tuple[str, ...]:
        """Return the selected fields that a file has, in the catalog's order."""
        return tuple(name for name in self.selected_fields if name != INVALID_VALUES)

    def get_record_counter(self, **options: Any) -> Counter:  # noqa: ANN401 - the SDK's own
        """Keep the SDK's counter, for records that go past the SDK."""
        self.record_counter = super().get_record_counter(**options)
        return self.record_counter
