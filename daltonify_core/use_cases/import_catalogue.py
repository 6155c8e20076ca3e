"""Bring public data sets into the canonical form: any number of tables in, one catalogue shard and a report out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Final

from daltonify_core.catalogue.canonical_csv import COLUMNS, RowParser
from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.catalogue.merging import MergedTrack, TrackMerger
from daltonify_core.catalogue.public_data.cells import first_value, parse_date
from daltonify_core.catalogue.public_data.columns import REQUIRED_FIELDS, Columns, choose_columns
from daltonify_core.catalogue.public_data.report import DroppedRows, ImportedFile, ImportReport, SkippedFile
from daltonify_core.catalogue.public_data.rows import PublicRowParser, TableScales
from daltonify_core.catalogue.public_data.scales import (
    DurationUnit,
    DurationUnitDetector,
    PopularityScale,
    PopularityScaleDetector,
)
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import InvalidDataset, InvalidQuery, InvalidTrack
from daltonify_core.ports.catalogue import RawTable, TableLayout
from daltonify_core.ports.surroundings import Progress, no_progress

_ROWS_PER_PROGRESS: Final = 5_000
_FILE_SUFFIXES: Final = frozenset({".gz", ".csv", ".tsv", ".tab", ".psv", ".txt", ".parquet"})
_MAX_SKIPPED_SHOWN: Final = 5

type TrackSink = Callable[[Iterator[Track]], None]
"""Stores all tracks that it is given, in id order, or leaves everything as it was."""


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How to read what the files themselves do not say.

    ``genre``, or with ``genre_from_file_name`` each file's name, replaces the genres that rows name. ``snapshot`` (when
    popularity was read, ``YYYY[-MM[-DD]]``) and ``source`` are filled in where a row has none. ``popularity_scale``
    overrides what the values suggest. Raises ``InvalidQuery`` for settings that contradict each other or mean nothing.
    """

    genre_from_file_name: bool = False
    genre: str | None = None
    snapshot: str | None = None
    source: str | None = None
    popularity_scale: PopularityScale = PopularityScale.AUTO

    def __post_init__(self) -> None:
        if self.genre is not None and self.genre_from_file_name:
            raise InvalidQuery("Give either one genre for all files or take it from the file names, not both.")
        if self.genre is not None and normalise_genre(self.genre) is None:
            raise InvalidQuery(f"{self.genre[:60]!r} names no genre.")
        if self.snapshot is not None and parse_date(self.snapshot) != self.snapshot:
            raise InvalidQuery(f"The snapshot is {self.snapshot[:40]!r}; it must be YYYY, YYYY-MM or YYYY-MM-DD.")


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the first pass over one table found; ``columns`` is ``None`` for a table in canonical form."""

    table: RawTable
    rows: int
    layout: TableLayout
    columns: Columns | None
    scales: TableScales
    has_popularity: bool
    genre: str | None

    def parser(self) -> RowParser | PublicRowParser:
        if self.columns is None:
            return RowParser(self.table.header(), self.table.name)
        return PublicRowParser(self.columns, self.scales)

    def account(self, dropped: int) -> ImportedFile:
        columns = self.columns
        has_duration = columns is not None and "duration" in columns.positions
        return ImportedFile(
            name=self.table.name,
            rows=self.rows,
            dropped=dropped,
            encoding=self.layout.encoding,
            delimiter=self.layout.delimiter,
            canonical=columns is None,
            columns={column: column for column in COLUMNS} if columns is None else dict(columns.headers),
            popularity_scale=str(self.scales.popularity) if self.has_popularity else None,
            duration_unit=str(self.scales.duration) if columns is None or has_duration else None,
            genre=self.genre,
        )


def import_catalogue(
    tables: Iterable[RawTable],
    write: TrackSink,
    settings: ImportSettings | None = None,
    progress: Progress = no_progress,
) -> ImportReport:
    """Read all tables, merge rows of one track, and hand the tracks to ``write`` in the order of their ids.

    Of equally old rows the later table's win, so give tables in path order. Tables that cannot be read are skipped and
    named in the report. Raises ``InvalidDataset``, without calling ``write``, when not a single track is left.
    """
    settings = settings or ImportSettings()
    surveys: list[_Survey] = []
    skipped: list[SkippedFile] = []
    for table in tables:
        looked_through = sum(survey.rows for survey in surveys)
        try:
            surveys.append(_survey(table, settings, partial(_report_survey, progress, looked_through)))
        except InvalidDataset as error:
            skipped.append(SkippedFile(table.name, error.message))
    if not surveys:
        raise _nothing_importable(skipped)
    total = sum(survey.rows for survey in surveys)
    progress("look through files", total, total)
    dropped = DroppedRows()
    files: list[ImportedFile] = []
    read = without_popularity = 0
    with TrackMerger() as merger:
        for survey in surveys:
            dropped_before = dropped.total()
            parser = survey.parser()
            for line, row in survey.table.rows():
                if read % _ROWS_PER_PROGRESS == 0:
                    progress("read rows", read, total)
                read += 1
                try:
                    track = _completed(parser.parse(row), survey.genre, settings)
                except InvalidTrack as error:
                    dropped.add(survey.table.name, line, error)
                    continue
                without_popularity += track.popularity is None
                merger.add(track)
            files.append(survey.account(dropped.total() - dropped_before))
        progress("read rows", read, total)
        if read == dropped.total():
            raise _nothing_kept(read, dropped)
        tally = _Tally(merger.merged(), progress)
        write(tally.tracks())
    if read != tally.kept + tally.merged + dropped.total():
        raise RuntimeError(f"Of {read} rows, {tally.kept} tracks and {dropped.total()} drops are accounted for.")
    return ImportReport(
        read=read,
        kept=tally.kept,
        merged=tally.merged,
        dropped=dropped.by_reason(),
        examples=dropped.examples(),
        without_popularity=without_popularity,
        files=tuple(files),
        skipped=tuple(skipped),
    )


class _Tally:
    """Counts merged tracks while they stream to the sink."""

    def __init__(self, merged: Iterator[MergedTrack], progress: Progress) -> None:
        self._merged = merged
        self._progress = progress
        self.kept = 0
        self.merged = 0

    def tracks(self) -> Iterator[Track]:
        for item in self._merged:
            self.kept += 1
            self.merged += item.rows - 1
            if self.kept % _ROWS_PER_PROGRESS == 0:
                self._progress("write tracks", self.kept, 0)
            yield item.track
        self._progress("write tracks", self.kept, self.kept)


def _report_survey(progress: Progress, before: int, rows: int) -> None:
    progress("look through files", before + rows, 0)


def _survey(table: RawTable, settings: ImportSettings, report_rows: Callable[[int], None]) -> _Survey:
    """The first pass: count rows and learn the scales that only a whole column tells."""
    header = table.header()
    # A file with exactly our columns is taken at its word; every other file is read as what people write.
    columns = None if sorted(header) == sorted(COLUMNS) else choose_columns(header)
    positions = {} if columns is None else columns.positions
    popularity, artist_popularity = PopularityScaleDetector(), PopularityScaleDetector()
    durations = DurationUnitDetector()
    watched: list[tuple[int, Callable[[str], None]]] = []
    if "popularity" in positions:
        watched.append((positions["popularity"], popularity.see))
    if "artist_popularity" in positions:
        watched.append((positions["artist_popularity"], lambda text: artist_popularity.see(first_value(text))))
    if columns is not None and columns.duration_unit is None and "duration" in positions:
        watched.append((positions["duration"], durations.see))
    width, rows = len(header), 0
    for _, row in table.rows():
        rows += 1
        if rows % _ROWS_PER_PROGRESS == 0:
            report_rows(rows)
        if len(row) == width:
            for position, see in watched:
                see(row[position])
    known_unit = DurationUnit.MILLISECONDS if columns is None else columns.duration_unit
    return _Survey(
        table=table,
        rows=rows,
        layout=table.layout(),
        columns=columns,
        scales=TableScales(
            popularity=_scale(popularity, columns, settings),
            artist_popularity=artist_popularity.scale() or PopularityScale.PERCENT,
            duration=known_unit or durations.unit(),
        ),
        has_popularity=columns is None or popularity.scale() is not None,
        genre=_genre(table.name, settings),
    )


def _scale(detector: PopularityScaleDetector, columns: Columns | None, settings: ImportSettings) -> PopularityScale:
    if columns is not None and settings.popularity_scale is not PopularityScale.AUTO:
        return settings.popularity_scale
    return detector.scale() or PopularityScale.PERCENT


def _genre(table_name: str, settings: ImportSettings) -> str | None:
    if settings.genre is not None:
        return normalise_genre(settings.genre)
    return genre_of_file_name(table_name) if settings.genre_from_file_name else None


def genre_of_file_name(name: str) -> str | None:
    """The genre that a file is named after: its name without folders and file suffixes, normalised.

    >>> genre_of_file_name("dump.zip/Hip-Hop.csv.gz")
    'hip hop'
    """
    path = PurePosixPath(name.replace("\\", "/"))
    while path.suffix.casefold() in _FILE_SUFFIXES:
        path = path.with_suffix("")
    return normalise_genre(path.name)


def _completed(track: Track, genre: str | None, settings: ImportSettings) -> Track:
    snapshot = track.snapshot or settings.snapshot
    source = track.source or settings.source
    if genre is None and snapshot == track.snapshot and source == track.source:
        return track
    return replace(track, genres=track.genres if genre is None else (genre,), snapshot=snapshot, source=source)


def _nothing_importable(skipped: Sequence[SkippedFile]) -> InvalidDataset:
    needed = (
        f"A table needs the columns {', '.join(REQUIRED_FIELDS)}; common other spellings "
        "(track_name, artist_name, Track URI, …) are understood."
    )
    if not skipped:
        return InvalidDataset(f"There is no file to import. {needed}")
    shown = "; ".join(f"{file.name}: {file.reason}" for file in skipped[:_MAX_SKIPPED_SHOWN])
    rest = f"; and {len(skipped) - _MAX_SKIPPED_SHOWN} more files" if len(skipped) > _MAX_SKIPPED_SHOWN else ""
    return InvalidDataset(f"Nothing can be imported. Found {shown}{rest}. {needed}")


def _nothing_kept(read: int, dropped: DroppedRows) -> InvalidDataset:
    if not read:
        return InvalidDataset("Nothing can be imported: the files have headers but no rows.")
    reasons = "; ".join(
        f"{reason}: {count} (for example {examples[0].file}, line {examples[0].line}: {examples[0].text})"
        for (reason, count), examples in zip(dropped.by_reason().items(), dropped.examples().values(), strict=True)
    )
    return InvalidDataset(f"Nothing can be imported: all {read} rows were dropped. {reasons}")
