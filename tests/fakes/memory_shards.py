"""A catalogue whose shards live in memory."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO


class MemoryShards:
    """Text by shard name; the mapping may change between builds."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def names(self) -> list[str]:
        return sorted(self._texts)

    @contextmanager
    def open(self, name: str) -> Iterator[TextIO]:
        with io.StringIO(self._texts[name], newline="") as stream:
            yield stream
