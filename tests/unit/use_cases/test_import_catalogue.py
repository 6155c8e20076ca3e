"""Importing public data: what is kept, what is merged, what is dropped, and that the account is complete."""

import csv
import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.dataset_files import find_tables
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.canonical_csv import COLUMNS, format_row
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.public_data.report import ImportReport
from daltonify_core.catalogue.public_data.scales import PopularityScale
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidDataset, InvalidQuery
from daltonify_core.ports.catalogue import RawTable
from daltonify_core.use_cases.import_catalogue import ImportSettings, genre_of_file_name, import_catalogue
from tests.builders import make_features, make_track, track_id
from tests.fakes.memory_table import MemoryTable

HEADER = ["track_id", "track_name", "artist", "popularity", "genre", *CONTINUOUS_FEATURES]
FEATURE_CELLS = [str(getattr(make_features(), name)) for name in CONTINUOUS_FEATURES]


def row(number: int = 1, title: str = "Song", artist: str = "Artist", popularity: str = "50", genre: str = "pop"):
    return [track_id(number), title, artist, popularity, genre, *FEATURE_CELLS]


def table(*rows: Sequence[str], name: str = "memory.csv") -> MemoryTable:
    return MemoryTable(HEADER, *rows, name=name)


def import_tables(*tables: RawTable, settings: ImportSettings | None = None) -> tuple[list[Track], ImportReport]:
    kept: list[Track] = []
    report = import_catalogue(tables, kept.extend, settings)
    return kept, report


def import_files(*paths: Path, settings: ImportSettings | None = None) -> tuple[list[Track], ImportReport]:
    return import_tables(*find_tables(paths), settings=settings)


def test_tracks_reach_the_sink_in_the_order_of_their_ids():
    tracks, report = import_tables(table(row(3), row(1)), table(row(2)))
    assert [track.track_id for track in tracks] == [track_id(1), track_id(2), track_id(3)]
    assert (report.read, report.kept, report.merged, report.dropped) == (3, 3, 0, {})


def test_rows_of_one_track_become_one_and_are_counted():
    tracks, report = import_tables(table(row(genre="pop"), row(genre="rock"), row(genre="rock")))
    assert [track.genres for track in tracks] == [("pop", "rock")]
    assert (report.read, report.kept, report.merged) == (3, 1, 2)


def test_the_later_table_wins():
    tracks, _ = import_tables(table(row(popularity="50")), table(row(popularity="60")), table(row(popularity="55")))
    assert [track.popularity for track in tracks] == [55]


def test_dropped_rows_are_counted_by_reason_with_up_to_five_examples():
    bad_rows = [row(title="") for _ in range(7)]
    _, report = import_tables(table(row(), *bad_rows, row(popularity="101"), row()[:-1], name="songs.csv"))
    assert report.dropped == {"missing_name": 7, "popularity": 1, "wrong_width": 1}
    assert [example.line for example in report.examples["missing_name"]] == [3, 4, 5, 6, 7]
    [example] = report.examples["popularity"]
    assert (example.file, example.line) == ("songs.csv", 10)
    assert "101" in example.text


def test_an_example_of_an_endless_cell_is_short():
    _, report = import_tables(table(row(), row(title="x" * 2_000, artist="y" * 2_000), ["z" * 9_000, *row()[1:]]))
    assert all(len(example.text) <= 160 for examples in report.examples.values() for example in examples)


def test_the_scale_of_popularity_is_judged_file_by_file():
    fractions = table(row(1, popularity="0.29"), row(2, popularity="1"), name="fractions.csv")
    percents = table(row(3, popularity="1"), row(4, popularity="0"), name="percents.csv")
    tracks, report = import_tables(fractions, percents)
    assert [track.popularity for track in tracks] == [29, 100, 1, 0]
    assert [file.popularity_scale for file in report.files] == ["0..1", "0..100"]


