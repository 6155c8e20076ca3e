"""Headers of real public data sets, and what their columns mean."""

import pytest

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.public_data.columns import FIELD_HEADERS, choose_columns, fold_header
from daltonify_core.catalogue.public_data.scales import DurationUnit
from daltonify_core.errors import InvalidDataset

FEATURES = list(CONTINUOUS_FEATURES)


def headers_of(*header: str) -> dict[str, str]:
    return dict(choose_columns([*header, *FEATURES]).headers)


@pytest.mark.parametrize(
    ("header", "folded"),
    [("Artist Name(s)", "artistnames"), ("track_id", "trackid"), (" Id_Track ", "idtrack"), ("Unnamed: 0", "unnamed0")],
)
def test_case_spaces_and_signs_never_tell_headers_apart(header, folded):
    assert fold_header(header) == folded


def test_all_spellings_are_written_as_they_are_compared():
    spellings = [spelling for all_of_field in FIELD_HEADERS.values() for spelling in all_of_field]
    assert [fold_header(spelling) for spelling in spellings] == spellings
    assert len(set(spellings)) == len(spellings), "a header would mean two fields"


@pytest.mark.parametrize("index_header", ["", "Unnamed: 0", "idx", "index"])
def test_index_columns_are_passed_over(index_header):
    columns = choose_columns([index_header, "track_id", "track_name", "artist", *FEATURES])
    assert columns.positions["track_id"] == 1
    assert index_header not in columns.headers.values()


@pytest.mark.parametrize(
    ("field", "header"),
    [("track_id", header) for header in ("track_id", "id", "Id_Track", "Track URI", "Spotify ID", "uri")]
    + [("title", header) for header in ("name", "track_name", "Track Name", "title")]
    + [("artists", header) for header in ("artists", "artist", "artist_name", "Artist Name(s)", "track_artist")]
    + [("duration", header) for header in ("duration", "duration_ms", "track_duration", "track_length")]
    + [("duration", header) for header in ("Duration (ms)", "Track Duration (ms)")]
    + [("explicit", header) for header in ("explicit", "is_explicit", "Explicit")]
    + [("time_signature", header) for header in ("time_sig", "time_signature", "Time Signature")]
    + [("genres", header) for header in ("playlist_genre", "track_genre", "genre", "Genres", "artist_genres")]
    + [("artist_ids", header) for header in ("artist_ids", "id_artists", "Artist URI(s)", "artist_id")]
    + [("release_date", header) for header in ("release_date", "track_album_release_date", "Release Date", "year")]
    + [("album", header) for header in ("album", "album_name", "track_album_name", "Album Name")]
    + [("artist_popularity", "artist_popularity"), ("snapshot", "snapshot_date")],
)
def test_each_field_is_known_by_its_spellings(field, header):
    required = {"track_id": "track_id", "title": "track_name", "artists": "artist"}
    assert headers_of(*{**required, field: header}.values())[field] == header


def test_misspelt_and_title_case_features_are_understood():
    header = [name.title() if name != "loudness" else "loadness" for name in FEATURES]
    columns = choose_columns(["track_id", "track_name", "artist", *header])
    assert columns.headers["loudness"] == "loadness"
    assert columns.headers["danceability"] == "Danceability"


@pytest.mark.parametrize(
    ("better", "worse", "field"),
    [
        ("track_id", "id", "track_id"),
        ("uri", "id", "track_id"),
        ("track_popularity", "popularity", "popularity"),
        ("track_name", "name", "title"),
        ("duration_ms", "duration", "duration"),
        ("release_date", "year", "release_date"),
        ("genre", "artist_genres", "genres"),
    ],
)
def test_the_more_telling_header_wins_wherever_it_stands(better, worse, field):
    others = {"track_id": "trackid", "title": "song", "artists": "artist"}
    others.pop(field, None)
    assert headers_of(*others.values(), better, worse)[field] == better
    assert headers_of(*others.values(), worse, better)[field] == better


def test_a_playlists_own_subgenre_is_no_genre():
    header = ["track_id", "track_name", "artist", "playlist_subgenre", "playlist_name"]
    assert "genres" not in headers_of(*header)


def test_of_two_equal_headers_the_first_counts():
    columns = choose_columns(["track_id", "track_name", "artist", *FEATURES, "Track ID"])
    assert columns.positions["track_id"] == 0


@pytest.mark.parametrize(
    ("header", "joined"),
    [("Artist Name(s)", True), ("artist(s)_name", True), ("artists", False), ("artist_name", False)],
)
def test_only_some_columns_are_known_to_join_artists(header, joined):
    assert choose_columns(["track_id", "name", header, *FEATURES]).artists_are_joined is joined


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("duration_ms", DurationUnit.MILLISECONDS),
        ("Duration (s)", DurationUnit.SECONDS),
        ("duration", None),
        ("duration_min", DurationUnit.MINUTES),
        ("track_length", None),
    ],
)
def test_a_header_may_name_the_unit_of_durations(header, unit):
    assert choose_columns(["track_id", "name", "artist", header, *FEATURES]).duration_unit is unit


def test_a_table_without_needed_columns_is_refused_by_their_names():
    with pytest.raises(
        InvalidDataset, match=r"lacks the columns title, danceability, .*; its first line reads track_id"
    ):
        choose_columns(["track_id", "artist"])


def test_a_long_foreign_header_is_shown_in_part():
    with pytest.raises(InvalidDataset, match=r"column7 and 12 more$"):
        choose_columns([f"column{number}" for number in range(20)])


@pytest.mark.parametrize(
    "first_line",
    [["root:$6$NEVERLOGME:19000:0:99999:7:::"], ["NEVERLOGME"], ["a", "key=NEVERLOGME"], ["1", "2"]],
)
def test_a_first_line_that_names_no_columns_is_not_repeated(first_line):
    with pytest.raises(InvalidDataset) as caught:
        choose_columns(first_line)
    assert "its first line is no header of a table" in caught.value.message
    assert "NEVERLOGME" not in caught.value.message


def test_one_known_column_makes_a_header_however_odd_the_others_are():
    with pytest.raises(InvalidDataset, match=r"its first line reads id, 2024-01-01$"):
        choose_columns(["id", "2024-01-01"])


def test_a_header_without_names_is_said_to_be_none():
    with pytest.raises(InvalidDataset, match="names no columns"):
        choose_columns(["", " "])
