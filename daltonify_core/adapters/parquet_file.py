"""Public data sets in Parquet, read batch by batch through pyarrow, which only the command line's extra installs."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import IO, Any, Final

from daltonify_core.errors import InvalidDataset
from daltonify_core.ports.catalogue import TableLayout

_BATCH_ROWS: Final = 10_000


class ParquetTable:
    """One Parquet file; lists become JSON text, everything else the text that a CSV file would hold.

    ``open_bytes`` opens the file anew, from its start, as a stream that can seek.
    """

    def __init__(self, name: str, open_bytes: Callable[[], IO[bytes]]) -> None:
        self._name = name
        self._open_bytes = open_bytes

    @property
    def name(self) -> str:
        return self._name

    def header(self) -> list[str]:
        with self._opened() as file:
            return list(file.schema_arrow.names)

    def layout(self) -> TableLayout:
        return TableLayout()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        with self._opened() as file:
            numbers = count(1)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                columns = [_texts(column) for column in batch.columns]
                for row in zip(*columns, strict=True):
                    yield next(numbers), list(row)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            from pyarrow import ArrowException
            from pyarrow.parquet import ParquetFile
        except ImportError as error:
            raise InvalidDataset("Parquet needs one more package: pip install 'daltonify[cli]'") from error
        try:
            with self._open_bytes() as stream, ParquetFile(stream) as file:
                yield file
        except (ArrowException, OSError, UnicodeError) as error:
            raise InvalidDataset(f"it cannot be read as Parquet: {error}") from error


def _texts(column: Any) -> list[str]:
    """The text of every value of one column of a batch; "" for null."""
    import pyarrow
    from pyarrow import compute, types

    if not types.is_nested(column.type):
        try:
            # Arrow writes a 32-bit 0.686 as such; through Python it would become 0.6859999895095825.
            column = compute.cast(column, pyarrow.string())
        except pyarrow.ArrowNotImplementedError:
            return ["" if value is None else str(value) for value in column.to_pylist()]
        return ["" if value is None else value for value in column.to_pylist()]
    return ["" if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