def test_the_scale_may_be_told():
    settings = ImportSettings(popularity_scale=PopularityScale.FRACTION)
    tracks, report = import_tables(table(row(1, popularity="1.0"), row(2, popularity="0")), settings=settings)
    assert [track.popularity for track in tracks] == [100, 0]
    assert report.files[0].popularity_scale == "0..1"


def test_a_scale_that_is_told_is_that_of_tracks_alone():
    header = [*HEADER, "artist_popularity"]
    told = ImportSettings(popularity_scale=PopularityScale.FRACTION)
    tracks, _ = import_tables(MemoryTable(header, [*row(popularity="0.7"), "65"]), settings=told)
    assert (tracks[0].popularity, tracks[0].artist_popularity) == (70, 65)


def test_artist_popularity_has_a_scale_of_its_own():
    header = [*HEADER, "artist_popularity"]
    tracks, _ = import_tables(MemoryTable(header, [*row(popularity="70"), "0.65"]))
    assert [(track.popularity, track.artist_popularity) for track in tracks] == [(70, 65)]


def test_durations_without_a_unit_are_judged_by_the_whole_file():
    minutes = MemoryTable([*HEADER, "track_length"], [*row(1), "3.5"], [*row(2), "87"], [*row(3), "2.25"])
    seconds = MemoryTable([*HEADER, "duration"], [*row(4), "200"], [*row(5), "4"], [*row(6), "240"])
    tracks, report = import_tables(minutes, seconds)
    assert [track.duration_ms for track in tracks] == [210_000, 5_220_000, 135_000, 200_000, 4_000, 240_000]
    assert [file.duration_unit for file in report.files] == ["min", "s"]


def test_rows_without_popularity_are_kept_and_counted():
    tracks, report = import_tables(table(row(1, popularity=""), row(2, popularity="NA"), row(3)))
    assert [track.popularity for track in tracks] == [None, None, 50]
    assert report.without_popularity == 2


def test_the_report_says_how_each_file_was_read():
    _, report = import_tables(table(row(), row(title=""), name="songs.csv"))
    [file] = report.files
    assert (file.name, file.rows, file.dropped, file.canonical) == ("songs.csv", 2, 1, False)
    assert (file.encoding, file.delimiter, file.genre, file.duration_unit) == ("utf-8", "comma", None, None)
    assert file.columns["title"] == "track_name"


def test_the_report_turns_into_json():
    _, report = import_tables(table(row(), row(title="")), MemoryTable(["x"], name="junk.csv"))
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["dropped"] == {"missing_name": 1}
    assert plain["examples"]["missing_name"][0]["line"] == 3
    assert plain["skipped"][0]["name"] == "junk.csv"
    assert plain["files"][0]["popularity_scale"] == "0..100"


@pytest.mark.parametrize(
    ("name", "genre"),
    [
        ("folder/r&b.csv", "r&b"),
        ("hip hop.csv", "hip hop"),
        ("dump.zip/hiphop.csv.gz", "hip hop"),
        ("k-pop.CSV", "k-pop"),
        ("popindie.parquet", "pop indie"),
        ("drum.and.bass.tsv", "drum & bass"),
        ("!!!.csv", None),
    ],
)
def test_a_file_may_be_named_after_its_genre(name, genre):
    assert genre_of_file_name(name) == genre


def test_the_file_name_replaces_the_genres_of_rows():
    settings = ImportSettings(genre_from_file_name=True)
    tracks, report = import_tables(
        table(row(1), name="hiphop.csv"), table(row(1), row(2), name="r&b.csv"), settings=settings
    )
    assert [track.genres for track in tracks] == [("hip hop", "r&b"), ("r&b",)]
    assert [file.genre for file in report.files] == ["hip hop", "r&b"]


def test_settings_fill_in_what_rows_lack():
    settings = ImportSettings(genre="Hip-Hop", snapshot="2022-10", source="a public set")
    dated = MemoryTable([*HEADER, "snapshot_date"], [*row(1), "2024-03-01"], [*row(2), ""])
    tracks, _ = import_tables(dated, settings=settings)
    assert [track.snapshot for track in tracks] == ["2024-03-01", "2022-10"]
    assert {(track.genres, track.source) for track in tracks} == {(("hip hop",), "a public set")}


