"""Tracks: what a record needs to be one."""

import pytest

from daltonify_core.catalogue.track import MAX_NAME_LENGTH, ArtistCredit
from daltonify_core.errors import InvalidTrack
from tests.builders import make_track, track_id


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("track_id", "", "track_id"),
        ("track_id", "1" * 21, "track_id"),
        ("track_id", "1" * 23, "track_id"),
        ("track_id", "é" * 22, "track_id"),
        ("title", "", "title"),
        ("title", " \t", "title"),
        ("title", "x" * (MAX_NAME_LENGTH + 1), "title"),
        ("artists", (), "artists"),
        ("energy", None, "features_missing"),
        ("tempo", None, "features_missing"),
        ("energy", 1.01, "feature_out_of_range"),
        ("release_date", "", "release_date"),
        ("release_date", "19", "release_date"),
        ("release_date", "2019-13", "release_date"),
        ("release_date", "2019-00", "release_date"),
        ("release_date", "2019-01-32", "release_date"),
        ("release_date", "2019/01/01", "release_date"),
        ("release_date", "2019-01-01T00:00:00", "release_date"),
        ("release_date", "２０１９", "release_date"),
        ("release_date", "2019\n", "release_date"),
        ("snapshot", "yesterday", "snapshot"),
        ("duration_ms", 0, "duration_ms"),
        ("duration_ms", -1, "duration_ms"),
        ("duration_ms", 86_400_001, "duration_ms"),
        ("popularity", -1, "popularity"),
        ("popularity", 101, "popularity"),
        ("artist_popularity", -1, "artist_popularity"),
        ("artist_popularity", 101, "artist_popularity"),
    ],
)
def test_a_record_with_a_faulty_field_is_no_track_and_the_reason_names_it(field, value, reason):
    with pytest.raises(InvalidTrack) as refused:
        make_track(**{field: value})
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ["", "  ", "\u3000", "x" * (MAX_NAME_LENGTH + 1)])
def test_an_artist_needs_a_name(name):
    with pytest.raises(InvalidTrack) as refused:
        ArtistCredit(name)
    assert refused.value.reason == "artists"


@pytest.mark.parametrize("title", ["True", "Nil", "NA", "null", "0", "夜", "!!!", "x" * MAX_NAME_LENGTH])
def test_names_are_never_taken_for_something_else(title):
    assert make_track(title=title, artists=(title,)).title == title


@pytest.mark.parametrize(
    ("release_date", "year"), [("1999", 1999), ("1999-12", 1999), ("1999-12-31", 1999), (None, None)]
)
def test_the_release_year_is_read_from_a_date_of_any_precision(release_date, year):
    assert make_track(release_date=release_date).release_year == year


def test_only_features_names_and_id_are_needed():
    track = make_track(
        album=None, release_date=None, duration_ms=None, explicit=None, popularity=None, genres=(), key=None
    )
    assert track.features.key is None


def test_limits_of_numbers_are_allowed():
    for value in (0, 100):
        assert make_track(popularity=value, artist_popularity=value).popularity == value
    assert make_track(duration_ms=86_400_000).duration_ms == 86_400_000


def test_tracks_are_values():
    assert make_track(track_id=track_id(5)) == make_track(track_id=track_id(5))
    with pytest.raises(AttributeError):
        make_track().title = "Other"  # type: ignore[misc]
