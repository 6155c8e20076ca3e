"""The canonical CSV: every track survives it, and faulty rows and files are told apart."""

import csv
import io
import string
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.catalogue.canonical_csv import (
    COLUMNS,
    REQUIRED_COLUMNS,
    RowParser,
    format_row,
    join_list,
    read_rows,
    split_list,
)
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidDataset, InvalidTrack
from tests.builders import make_track, track_id

# Everything that UTF-8 can hold.
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.text(
    ';\\,"\r\n\t\ufeff\0 ab', min_size=1, max_size=8
)
names = texts.filter(str.strip)
dates = st.from_regex(r"\A[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?\Z")
percentages = st.none() | st.integers(0, 100)
discrete = {
    name: st.none() | st.integers(*map(int, FEATURE_RANGES[name])) for name in ("key", "mode", "time_signature")
}
tracks = st.builds(
    Track,
    track_id=st.text(string.ascii_letters + string.digits, min_size=22, max_size=22),
    title=names,
    artists=st.lists(st.builds(ArtistCredit, names, st.none() | texts), min_size=1, max_size=4).map(tuple),
    features=st.builds(
        AudioFeatures, **{name: st.floats(*FEATURE_RANGES[name]) for name in CONTINUOUS_FEATURES}, **discrete
    ),
    album=st.none() | texts,
    release_date=st.none() | dates,
    duration_ms=st.none() | st.integers(1, 86_400_000),
    explicit=st.none() | st.booleans(),
    popularity=percentages,
    artist_popularity=percentages,
    genres=st.lists(texts, max_size=3).map(normalise_genres),
    snapshot=st.none() | dates,
    source=st.none() | texts,
)


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def read(text: str) -> list[Track | InvalidTrack]:
    return list(read_rows(io.StringIO(text, newline=""), "a.csv"))


def row(**cells: str) -> list[str]:
    return [cells.get(name, cell) for name, cell in zip(COLUMNS, format_row(make_track()), strict=True)]


def reason_for(**cells: str) -> str:
    with pytest.raises(InvalidTrack) as refused:
        RowParser(COLUMNS, "a.csv").parse(row(**cells))
    return refused.value.reason


@given(st.lists(tracks, max_size=4))
def test_tracks_survive_the_file_exactly(originals):
    assert read(csv_text([COLUMNS, *map(format_row, originals)])) == originals


@given(tracks, st.permutations(COLUMNS))
def test_the_order_of_columns_does_not_matter(track, columns):
    cells = dict(zip(COLUMNS, format_row(track), strict=True))
    assert RowParser(columns, "a.csv").parse([cells[name] for name in columns]) == track


@given(st.lists(texts | st.just(""), max_size=5).filter(lambda values: values != [""]))
def test_splitting_undoes_joining(values):
    assert split_list(join_list(values)) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("a", ["a"]),
        ("a;b", ["a", "b"]),
        ("a;", ["a", ""]),
        (r"a\;b;c", ["a;b", "c"]),
        (r"a\\;b", ["a\\", "b"]),
        ("ends with\\", ["ends with\\"]),
        (r"\x", ["x"]),
        ("Tyler, The Creator", ["Tyler, The Creator"]),
    ],
)
def test_lists_are_parted_by_semicolons_that_no_backslash_escapes(text, values):
    assert split_list(text) == values


def test_optional_columns_may_be_absent_and_unknown_ones_are_passed_over():
    columns = ["extra", *REQUIRED_COLUMNS]
    cells = dict(zip(COLUMNS, format_row(make_track()), strict=True))
    track = RowParser(columns, "a.csv").parse(["?", *(cells[name] for name in REQUIRED_COLUMNS)])
    assert (track.track_id, track.title, track.features.energy) == (track_id(1), "Song", 0.7)
    assert (track.album, track.popularity, track.genres, track.features.key) == (None, None, (), None)


@pytest.mark.parametrize("column", REQUIRED_COLUMNS)
def test_a_file_that_lacks_a_required_column_is_no_catalogue_file(column):
    with pytest.raises(InvalidDataset, match=rf"a\.csv .*{column}.*daltonify import"):
        RowParser([name for name in COLUMNS if name != column], "a.csv")