@pytest.mark.parametrize(
    "values",
    [
        {"genre": "pop", "genre_from_file_name": True},
        {"genre": "..."},
        {"snapshot": "last year"},
        {"snapshot": "2022-10-01 00:00"},
    ],
)
def test_settings_that_mean_nothing_are_refused(values):
    with pytest.raises(InvalidQuery):
        ImportSettings(**values)


def test_unrelated_tables_are_skipped_and_named():
    _, report = import_tables(MemoryTable(["country", "population"], ["AT", "9"], name="world.csv"), table(row()))
    [skipped] = report.skipped
    assert skipped.name == "world.csv"
    assert "lacks the columns track_id" in skipped.reason
    assert report.read == 1


def test_a_table_that_breaks_off_gives_no_row_at_all():
    class BreakingTable(MemoryTable):
        def rows(self) -> Iterator[tuple[int, list[str]]]:
            yield from super().rows()
            raise InvalidDataset("it breaks off")

    tracks, report = import_tables(BreakingTable(HEADER, row(1), name="half.csv"), table(row(2)))
    assert [track.track_id for track in tracks] == [track_id(2)]
    assert [skipped.reason for skipped in report.skipped] == ["it breaks off"]


def refusal(*tables: RawTable) -> str:
    def never(tracks: object) -> None:
        pytest.fail("nothing must be written")

    with pytest.raises(InvalidDataset) as caught:
        import_catalogue(tables, never)
    return caught.value.message


def test_without_any_table_the_refusal_names_what_was_found_and_what_is_needed():
    message = refusal(*(MemoryTable(["", "x"], name=f"junk{number}.csv") for number in range(7)))
    for part in ("junk0.csv", "junk4.csv", "2 more files", "track_id, title, artists, danceability", "track_name"):
        assert part in message
    assert "junk5.csv" not in message
    assert "no file to import" in refusal()


def test_when_all_rows_are_dropped_the_refusal_says_why():
    message = refusal(table(row(title=""), row()[:-1], row(title=""), name="songs.csv"))
    assert "all 3 rows were dropped" in message
    assert "missing_name: 2 (for example songs.csv, line 2" in message


def test_a_header_without_rows_is_refused():
    assert "no rows" in refusal(table())


def test_progress_is_told_every_few_thousand_rows_and_reaches_the_total():
    calls: list[tuple[str, int, int]] = []
    rows = [row(number) for number in range(12_000)]
    kept: list[Track] = []
    import_catalogue([table(*rows)], kept.extend, progress=lambda *call: calls.append(call))
    read = [call[1:] for call in calls if call[0] == "read rows"]
    written = [call[1:] for call in calls if call[0] == "write tracks"]
    assert read == [(0, 12_000), (5_000, 12_000), (10_000, 12_000), (12_000, 12_000)]
    assert written == [(5_000, 0), (10_000, 0), (12_000, 12_000)]


def test_looking_through_files_first_is_progress_too():
    calls: list[tuple[str, int, int]] = []
    rows = [row(number) for number in range(6_000)]
    kept: list[Track] = []
    import_catalogue([table(*rows), table(*rows)], kept.extend, progress=lambda *call: calls.append(call))
    looked = [call[1:] for call in calls if call[0] == "look through files"]
    assert looked == [(5_000, 0), (11_000, 0), (12_000, 12_000)]


def test_a_sink_that_does_not_take_all_tracks_is_an_error_of_ours():
    def take_one(tracks: Iterator[Track]) -> None:
        next(tracks)

    with pytest.raises(RuntimeError, match="accounted for"):
        import_catalogue([table(row(1), row(2))], take_one)


def test_a_failed_import_leaves_the_catalogue_as_it_was(tmp_path):
    target = tmp_path / "tracks.csv.gz"
    write = partial(write_catalogue_file, target)
    import_catalogue([table(row())], write)
    before = target.read_bytes()
    with pytest.raises(InvalidDataset):
        import_catalogue([table(row(title=""))], write)
    assert target.read_bytes() == before


