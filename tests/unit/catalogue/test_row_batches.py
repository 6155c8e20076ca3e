"""Reading by the column: the same rows are valid as one by one, with the same values and the same reasons."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.canonical_csv import COLUMNS, REQUIRED_COLUMNS, format_row, read_rows
from daltonify_core.catalogue.plain_rows import plain_row, track_of_row
from daltonify_core.catalogue.row_batches import RowBatch, read_batches
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidDataset, InvalidTrack
from tests.builders import make_track, track_id

# What a cell may hold that is right in one column, wrong in the next, and easily mistaken.
CELLS = (
    "", " ", ";", ";;", "a;b", "a; ;b", "a;", "\\;", "a\\;b", "a\\\\", "\\", "夜", "\0", "\u3000", "\x1c",
    "x" * 1000, "x" * 1001, "0", "1", "-1", "11", "12", "100", "101", "1.5", " 1 ", "1_0", "١٢", "nan", "inf", "-inf",
    "1e400", "-70", "10.0001", "86400000", "86400001", "9" * 5000, "true", "false", "True", "2024", "2024-13",
    "2024-02", "2024-02-30", "20240", "２０２４", "Hip-Hop;hiphop", "rock;;pop", "0" * 22, "Z" * 22, "é" * 22, "a" * 21,
    "a" * 23,
)  # fmt: skip

rows = st.tuples(
    st.dictionaries(st.sampled_from(COLUMNS), st.sampled_from(CELLS), max_size=3), st.sampled_from([0, 0, 0, 0, 1, -1])
)


def csv_text(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue()


def in_batches(text: str) -> list[RowBatch]:
    return list(read_batches(io.StringIO(text, newline=""), "a.csv"))


def one_by_one(text: str) -> list[Track | InvalidTrack]:
    return list(read_rows(io.StringIO(text, newline=""), "a.csv"))


def assert_both_ways_agree(text: str) -> None:
    batches, singles = in_batches(text), one_by_one(text)
    tracks = [one for one in singles if isinstance(one, Track)]
    found = [row for batch in batches for row in batch.rows]
    assert found == [plain_row(track) for track in tracks]
    assert [track_of_row(row) for row in found] == tracks
    assert [(place, error.reason, error.message) for batch in batches for place, error in batch.invalid] == [
        (place, one.reason, one.message) for place, one in enumerate(singles, 1) if isinstance(one, InvalidTrack)
    ]
    assert sum(batch.size for batch in batches) == len(singles)


def cells_of(track: Track, changes: dict[str, str]) -> list[str]:
    return [changes.get(name, cell) for name, cell in zip(COLUMNS, format_row(track), strict=True)]


@given(st.lists(rows, max_size=8))
def test_every_row_fares_as_it_does_one_by_one(given_rows):
    lines = [list(COLUMNS)]
    for number, (changes, width) in enumerate(given_rows):
        cells = cells_of(make_track(track_id=track_id(number)), changes)
        lines.append([*cells, "more"] if width > 0 else cells[: len(cells) + width])
    assert_both_ways_agree(csv_text(lines))


@pytest.mark.parametrize("column", COLUMNS)
def test_no_cell_is_taken_for_another_in_any_column(column):
    lines = [cells_of(make_track(artists=("A", ArtistCredit("B", "2"))), {column: cell}) for cell in CELLS]
    assert_both_ways_agree(csv_text([COLUMNS, *lines]))
    # Alone, no other row's fault can have sent it to be looked at more closely.
    for line in lines:
        assert_both_ways_agree(csv_text([COLUMNS, line]))


def test_columns_may_stand_in_any_order_be_absent_or_unknown():
    cells = dict(zip(COLUMNS, format_row(make_track()), strict=True))
    header = ["extra", *reversed(REQUIRED_COLUMNS)]
    assert_both_ways_agree(csv_text([header, ["?", *(cells[name] for name in reversed(REQUIRED_COLUMNS))]]))


def test_rows_are_counted_on_from_batch_to_batch_and_blank_lines_are_not():
    good = format_row(make_track())
    faulty = cells_of(make_track(), {"popularity": "101"})
    text = csv_text([COLUMNS, *[good] * 4_999, faulty, [], *[good] * 5_000, faulty])
    batches = in_batches(text)
    assert [place for batch in batches for place, _ in batch.invalid] == [5_000, 10_001]
    assert sum(len(batch.rows) for batch in batches) == 9_999
    assert len(batches) > 1


@pytest.mark.parametrize("text", ["", "track_id,title\r\n", csv_text([[*COLUMNS, "title"]]), csv_text([COLUMNS]) + '"'])
def test_what_is_no_catalogue_file_is_refused(text):
    with pytest.raises(InvalidDataset, match=r"a\.csv"):
        in_batches(text)


def test_a_header_alone_holds_no_rows():
    assert in_batches(csv_text([COLUMNS])) == []
