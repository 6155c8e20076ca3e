"""Exports hold every row, and no text in them can run."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.index.candidate_search import SearchPath
from daltonify_core.playlist.band import Band, BandUse
from daltonify_core.playlist.export import CSV_COLUMNS, to_csv, to_jspf, to_uris
from daltonify_core.playlist.genre_choice import GenreChoice, GenreSource
from daltonify_core.playlist.recommendation import IndexDescription, Recommendation, Row

ROW = Row(
    position=1,
    own=False,
    track_id="4HJ7mSMtHAdU55lLjGE4zW",
    title="Boston",
    artists=("Dalton & the Sheriffs", "Guest"),
    album="Luckier by Half",
    release_year=2015,
    explicit=False,
    popularity=15,
    artist_popularity=40,
    lift=25,
    similarity=0.91,
    reason="same energy; 25 points more popular",
    reason_parts=(),
    features=AudioFeatures(energy=0.9),
)
UNRELEASED = ROW._replace(position=2, own=True, track_id=None, album=None, release_year=None)


def recommendation(*rows: Row) -> Recommendation:
    return Recommendation(
        index=IndexDescription("v", 2, "2026-11-22T00:00:00Z", None, "test"),
        search=SearchPath.EXACT,
        seeds=(),
        genre=GenreChoice(("country",), GenreSource.ASKED, ()),
        band=BandUse(Band(25, 75), Band(25, 75), False, 2, (0,) * 101),
        tracks=rows,
        reserves=(),
        notes=(),
    )


def test_uris_leave_out_what_is_not_on_spotify():
    assert to_uris([ROW, UNRELEASED]) == "spotify:track:4HJ7mSMtHAdU55lLjGE4zW\n"


def test_csv_holds_every_row_with_its_figures():
    first, second = csv.DictReader(io.StringIO(to_csv([ROW, UNRELEASED])))
    assert tuple(first) == CSV_COLUMNS
    assert first["artists"] == "Dalton & the Sheriffs; Guest"
    assert (first["lift"], first["release_year"], first["own"]) == ("25", "2015", "no")
    assert (second["uri"], second["release_year"], second["own"]) == ("", "", "yes")


def test_csv_and_jspf_mark_the_place_of_a_track_that_is_not_out_yet():
    first, second = csv.DictReader(io.StringIO(to_csv([ROW, UNRELEASED])))
    assert first["to_do"] == ""
    assert second["to_do"] == "Not on Spotify yet: add it at place 2 on release day."
    marked = json.loads(to_jspf(recommendation(ROW, UNRELEASED), "x"))["playlist"]["track"]
    assert [track["annotation"] for track in marked] == [ROW.reason, second["to_do"]]


@given(st.text(max_size=12))
def test_no_csv_cell_can_start_a_formula(text):
    row = ROW._replace(title=text or "x", artists=(text or "x",), album=text, reason=text)
    (read,) = csv.reader(io.StringIO(to_csv([row]).split("\r\n", 1)[1], newline=""))
    for cell in read:
        # What a spreadsheet sees first, after the spaces that it passes over.
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize("title", ["=1+1", "+44", "-", "@home", "\t=1", "＝1"])
def test_a_formula_stays_readable_behind_an_apostrophe(title):
    assert f"'{title}" in next(
        csv.reader(io.StringIO(to_csv([ROW._replace(title=title)]).split("\r\n", 1)[1], newline=""))
    )


def test_plain_titles_are_left_alone():
    assert ",Boston," in to_csv([ROW])


def test_jspf_is_json_with_the_tracks_in_order():
    playlist = json.loads(to_jspf(recommendation(ROW, UNRELEASED), "Beside “Boston”"))["playlist"]
    assert playlist["title"] == "Beside “Boston”"
    assert [track["trackNum"] for track in playlist["track"]] == [1, 2]
    assert playlist["track"][0]["identifier"] == ["https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW"]
    assert "identifier" not in playlist["track"][1]
    assert "album" not in playlist["track"][1]
