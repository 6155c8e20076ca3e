"""Rows of public tables become tracks, or say why they do not."""

from typing import Any

import pytest

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.public_data.columns import choose_columns
from daltonify_core.catalogue.public_data.rows import PublicRowParser, TableScales
from daltonify_core.catalogue.public_data.scales import DurationUnit, PopularityScale
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidTrack
from tests.builders import make_features

ID = "4HJ7mSMtHAdU55lLjGE4zW"
FIRST_ARTIST, SECOND_ARTIST = "1" * 22, "2" * 22
ROW = {
    "track_id": ID,
    "track_name": "Boston",
    "track_artist": "Dalton & the Sheriffs",
    "album_name": "Luckier by Half",
    "release_date": "2015-03-24",
    "duration_ms": "223440",
    "explicit": "False",
    "popularity": "15",
    "genre": "Country",
    **{name: str(getattr(make_features(), name)) for name in CONTINUOUS_FEATURES},
    "key": "11",
    "mode": "1",
    "time_signature": "4",
}


def parse(row: dict[str, str] | None = None, scales: TableScales | None = None, **changes: str) -> Track:
    row = ROW | changes if row is None else row
    return PublicRowParser(choose_columns(list(row)), scales or TableScales()).parse(list(row.values()))


def without(*headers: str, **others: str) -> dict[str, str]:
    return {header: cell for header, cell in ROW.items() if header not in headers} | others


def reason_of(row: dict[str, str] | None = None, **changes: str) -> str:
    with pytest.raises(InvalidTrack) as caught:
        parse(row, None, **changes)
    return caught.value.reason


def test_all_fields_of_a_row_are_read():
    assert parse() == Track(
        track_id=ID,
        title="Boston",
        artists=(ArtistCredit("Dalton & the Sheriffs"),),
        features=make_features(key=11),
        album="Luckier by Half",
        release_date="2015-03-24",
        duration_ms=223_440,
        explicit=False,
        popularity=15,
        genres=("country",),
    )


def test_absent_columns_leave_fields_open():
    row = without("album_name", "release_date", "duration_ms", "explicit", "popularity", "genre", "key", "mode")
    track = parse(row)
    assert (track.album, track.release_date, track.duration_ms, track.explicit, track.popularity) == (None,) * 5
    assert track.genres == ()
    assert track.features.key is None


@pytest.mark.parametrize("missing", ["", "NA", "nan", "null", "None"])
def test_missing_values_leave_optional_fields_open(missing):
    optional = ("album_name", "release_date", "duration_ms", "explicit", "popularity", "genre", "key", "mode")
    assert parse(**dict.fromkeys((*optional, "time_signature"), missing)) == parse(without(*optional, "time_signature"))


@pytest.mark.parametrize("name", ["True", "Nil", "NA", "None", "nan", "=1+1", "@", "+", 'a "b", c', "x" * 511])
def test_names_are_never_coerced(name):
    track = parse(track_name=name, track_artist=name, album_name="Greatest hits")
    assert (track.title, track.artists) == (name, (ArtistCredit(name),))


def test_na_in_title_artist_and_album_is_a_missing_name():
    assert reason_of(track_name="NA", track_artist="NA", album_name="NA") == "missing_name"


@pytest.mark.parametrize(
    "changes",
    [{"track_name": ""}, {"track_name": "\x00 "}, {"track_artist": " "}, {"track_artist": "[]"}, {"track_artist": ";"}],
)
def test_a_row_without_title_or_artist_is_a_missing_name(changes):
    assert reason_of(**changes) == "missing_name"


@pytest.mark.parametrize("header", ["Track URI", "url", "Id_Track"])
def test_the_id_is_found_in_an_address(header):
    assert parse(without("track_id", **{header: f"spotify:track:{ID}"})).track_id == ID


@pytest.mark.parametrize(
    "changes",
    [{"tempo": "0"}, {"danceability": "0.0"}, {"time_signature": "0"}, {"duration_ms": "0"}],
    ids=lambda changes: next(iter(changes)),
)
def test_an_empty_analysis_is_no_track(changes):
    assert reason_of(**changes) == "empty_analysis"


