"""Playlists: read by header, split for ever, each track once."""

import pytest

from daltonify_core.errors import InvalidDataset
from daltonify_core.evaluation.playlists import Half, PlaylistRow, half_of, playlists_of_half, read_playlist_rows
from daltonify_core.ports.catalogue import TableLayout

ITEMS = {"a": 0, "b": 1, "c": 2, "d": 3}


class Table:
    name = "playlists.csv"

    def __init__(self, header, *rows):
        self._header, self._rows = header, rows

    def header(self):
        return self._header

    def layout(self):
        return TableLayout()

    def rows(self):
        return iter(enumerate(self._rows, start=2))


def row(playlist, track, genre=None) -> PlaylistRow:
    return PlaylistRow(playlist, track, genre)


def test_columns_are_found_by_header_in_any_order_and_others_are_passed_over():
    table = Table(["Track_ID", "mood", "genre", "playlist_id"], ["t", "sad", "R&B", "p"])
    assert read_playlist_rows(table) == [row("p", "t", "r&b")]


def test_the_genre_may_be_called_playlist_genre_but_a_subgenre_is_never_read():
    table = Table(["playlist_id", "track_id", "playlist_subgenre", "playlist_genre"], ["p", "t", "dance pop", "pop"])
    assert read_playlist_rows(table) == [row("p", "t", "pop")]
    table = Table(["playlist_id", "track_id", "playlist_subgenre"], ["p", "t", "dance pop"])
    assert read_playlist_rows(table) == [row("p", "t")]


def test_rows_without_playlist_or_track_are_left_out_and_short_rows_do_no_harm():
    header = ["playlist_id", "track_id", "genre"]
    assert read_playlist_rows(Table(header, ["", "t", ""], ["p", " ", ""], ["p"], ["p", "t"])) == [row("p", "t")]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (Table(["track_id"], ["t"]), "no column playlist_id"),
        (Table(["name"], ["t"]), "no column playlist_id and no column track_id"),
        (Table(["playlist_id", "track_id"]), "no row"),
    ],
    ids=["one missing", "both missing", "empty"],
)
def test_a_table_that_holds_no_playlists_is_refused(table, words):
    with pytest.raises(InvalidDataset, match=words):
        read_playlist_rows(table)


@pytest.mark.parametrize("form", ["{}", " {} ", "spotify:track:{}", "https://open.spotify.com/track/{}?si=0"])
def test_tracks_may_be_named_in_any_form_that_an_import_takes(form):
    table = Table(["playlist_id", "track_id"], ["p", form.format("4HJ7mSMtHAdU55lLjGE4zW")])
    assert read_playlist_rows(table) == [row("p", "4HJ7mSMtHAdU55lLjGE4zW")]


def test_a_table_that_cannot_be_read_is_named():
    class Broken(Table):
        def header(self):
            raise InvalidDataset("it is empty")

    with pytest.raises(InvalidDataset, match=r"playlists\.csv holds no playlists: it is empty\."):
        read_playlist_rows(Broken([]))


def test_a_playlist_stays_in_its_half_for_ever():
    assert [half_of(name) for name in ("a", "b", "c")] == [Half.TUNE, Half.REPORT, Half.REPORT]


def test_the_halves_share_no_playlist_and_miss_none():
    names = [f"playlist {number}" for number in range(400)]
    report = [name for name in names if half_of(name) is Half.REPORT]
    assert 150 < len(report) < 250
    rows = [row(name, "a") for name in names]
    sizes = {half: len(playlists_of_half(rows, half, ITEMS).members) for half in Half}
    assert sizes == {Half.TUNE: 400 - len(report), Half.REPORT: len(report), Half.ALL: 400}


def test_a_track_in_several_playlists_has_the_mates_of_all_each_once():
    rows = [row("1", "a"), row("1", "b"), row("2", "a"), row("2", "b"), row("2", "c"), row("3", "d")]
    playlists = playlists_of_half(rows, Half.ALL, ITEMS)
    assert playlists.mates(0).tolist() == [1, 2]
    assert playlists.mates(3).tolist() == []


def test_a_row_that_the_file_repeats_counts_once():
    once = playlists_of_half([row("1", "a", "pop"), row("1", "b")], Half.ALL, ITEMS)
    twice = playlists_of_half([row("1", "a", "pop"), row("1", "b"), row("1", "a", "pop")], Half.ALL, ITEMS)
    assert twice.members[0].tolist() == once.members[0].tolist() == [0, 1]
    assert twice.playlists_of == once.playlists_of
    assert twice.genre_votes == once.genre_votes == {0: {"pop": 1}}


def test_rows_of_unknown_tracks_are_counted():
    playlists = playlists_of_half([row("1", "a"), row("1", "x"), row("2", "x")], Half.ALL, ITEMS)
    assert (playlists.rows, playlists.unknown_rows, len(playlists.members)) == (3, 2, 1)
