"""Reads shards of the canonical CSV by the column, many rows at a time.

``RowParser`` says what a valid row is. Here whole columns are checked at once for what is valid beyond doubt, and only
rows that raise a doubt go through the parser, which has the last word.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, DISCRETE_FEATURES, FEATURE_RANGES
from daltonify_core.catalogue.canonical_csv import COLUMNS, RowParser, join_list, read_fields, split_list
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.catalogue.plain_rows import PlainRow, plain_row
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, RELEASE_DATE
from daltonify_core.errors import InvalidTrack

type Flags = NDArray[np.bool_]

_BATCH_ROWS: Final = 5_000
# Texts of one column whose values are remembered: more than there are genres, days or years.
_REMEMBERED: Final = 50_000
_NAMELESS: Final = re.compile(r"(?:^|;)\s*(?:;|$)")
_DOUBTFUL: Final = object()


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some consecutive rows of a shard: the valid ones, and the others by their number.

    Numbers count from 1 in each shard, blank lines aside. ``size`` counts both kinds.
    """

    rows: list[PlainRow]
    invalid: list[tuple[int, InvalidTrack]]
    size: int


def read_batches(stream: TextIO, name: str) -> Iterator[RowBatch]:
    """Every row of one shard, in file order; valid and invalid are the same rows as for ``read_rows``.

    ``stream`` must be opened with ``newline=""``. Raises ``InvalidDataset`` when the file is empty, has no usable
    header, or is not CSV at all.
    """
    fields = read_fields(stream, name)
    checker = _BatchChecker(next(fields), name)
    before = 0
    while rows := list(islice(fields, _BATCH_ROWS)):
        yield checker.check(rows, before)
        before += len(rows)


class _Remembered(dict[str, Any]):
    """Values of a column's texts, ``_DOUBTFUL`` where ``convert`` raises ``ValueError``."""

    def __init__(self, convert: Callable[[str], Any], absent: str | None = None) -> None:
        super().__init__()
        self._convert = convert
        self._absent = absent

    def __missing__(self, text: str) -> Any:
        try:
            value = self._convert(text) if text else self._absent
        except ValueError:
            value = _DOUBTFUL
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = value
        return value


class _BatchChecker:
    """Turns fields into plain rows; made once per shard from its header."""

    def __init__(self, header: Sequence[str], name: str) -> None:
        self._parser = RowParser(header, name)
        self._header = header
        # Fails the check of every required column, so that its row goes to the parser.
        self._blank = [""] * len(header)
        self._remembered = {
            "release_date": _Remembered(_date),
            "snapshot": _Remembered(_date),
            "duration_ms": _Remembered(_whole_number(1, MAX_DURATION_MS)),
            "explicit": _Remembered(_truth),
            "popularity": _Remembered(_whole_number(0, 100)),
            "artist_popularity": _Remembered(_whole_number(0, 100)),
            "genres": _Remembered(_genres, absent=""),
            "source": _Remembered(str),
            **{feature: _Remembered(_whole_number(*FEATURE_RANGES[feature])) for feature in DISCRETE_FEATURES},
        }

    def check(self, rows: list[list[str]], before: int) -> RowBatch:
        """The batch of these rows, of which there were ``before`` others in the shard."""
        width = len(self._header)
        fields = zip(*[row if len(row) == width else self._blank for row in rows], strict=True)
        columns, doubts = self._values(dict(zip(self._header, fields, strict=True)), len(rows))
        checked: list[PlainRow] = list(zip(*[columns[name] for name in COLUMNS], strict=True))
        invalid: list[tuple[int, InvalidTrack]] = []
        for place in reversed(np.flatnonzero(doubts).tolist()):
            try:
                checked[place] = plain_row(self._parser.parse(rows[place]))
            except InvalidTrack as error:
                del checked[place]
                invalid.insert(0, (before + place + 1, error))
        return RowBatch(checked, invalid, len(rows))

    def _values(self, texts: dict[str, Sequence[str]], size: int) -> tuple[dict[str, Sequence[Any]], Flags]:
        """Values by column, right where there is no doubt, and which rows raise one."""
        absent = ("",) * size
        texts = {column: texts.get(column, absent) for column in COLUMNS}
        values: dict[str, Sequence[Any]] = dict(texts)
        doubts = _flags(not is_spotify_id(text) for text in texts["track_id"])
        titles = texts["title"]
        if not all(map(str.strip, titles)) or max(map(len, titles)) > MAX_NAME_LENGTH:
            doubts |= _flags(not text.strip() or len(text) > MAX_NAME_LENGTH for text in titles)
        doubts |= _doubtful_credits(texts["artists"], texts["artist_ids"])
        values["artist_ids"] = [text if text.strip(";") else "" for text in texts["artist_ids"]]
        values["album"] = [text or None for text in texts["album"]]
        for column, remembered in self._remembered.items():
            found = values[column] = list(map(remembered.__getitem__, texts[column]))
            if _DOUBTFUL in found:
                doubts |= _flags(value is _DOUBTFUL for value in found)
        for column in CONTINUOUS_FEATURES:
            numbers = values[column] = _floats(texts[column])
            low, high = FEATURE_RANGES[column]
            array = np.array(numbers)
            # A NaN fails every comparison, and so is left to the parser as well.
            doubts |= ~((array >= low) & (array <= high))
        return values, doubts


def _doubtful_credits(artists: Sequence[str], artist_ids: Sequence[str]) -> Flags:
    """Which rows hold escapes, an empty name, a long one, or another number of ids than of names."""
    return _flags(
        "\\" in names
        or "\\" in ids
        or len(names) > MAX_NAME_LENGTH
        or bool(ids and names.count(";") != ids.count(";"))
        or not names.strip()
        or (";" in names and _NAMELESS.search(names) is not None)
        for names, ids in zip(artists, artist_ids, strict=True)
    )


def _floats(texts: Sequence[str]) -> list[float]:
    """The numbers of a column, NaN where there is none."""
    try:
        return list(map(float, texts))
    except ValueError:
        return [_float_or_nan(text) for text in texts]


def _float_or_nan(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _whole_number(low: float, high: float) -> Callable[[str], int]:
    def convert(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return convert


def _date(text: str) -> str:
    if not RELEASE_DATE.fullmatch(text):
        raise ValueError
    return text


def _truth(text: str) -> bool:
    return ("false", "true").index(text) == 1


def _genres(text: str) -> str:
    return join_list(normalise_genres(split_list(text)))


def _flags(values: Iterable[bool]) -> Flags:
    return np.fromiter(values, dtype=np.bool_)