@pytest.mark.parametrize("changes", [{"loudness": "5"}, {"loudness": "-60"}, {"instrumentalness": "5.56e-06"}])
def test_unusual_but_real_values_are_kept(changes):
    [(name, text)] = changes.items()
    assert getattr(parse(**changes).features, name) == float(text)


def test_four_seconds_and_87_minutes_are_real_durations():
    assert parse(duration_ms="4000").duration_ms == 4_000
    assert parse(duration_ms="5220000").duration_ms == 5_220_000


def test_key_minus_one_is_absent():
    assert parse(key="-1").features.key is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"energy": "1.2"}, "feature_out_of_range"),
        ({"loudness": "11"}, "feature_out_of_range"),
        ({"tempo": "inf"}, "feature_out_of_range"),
        ({"key": "12"}, "feature_out_of_range"),
        ({"energy": "loud"}, "feature_not_a_number"),
        ({"mode": "0.5"}, "feature_not_a_number"),
        ({"valence": "NA"}, "features_missing"),
        ({"popularity": "101"}, "popularity"),
        ({"duration_ms": "-5"}, "duration_ms"),
        ({"duration_ms": "99999999999"}, "duration_ms"),
        ({"track_id": "17"}, "track_id"),
        ({"track_name": "x" * 1001}, "title"),
        ({"track_artist": "x" * 1001}, "artists"),
        (dict.fromkeys(ROW, ""), "empty_row"),
    ],
)
def test_a_row_that_cannot_be_a_track_says_why(changes, reason):
    assert reason_of(**changes) == reason


@pytest.mark.parametrize("cells", [list(ROW.values())[:-1], [*ROW.values(), ""]], ids=["too few", "too many"])
def test_rows_of_another_width_are_refused(cells):
    with pytest.raises(InvalidTrack) as caught:
        PublicRowParser(choose_columns(list(ROW)), TableScales()).parse(cells)
    assert caught.value.reason == "wrong_width"


def credits_of(**headers: str) -> list[tuple[str, str | None]]:
    track = parse(without("track_artist", **headers))
    return [(credit.name, credit.artist_id) for credit in track.artists]


@pytest.mark.parametrize(
    ("headers", "credits"),
    [
        ({"artists": "A;B"}, [("A", None), ("B", None)]),
        ({"artists": "['A', \"B's\"]"}, [("A", None), ("B's", None)]),
        ({"artist": "Tyler, The Creator"}, [("Tyler, The Creator", None)]),
        ({"Artist Name(s)": "A, B"}, [("A", None), ("B", None)]),
        (
            {"Artist Name(s)": "Tyler, The Creator", "Artist IDs": FIRST_ARTIST},
            [("Tyler, The Creator", FIRST_ARTIST)],
        ),
        (
            {"artists": "['A', 'B']", "id_artists": f"['{FIRST_ARTIST}', '{SECOND_ARTIST}']"},
            [("A", FIRST_ARTIST), ("B", SECOND_ARTIST)],
        ),
        ({"artists": "A;B", "artist_id": FIRST_ARTIST}, [("A", FIRST_ARTIST), ("B", None)]),
        ({"artists": "A;B", "artist_ids": FIRST_ARTIST}, [("A", None), ("B", None)]),
        ({"artist": "A", "artist_id": "17"}, [("A", None)]),
    ],
)
def test_artists_come_in_many_notations_with_and_without_ids(headers, credits):
    assert credits_of(**headers) == credits


def test_the_tables_scales_apply():
    scales = TableScales(
        popularity=PopularityScale.FRACTION,
        artist_popularity=PopularityScale.FRACTION,
        duration=DurationUnit.MINUTES,
    )
    row: dict[str, Any] = without("duration_ms", track_length="3.5", popularity="0.29", artist_popularity="0.58")
    track = parse(row, scales)
    assert (track.popularity, track.artist_popularity, track.duration_ms) == (29, 58, 210_000)


def test_a_dated_row_keeps_its_own_snapshot():
    assert parse(without(snapshot_date="2024-03-01")).snapshot == "2024-03-01"
