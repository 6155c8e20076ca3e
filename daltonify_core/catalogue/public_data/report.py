"""What an import did, so that nobody has to guess why a track is missing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from daltonify_core.errors import InvalidTrack

_MAX_EXAMPLES: Final = 5
_MAX_EXAMPLE_CHARACTERS: Final = 160


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """One row that became no track: its file, the line on which it begins, and why."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file and how it was understood.

    ``columns`` maps our fields to the headers read for them. ``popularity_scale`` and ``duration_unit`` are ``None``
    when the file has no such values, ``genre`` when its rows name their own.
    """

    name: str
    rows: int
    dropped: int
    encoding: str | None
    delimiter: str | None
    canonical: bool
    columns: Mapping[str, str]
    popularity_scale: str | None
    duration_unit: str | None
    genre: str | None


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that holds no importable table, and the reason in words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The account of one import; ``read == kept + merged + sum(dropped.values())``.

    ``merged`` counts rows that went into a track another row stands for. ``dropped`` maps reasons to numbers of rows,
    and ``examples`` holds up to five for each. ``without_popularity`` counts rows, not tracks.
    """

    read: int
    kept: int
    merged: int
    dropped: Mapping[str, int]
    examples: Mapping[str, tuple[DroppedRow, ...]]
    without_popularity: int
    files: tuple[ImportedFile, ...]
    skipped: tuple[SkippedFile, ...]

    def to_dict(self) -> dict[str, object]:
        """The same as plain values for JSON."""
        return asdict(self)


class DroppedRows:
    """Counts dropped rows by reason and keeps the first few of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[DroppedRow]] = {}

    def add(self, file: str, line: int, error: InvalidTrack) -> None:
        """Take one row that became no track."""
        self._counts[error.reason] += 1
        examples = self._examples.setdefault(error.reason, [])
        if len(examples) < _MAX_EXAMPLES:
            examples.append(DroppedRow(file, line, error.message[:_MAX_EXAMPLE_CHARACTERS]))

    def total(self) -> int:
        """The number of rows taken."""
        return self._counts.total()

    def by_reason(self) -> dict[str, int]:
        """Reasons and numbers of rows, most frequent first."""
        return dict(self._counts.most_common())

    def examples(self) -> dict[str, tuple[DroppedRow, ...]]:
        """The first rows of each reason, in the same order."""
        return {reason: tuple(self._examples[reason]) for reason in self.by_reason()}