def test_equal_input_gives_equal_bytes(tmp_path):
    paths = [tmp_path / "a.csv.gz", tmp_path / "b.csv.gz"]
    for path in paths:
        import_catalogue([table(row(2), row(1))], partial(write_catalogue_file, path))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_folder_of_public_files_in_all_forms_becomes_one_catalogue(tmp_path):
    features = [str(getattr(make_features(), name)) for name in CONTINUOUS_FEATURES]
    titles = [name.title() for name in CONTINUOUS_FEATURES]
    files = {
        "1 pandas.csv": (
            ["", "id", "name", "artists", *CONTINUOUS_FEATURES],
            ["0", track_id(1), 'Say "Hi",\nnow', "['Guns N\\' Roses', \"B's\"]", *features],
        ),
        "2 exportify.csv": (
            ["\ufeffTrack URI", "Track Name", "Artist Name(s)", *titles],
            [f"spotify:track:{track_id(2)}", "=SUM(A1)", "A, B", *features],
        ),
        "3 quotes.csv": (
            ["Id_Track", "Title", "Artist", *CONTINUOUS_FEATURES],
            [track_id(3), "True", "Tyler, The Creator", *features],
        ),
    }
    for name, rows in files.items():
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="|" if name.startswith("3") else ",").writerows(rows)
    (tmp_path / "failed.csv").write_text('""\n')
    tracks, report = import_files(tmp_path)
    assert [(track.title, [credit.name for credit in track.artists]) for track in tracks] == [
        ('Say "Hi",\nnow', ["Guns N' Roses", "B's"]),
        ("=SUM(A1)", ["A", "B"]),
        ("True", ["Tyler, The Creator"]),
    ]
    assert [Path(file.name).name for file in report.skipped] == ["failed.csv"]


# No text file holds lone surrogates, and one full of null characters counts as binary.
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40).filter(
    str.strip
)
fractions = st.floats(0, 1)
spotify_ids = st.text("0123456789ABCxyz", min_size=22, max_size=22)
dates = st.one_of(st.none(), st.dates().map(str), st.sampled_from(["1999", "1999-05"]))
percents = st.none() | st.integers(0, 100)
valid_tracks = st.builds(
    Track,
    track_id=spotify_ids,
    title=names,
    artists=st.lists(st.builds(ArtistCredit, names, st.none() | spotify_ids), min_size=1, max_size=3).map(tuple),
    features=st.builds(
        make_features,
        danceability=fractions,
        energy=fractions,
        instrumentalness=fractions,
        loudness=st.floats(-70, 10),
        tempo=st.floats(20, 400),
        key=st.none() | st.integers(0, 11),
        mode=st.none() | st.integers(0, 1),
        time_signature=st.none() | st.integers(1, 12),
    ),
    album=st.none() | names,
    release_date=dates,
    duration_ms=st.none() | st.integers(1, 86_400_000),
    explicit=st.none() | st.booleans(),
    popularity=percents,
    artist_popularity=percents,
    genres=st.lists(names, unique=True, max_size=3).map(normalise_genres),
    snapshot=dates,
    source=st.none() | names,
)


