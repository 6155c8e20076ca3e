"""In which genre bigger artists are looked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.errors import UnknownGenre
from daltonify_core.index.bundle import LoadedIndex, load_bundle
from daltonify_core.index.items import Items
from daltonify_core.playlist.genre_choice import (
    GenreSettings,
    GenreSource,
    artist_genre_weights,
    choose_genre,
    inferred_shares,
)
from tests.builders import make_track, track_id
from tests.bundles import write_bundle
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_tracks import MemoryTracksFormat

OFFERED = ("country", "hip hop", "pop", "r&b", "rock")


def choose(asked=None, tracks=(), artist=None, inferred=None, settings=None):
    return choose_genre(asked, tracks, lambda: artist or {}, lambda _: inferred or {}, OFFERED, settings)


def test_the_genre_asked_for_outranks_everything():
    choice = choose("pop", [["rock"]], {"country": 9.0}, {"rock": 1.0})
    assert (choice.used, choice.how) == (("pop",), GenreSource.ASKED)


@pytest.mark.parametrize(
    ("spelling", "name"), [("Hip-Hop", "hip hop"), ("hiphop", "hip hop"), ("RNB", "r&b"), (" Rock ", "rock")]
)
def test_other_spellings_of_a_genre_are_understood(spelling, name):
    assert choose(spelling).used == (name,)


@pytest.mark.parametrize("asked", ["polka", "", "!!!"])
def test_a_genre_that_is_not_offered_is_refused_with_the_list_of_those_that_are(asked):
    with pytest.raises(UnknownGenre, match=r"It offers country, hip hop, pop, r&b, rock\.") as refusal:
        choose(asked)
    assert refusal.value.offered == OFFERED
    assert refusal.value.code == "unknown_genre"


@pytest.mark.parametrize(
    ("asked", "nearest", "meant"),
    [
        ("cuntry", "country", "Did you mean country?"),
        ("rokc", "rock", "Did you mean rock?"),
        ("Alt Country", "country", "Did you mean country?"),
        ("trip hop", "hip hop", "Did you mean hip hop?"),
        ("pop rock", "rock", "Did you mean rock or pop?"),
    ],
)
def test_the_nearest_names_come_first_and_are_suggested(asked, nearest, meant):
    with pytest.raises(UnknownGenre) as refusal:
        choose(asked)
    assert refusal.value.offered[0] == nearest
    assert sorted(refusal.value.offered) == sorted(OFFERED)
    assert meant in refusal.value.message


@pytest.mark.parametrize(("asked", "meant"), [("Hip-Hop", "rap"), ("soul", "r&b"), ("electronic", "edm")])
def test_what_stands_on_one_shelf_is_suggested_and_not_what_is_merely_spelt_alike(asked, meant):
    with pytest.raises(UnknownGenre, match=f" Did you mean {meant}\\? It offers "):
        choose_genre(asked, [], dict, lambda _: {}, ("edm", "latin", "pop", "r&b", "rap", "rock"))


@pytest.mark.parametrize(
    ("genres", "used"),
    [
        (["indie rock"], ("rock",)),
        (["k-pop"], ("pop",)),
        (["rap"], ("hip hop",)),
        (["indie rock", "country"], ("country",)),
        (["pop rock"], ("rock", "pop")),
    ],
)
def test_a_seed_genre_that_is_not_offered_leads_to_those_that_share_a_word_with_it(genres, used):
    choice = choose(tracks=[genres], artist={"r&b": 9.0}, inferred={"rock": 0.6, "pop": 0.4})
    assert (choice.used, choice.how) == (used, GenreSource.TRACK)


def test_a_long_list_of_genres_is_cut_short_in_the_message_only():
    offered = tuple(f"genre {number:02d}" for number in range(40))
    with pytest.raises(UnknownGenre, match="genre 29 and 10 more") as refusal:
        choose_genre("polka", [], dict, lambda _: {}, offered)
    assert len(refusal.value.offered) == 40


def test_a_seed_track_names_its_genre():
    choice = choose(None, [["rock"]], {"country": 9.0}, {"pop": 1.0})
    assert (choice.used, choice.how) == (("rock",), GenreSource.TRACK)


def test_a_track_genre_that_is_not_offered_has_no_vote():
    assert choose(None, [["rock", "polka"]]).used == ("rock",)
    choice = choose(None, [["polka"]], {"country": 9.0})
    assert (choice.used, choice.how) == (("country",), GenreSource.ARTIST)


def test_without_track_genres_the_artists_other_tracks_decide():
    choice = choose(None, [[]], {"country": 6.0, "rock": 2.0, "polka": 99.0}, {"pop": 1.0})
    assert (choice.used, choice.how) == (("country",), GenreSource.ARTIST)


def test_without_any_genre_the_nearest_tracks_decide():
    choice = choose(None, [[]], {}, {"pop": 0.6, "rock": 0.2, "country": 0.2})
    assert (choice.used, choice.how) == (("pop",), GenreSource.INFERRED)


def test_with_no_clear_winner_the_two_best_are_used():
    assert choose(None, [], {}, {"pop": 0.4, "rock": 0.35, "country": 0.25}).used == ("pop", "rock")
    assert choose(None, [], {}, {"pop": 0.4, "rock": 0.35}, GenreSettings(inferred_lead=1.1)).used == ("pop",)


def test_the_lead_is_clear_from_half_as_much_again():
    assert choose(None, [], {"pop": 3.0, "rock": 2.0}).used == ("pop",)
    assert choose(None, [], {"pop": 2.9, "rock": 2.0}).used == ("pop", "rock")


def test_what_the_nearest_tracks_suggest_must_lead_twofold_because_it_is_weaker_evidence():
    assert choose(None, [], {}, {"pop": 0.58, "rock": 0.3, "country": 0.12}).used == ("pop", "rock")
    assert choose(None, [], {}, {"pop": 0.6, "rock": 0.3, "country": 0.1}).used == ("pop",)


def test_every_seed_has_one_vote_that_its_genres_share():
    assert choose(None, [["rock"], ["pop", "country", "hip hop"]]).used == ("rock",)
    assert choose(None, [["pop", "rock"]], inferred={"rock": 0.9, "country": 0.1}).used == ("rock", "pop")


def test_among_genres_that_tie_the_nearest_tracks_choose():
    choice = choose(None, [["country", "pop", "rock"]], inferred={"rock": 0.5, "pop": 0.3, "country": 0.2})
    assert choice.used == ("rock", "pop")


def test_the_five_likeliest_genres_are_shown_whatever_was_asked():
    shares = {"pop": 0.1, "rock": 0.4, "country": 0.4, "hip hop": 0.05, "r&b": 0.05}
    shown = choose("pop", inferred=shares).inferred
    assert shown == (("country", 0.4), ("rock", 0.4), ("pop", 0.1), ("hip hop", 0.05), ("r&b", 0.05))


def test_when_nothing_points_to_a_genre_that_is_said():
    with pytest.raises(UnknownGenre, match="offers no genres"):
        choose_genre(None, [[]], dict, lambda _: {}, ())


weights = st.dictionaries(st.sampled_from([*OFFERED, "polka"]), st.floats(0.01, 10.0), max_size=6)


@given(st.lists(st.lists(st.sampled_from([*OFFERED, "polka"]), unique=True), max_size=4), weights, weights)
def test_one_or_two_offered_genres_are_used_the_stronger_first(tracks, artist, inferred):
    inferred = {name: weight for name, weight in inferred.items() if name in OFFERED}
    try:
        choice = choose(None, tracks, artist, inferred)
    except UnknownGenre:
        assert not inferred
        return
    assert 1 <= len(set(choice.used)) == len(choice.used) <= 2
    assert set(choice.used) <= set(OFFERED)


@pytest.fixture(scope="module")
def three_genres(tmp_path_factory):
    """300 pop, 100 rock and 6 polka tracks."""
    counts = {"pop": 300, "rock": 100, "polka": 6}
    genres = [genre for genre, count in counts.items() for _ in range(count)]
    folder = tmp_path_factory.mktemp("genres") / "bundle"
    tracks = [make_track(track_id=track_id(n), genres=(genre,)) for n, genre in enumerate(genres)]
    manifest = write_bundle(tracks, folder, ExactFormat(), MemoryTracksFormat())
    return load_bundle(folder, manifest.version, ExactFormat(), MemoryTracksFormat())


def neighbours(index: LoadedIndex, **counts: int) -> Items:
    numbers = {genre: number for number, genre in enumerate(index.genres)}
    parts = [index.arrays.items_of_genre(numbers[genre])[:count] for genre, count in counts.items()]
    return np.sort(np.concatenate(parts))


def test_one_neighbour_of_a_tiny_genre_proves_nothing(three_genres):
    shares = inferred_shares(neighbours(three_genres, pop=80, rock=19, polka=1), three_genres)
    assert max(shares, key=shares.__getitem__) == "pop"
    assert shares["polka"] < 0.05
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-4)


def test_a_genre_that_is_over_represented_wins_over_a_larger_one(three_genres):
    shares = inferred_shares(neighbours(three_genres, pop=45, rock=55), three_genres)
    assert shares["rock"] > 1.5 * shares["pop"]


def test_genres_without_a_neighbour_have_no_share(three_genres):
    assert inferred_shares(neighbours(three_genres, rock=10), three_genres) == {"rock": 1.0}


def test_an_artists_genres_weigh_as_many_as_their_tracks(three_genres):
    assert artist_genre_weights(neighbours(three_genres, pop=3, polka=1), three_genres) == {"pop": 3.0, "polka": 1.0}


@pytest.mark.parametrize(
    ("genres", "has_say"),
    [
        ([["rock"]], False),
        ([["rock"], ["rock"], ["pop"]], False),
        ([["rock"], ["rock"], ["rock", "pop"], ["pop"]], False),
        ([["rock", "pop"]], True),
        ([["rock"], ["rock", "pop", "country"]], False),
        ([["rock", "pop"], ["rock", "country"], ["pop", "country"], ["rock", "pop", "country"]], True),
        ([["rock"], ["rock"], ["pop"], ["country"], ["pop", "country"]], True),
        ([["polka"]], True),
    ],
    ids=["one", "two to one", "two and nobody else", "two alike", "a clear one", "three alike", "the next two", "none"],
)
def test_the_nearest_tracks_have_a_say_where_genres_tie_or_nothing_points_to_one(genres, has_say):
    asked: list[bool] = []

    def inferred(say: bool) -> dict[str, float]:
        asked.append(say)
        return {"country": 1.0}

    choose_genre(None, genres, dict, inferred, OFFERED)
    assert asked == [has_say]


def test_the_nearest_tracks_have_no_say_where_a_genre_is_asked_for():
    assert choose_genre("rock", [], dict, lambda has_say: {"pop": float(has_say)}, OFFERED).inferred == (("pop", 0.0),)
