"""Questions: which tracks may be named, which count as found, and how many the best list finds."""

import numpy as np
import pytest

from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.questions import LIST_SIZE, SMALL_ARTIST, Protocol, ask, draw_seeds, genre_of
from tests.builders import build_index_folder, make_track, open_index, track_id
from tests.unit.evaluation.conftest import OTHER_PLAYLIST, PLAYLIST, Small


def question(small: Small, protocol: Protocol, *playlists: tuple[str, ...], seed: str = "seed"):
    asked = ask(protocol, np.array([small.item[seed]]), small.ground, small.playlists(*playlists))
    (found,) = asked.asked
    return found


def test_open_candidates_are_the_genres_tracks_that_credit_none_of_the_seeds_artists(small):
    found = question(small, Protocol.OPEN, PLAYLIST, OTHER_PLAYLIST)
    # Neither the seed, nor another track of its artist, nor one that has them as a guest, nor another genre's.
    assert small.names(found.candidates) == {
        "ann1", "ann2", "bob", "cat", "equal", "low", "weak", "version", "unknown", "nobody", "both",
    }  # fmt: skip


def test_open_relevant_tracks_are_the_candidates_that_share_any_playlist_with_the_seed(small):
    found = question(small, Protocol.OPEN, PLAYLIST, OTHER_PLAYLIST)
    assert small.names(found.relevant) == {
        "ann1", "ann2", "bob", "equal", "low", "weak", "version", "unknown", "nobody", "both",
    }  # fmt: skip
    assert found.ideal == 10


def test_mission_candidates_keep_rules_1_and_3(small):
    found = question(small, Protocol.MISSION, PLAYLIST, OTHER_PLAYLIST)
    # An equal and a lower artist, a bigger one beside a lower one, unknown ones, and a version of the song are out.
    assert small.names(found.candidates) == {"ann1", "ann2", "bob", "cat", "both"}
    assert small.names(found.relevant) == {"ann1", "ann2", "bob", "both"}
    assert found.level == 20


def test_the_ideal_of_the_mission_has_one_track_of_each_artist(small):
    assert question(small, Protocol.MISSION, PLAYLIST, OTHER_PLAYLIST).ideal == 3  # Ann, Bob and Ben
    assert question(small, Protocol.MISSION, ("seed", "ann1", "ann2")).ideal == 1


def test_tracks_beyond_the_band_are_relevant_all_the_same(small):
    # Seed level 20: the default band ends at 80 and begins at 30; nothing about it is asked here.
    assert "cat" in small.names(question(small, Protocol.MISSION, ("seed", "cat")).relevant)


def test_relevant_tracks_and_candidates_are_ascending(small):
    for protocol in Protocol:
        found = question(small, protocol, PLAYLIST, OTHER_PLAYLIST)
        assert (np.diff(found.candidates) > 0).all()
        assert (np.diff(found.relevant) > 0).all()


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_seed_without_a_relevant_track_is_skipped_and_counted(small, protocol):
    playlists = small.playlists(("seed", "own", "guest"), ("bob", "cat"))
    asked = ask(protocol, np.array(small.items("seed", "bob")), small.ground, playlists)
    assert [one.seed for one in asked.asked] == [small.item["bob"]]
    assert asked.skipped.tolist() == [small.item["seed"]]


def test_the_ideal_list_is_no_longer_than_a_list(tmp_path):
    tracks = [make_track(track_id=track_id(number), artists=(f"A{number}",), popularity=number) for number in range(41)]
    index = open_index(build_index_folder(tmp_path, tracks))
    many = Small(
        index, Ground.of_index(index), {str(n): 40 - n for n in range(41)}, {str(n): track_id(n) for n in range(41)}
    )
    names = tuple(str(number) for number in range(41))
    for protocol in Protocol:
        found = question(many, protocol, names, seed="0")
        assert len(found.relevant) == 40
        assert found.ideal == LIST_SIZE
    index.close()


def test_a_seed_of_several_genres_asks_for_that_of_most_of_its_playlists(small):
    item = small.item["both"]
    assert small.ground.genres == ("pop", "rock")  # the largest first
    for genre in small.ground.genres:
        playlists = small.playlists(("both", "bob"), genre=genre)
        assert small.ground.genres[genre_of(item, small.ground, playlists)] == genre


def test_a_seed_asks_for_its_largest_genre_where_playlists_name_none_or_another(small):
    item = small.item["both"]
    for genre in (None, "polka"):
        assert genre_of(item, small.ground, small.playlists(("both", "bob"), genre=genre)) == 0


def test_a_playlists_genre_never_moves_a_seed_out_of_its_own(small):
    playlists = small.playlists(("bob", "rock"), genre="rock")
    assert small.ground.genres[genre_of(small.item["bob"], small.ground, playlists)] == "pop"


def test_seeds_are_drawn_once_each_and_small_ones_apart(small):
    playlists = small.playlists(PLAYLIST, OTHER_PLAYLIST)
    few, anybody = draw_seeds(small.ground, playlists, 100, random_seed=1)
    # Everybody in a playlist whose popularity is known.
    assert small.names(anybody) == (set(PLAYLIST) | set(OTHER_PLAYLIST)) - {"unknown", "nobody"}
    assert small.names(few) == {"seed", "own", "bob", "equal", "low"}
    assert (small.ground.arrays.artist_popularity[few] <= SMALL_ARTIST).all()


def test_the_same_number_draws_the_same_seeds_and_another_one_others(small):
    playlists = small.playlists(PLAYLIST, OTHER_PLAYLIST)
    draws = [draw_seeds(small.ground, playlists, 4, random_seed=number)[1].tolist() for number in (1, 1, *range(2, 12))]
    assert draws[0] == draws[1]
    assert len({tuple(draw) for draw in draws}) > 1
    assert all(len(set(draw)) == 4 for draw in draws)
