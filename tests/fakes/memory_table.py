"""A table of a public data set that lives in memory."""

from collections.abc import Iterator, Sequence

from daltonify_core.ports.catalogue import TableLayout


class MemoryTable:
    """Rows as given; lines count from 2, as if each row took one line after the header."""

    def __init__(self, header: Sequence[str], *rows: Sequence[str], name: str = "memory.csv") -> None:
        self._header = list(header)
        self._rows = [list(row) for row in rows]
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def header(self) -> list[str]:
        return list(self._header)

    def layout(self) -> TableLayout:
        return TableLayout(encoding="utf-8", delimiter="comma")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        for line, row in enumerate(self._rows, start=2):
            yield line, list(row)