@given(st.lists(valid_tracks, min_size=1, max_size=8, unique_by=lambda track: track.track_id), st.booleans())
def test_a_catalogue_in_canonical_form_is_imported_as_itself(tracks, packed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("tracks.csv.gz" if packed else "tracks.csv")
        write_catalogue_file(path, tracks)
        imported, report = import_files(path)
    assert imported == sorted(tracks, key=lambda track: track.track_id)
    assert report.files[0].canonical


def test_a_faulty_row_of_a_canonical_file_is_dropped_like_any_other():
    good, bad = format_row(make_track(popularity=None)), format_row(make_track())
    bad[COLUMNS.index("energy")] = "7"
    tracks, report = import_tables(MemoryTable(COLUMNS, good, bad))
    assert len(tracks) == 1
    assert report.dropped == {"feature_out_of_range": 1}
    assert (report.files[0].popularity_scale, report.files[0].duration_unit) == ("0..100", "ms")


messy_cells = st.sampled_from(
    ["", "NA", "nan", "True", "0", "0.0", "-1", "1e400", "0.5", "59.0", "120", "['A', 'B']", "[", "a;b", "1:2", "\x00"]
) | st.text(max_size=8)
messy_rows = st.lists(messy_cells, max_size=len(HEADER) + 3)


@st.composite
def nearly_good_rows(draw: st.DrawFn) -> list[str]:
    cells = [*row(draw(st.integers(0, 3))), "200000", "2019", "4", "5", "1"]
    for position in draw(st.lists(st.integers(0, len(cells) - 1), max_size=2)):
        cells[position] = draw(messy_cells)
    return cells


@given(st.lists(nearly_good_rows() | messy_rows, max_size=12))
def test_every_row_is_kept_merged_or_dropped(rows):
    header = [*HEADER, "duration", "release_date", "time_signature", "key", "artist_popularity"]
    good = [*row(9), "200000", "2019", "4", "5", "50"]
    tracks, report = import_tables(MemoryTable(header, good, *rows))
    assert report.read == len(rows) + 1
    assert report.kept == len(tracks)
    assert report.read == report.kept + report.merged + sum(report.dropped.values())
    assert sum(file.rows for file in report.files) == report.read
    assert sum(file.dropped for file in report.files) == sum(report.dropped.values())


def raw_rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tidytuesday_keeps_every_named_and_analysed_track(real_data):
    path = real_data / "spotify_songs_tidytuesday.csv.gz"
    rows = raw_rows(path)
    named = [raw for raw in rows if raw["track_name"] != "NA" or raw["track_artist"] != "NA"]
    empty = {raw["track_id"] for raw in named if float(raw["tempo"]) == 0}
    expected = {raw["track_id"] for raw in named} - empty

    tracks, report = import_files(path)

    assert {track.track_id for track in tracks} == expected
    assert (report.read, report.kept, report.merged) == (len(rows), len(expected), 4_476) == (32_833, 28_351, 4_476)
    assert report.dropped == {"missing_name": len(rows) - len(named), "empty_analysis": len(empty)}
    assert report.dropped == {"missing_name": 5, "empty_analysis": 1}
    genres: dict[str, set[str]] = {}
    for raw in rows:
        genres.setdefault(raw["track_id"], set()).add(raw["playlist_genre"])
    assert all(set(track.genres) == genres[track.track_id] for track in tracks)
    by_id = {raw["track_id"]: raw for raw in rows}
    assert all(track.title == by_id[track.track_id]["track_name"].strip() for track in tracks)
    assert all(track.popularity == int(by_id[track.track_id]["track_popularity"]) for track in tracks)


def test_the_original_projects_files_give_their_genre_by_name(real_data):
    folder = real_data / "original-daltonify"
    paths = sorted(folder.rglob("*.csv.gz"))
    rows = {path: raw_rows(path) for path in paths}
    expected = {raw["track_id"] for raws in rows.values() for raw in raws}

    tracks, report = import_files(folder, settings=ImportSettings(genre_from_file_name=True))

    assert {track.track_id for track in tracks} == expected
    assert (report.read, report.kept) == (sum(map(len, rows.values())), len(expected)) == (16_003, 10_655)
    assert report.dropped == {}
    assert len(report.files) == len(paths) == 11
    assert {file.popularity_scale for file in report.files} == {"0..1"}
    assert {"country", "hip hop", "rock", "electropop", "pop indie", "rap"} < {file.genre for file in report.files}
    # Later files win, and all popularity is whole hundredths.
    last = {raw["track_id"]: raw["popularity"] for path in paths for raw in rows[path]}
    assert {track.track_id: f"{track.popularity}" for track in tracks} == {
        found: f"{float(popularity) * 100:.0f}" for found, popularity in last.items()
    }