def test_a_column_that_occurs_twice_is_refused():
    with pytest.raises(InvalidDataset, match="twice"):
        RowParser([*COLUMNS, "title"], "a.csv")


def test_artist_ids_run_parallel_to_artists_and_may_have_gaps():
    track = RowParser(COLUMNS, "a.csv").parse(row(artists="A;B;C", artist_ids="1;;3"))
    assert track.artists == (ArtistCredit("A", "1"), ArtistCredit("B"), ArtistCredit("C", "3"))
    assert reason_for(artists="A;B", artist_ids="1") == "artist_ids"
    assert reason_for(artists="A", artist_ids="1;2") == "artist_ids"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"track_id": "abc"}, "track_id"),
        ({"title": ""}, "title"),
        ({"artists": ""}, "artists"),
        ({"artists": "A;;B"}, "artists"),
        ({"energy": ""}, "features_missing"),
        ({"energy": "high"}, "feature_not_a_number"),
        ({"energy": "nan"}, "feature_out_of_range"),
        ({"energy": "inf"}, "feature_out_of_range"),
        ({"energy": "1e9"}, "feature_out_of_range"),
        ({"key": "5.0"}, "key"),
        ({"key": "12"}, "feature_out_of_range"),
        ({"popularity": "50.5"}, "popularity"),
        ({"popularity": "-1"}, "popularity"),
        ({"artist_popularity": "many"}, "artist_popularity"),
        ({"duration_ms": "3:20"}, "duration_ms"),
        ({"duration_ms": "9" * 5_000}, "duration_ms"),
        ({"explicit": "True"}, "explicit"),
        ({"explicit": "1"}, "explicit"),
        ({"release_date": "May 2019"}, "release_date"),
        ({"snapshot": "2024-99"}, "snapshot"),
    ],
)
def test_a_faulty_cell_makes_the_row_invalid_and_the_reason_names_it(cells, reason):
    assert reason_for(**cells) == reason


@pytest.mark.parametrize("fields", [[], ["x"], [*format_row(make_track()), "more"], format_row(make_track())[:-1]])
def test_a_row_of_another_width_is_invalid(fields):
    with pytest.raises(InvalidTrack) as refused:
        RowParser(COLUMNS, "a.csv").parse(fields)
    assert refused.value.reason == "wrong_width"


def test_invalid_rows_stand_in_their_place_among_the_tracks():
    other = make_track(track_id=track_id(2))
    found = read(csv_text([COLUMNS, format_row(make_track()), row(title=""), format_row(other)]))
    assert [one.reason if isinstance(one, InvalidTrack) else one.track_id for one in found] == [
        track_id(1),
        "title",
        track_id(2),
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_blank_lines_and_any_line_end_do_no_harm(line_end):
    lines = ["\ufeff" + ",".join(COLUMNS), "", ",".join(format_row(make_track())), ""]
    assert read(line_end.join(lines)) == [make_track()]


def test_a_file_with_only_a_header_has_no_rows():
    assert read(",".join(COLUMNS)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n" + ",".join(COLUMNS),
        "plain text",
        ";".join(COLUMNS),
        "PAR1\0\0",
        ",".join(COLUMNS) + '\n"never ends',
        ",".join(COLUMNS) + '\n"a"b,c',
        ",".join(COLUMNS) + "\n" + "x" * 200_000,
    ],
)
def test_a_file_that_is_no_catalogue_csv_is_refused_by_name(text):
    with pytest.raises(InvalidDataset, match=r"a\.csv"):
        read(text)


def test_bytes_that_are_no_utf8_are_refused_by_name():
    content = (",".join(COLUMNS) + "\n").encode() + b"\xff\xfe"
    with (
        io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="") as stream,
        pytest.raises(InvalidDataset, match=r"a\.csv cannot be read"),
    ):
        list(read_rows(stream, "a.csv"))


def test_genres_are_read_under_their_one_name():
    row = format_row(make_track(genres=()))
    row[COLUMNS.index("genres")] = "Hip-Hop;hiphop; R&B "
    assert RowParser(COLUMNS, "shard").parse(row).genres == ("hip hop", "r&b")
