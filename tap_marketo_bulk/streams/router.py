"""One file's rows to the streams that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.extract.blocks import split_by_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_marketo_bulk.extract.blocks import Block
    from tap_marketo_bulk.streams.emitter import RecordEmitter
    from tap_marketo_bulk.streams.statistics import RunStatistics

TYPE_COLUMN = "activityTypeId"


class RecordRouter:
    """Converts the rows of a file to records, for each of its consumers by that stream's schema.

    A stream of one activity type gets the rows of its type, by the text in the file; any other
    stream gets all rows.
    """

    def __init__(
        self, fields: Sequence[str], emitters: Sequence[RecordEmitter], statistics: RunStatistics
    ) -> None:
        """Make a converter for each consumer.

        Args:
            fields: The file's fields in its order.
            emitters: Those of the streams that the file is for.
            statistics: Where invalid values are counted.
        """
        self._of_all_types = []
        self._of_one_type = {}
        for emitter in emitters:
            stream, type_id = emitter.stream, emitter.stream.spec.activity_type_id
            invalid_values = statistics.invalid_value_handler(stream.name)
            converter = stream.row_converter(fields, invalid_values, emitter.record_format)
            if type_id is None:
                self._of_all_types.append((emitter, converter))
            else:
                self._of_one_type[str(type_id)] = (emitter, converter)
        self._type_column = fields.index(TYPE_COLUMN) if self._of_one_type else 0

    def route(self, block: Block) -> Iterator[tuple[RecordEmitter, list[Any]]]:
        """Yield emitters with the records of a block that are for their streams."""
        for emitter, converter in self._of_all_types:
            yield emitter, converter.convert(block)
        if self._of_one_type:
            for text, rows in split_by_column(block, self._type_column).items():
                if text in self._of_one_type:
                    emitter, converter = self._of_one_type[text]
                    yield emitter, converter.convert(rows)
