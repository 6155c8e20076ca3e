"""Seeds of which outside services told a part: whose word counts for what, and what is said of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from daltonify_core.catalogue.artists import PopularitySource
from daltonify_core.catalogue.audio_features import AudioFeatures, FeaturesSource
from daltonify_core.catalogue.track import ArtistCredit
from daltonify_core.errors import LookUpOutcome, LookUpTried, SeedDataNeeded
from daltonify_core.playlist.findings import SeedFindings
from daltonify_core.playlist.request import RecommendationRequest, Seed
from daltonify_core.playlist.seeds import resolve_seeds
from daltonify_core.ports.look_ups import IdentitySource, TrackIdentity
from daltonify_core.use_cases.recommend import Recommender
from tests.builders import build_index_folder, make_features, make_track, open_index, track_id
from tests.bundles import make_tracks

KNOWN, NEW = track_id(1), track_id(9_999)
MIRA, TWIN, STRANGER = "Mira000000000000000000", "Twin000000000000000000", "Stranger00000000000000"
SOUND = make_features(energy=0.31, time_signature=None)
ROW = TrackIdentity(NEW, "Tide (row)", ("Mira",), IdentitySource.RECCOBEATS, (MIRA,), duration_ms=187_000)
CARD = TrackIdentity(NEW, "Tide", (), IdentitySource.OEMBED, artwork_url="https://i/card.jpg")
SPOTIFY = TrackIdentity(
    NEW, "Tide", ("Mira", "Guest"), IdentitySource.SPOTIFY, (MIRA, STRANGER), "Shore", "https://i/1.jpg", "2026-03-02",
    186_000, True, "DEX", 3,
)  # fmt: skip


@pytest.fixture(scope="module")
def recommender(tmp_path_factory):
    tracks = [
        make_track(track_id=KNOWN, title="Boats", artists=(ArtistCredit("Mira", MIRA), ArtistCredit("Guest", TWIN)),
                   popularity=15, genres=("country",)),
        make_track(track_id=track_id(2), title="Only a name", artists=("Nameless",), popularity=21),
        *make_tracks(300)[10:],
    ]  # fmt: skip
    index = open_index(build_index_folder(tmp_path_factory.mktemp("findings"), tracks))
    yield Recommender(index, "2026-01-15T12:00:00Z")
    index.close()


def findings(*identities: TrackIdentity, features: AudioFeatures | None = SOUND, tried: Any = ()) -> SeedFindings:
    return SeedFindings({NEW: features} if features else {}, {NEW: identities}, {NEW: tuple(tried)})


def resolve(recommender, seed, found):
    (resolved,) = resolve_seeds([seed], recommender.index, found)
    return resolved


def refuse(recommender, seed, found):
    with pytest.raises(SeedDataNeeded) as refusal:
        resolve_seeds([seed], recommender.index, found)
    return refusal.value


def test_a_bare_link_becomes_what_the_services_say(recommender):
    seed = resolve(recommender, Seed(NEW), findings(SPOTIFY))
    assert (seed.title, seed.artists, seed.artist_ids) == ("Tide", ("Mira", "Guest"), (MIRA, STRANGER))
    assert (seed.album, seed.artwork_url, seed.release_date) == ("Shore", "https://i/1.jpg", "2026-03-02")
    assert (seed.duration_ms, seed.explicit, seed.popularity) == (186_000, True, 3)
    assert (seed.features, seed.features_source, seed.identity_source) == (SOUND, "reccobeats", "spotify")
    assert (seed.artist_popularity, seed.popularity_source) == (15, PopularitySource.TRACK_MAX)


def test_each_fact_comes_from_the_first_who_tells_it(recommender):
    seed = resolve(recommender, Seed(NEW), findings(CARD, ROW))
    assert (seed.title, seed.artists, seed.duration_ms) == ("Tide", ("Mira",), 187_000)
    assert (seed.artwork_url, seed.identity_source) == ("https://i/card.jpg", "oembed and reccobeats")


def test_what_the_request_says_outranks_what_was_looked_up_field_by_field(recommender):
    asked = Seed(NEW, title="Mine", features=AudioFeatures(key=3), release_date="2031")
    seed = resolve(recommender, asked, findings(SPOTIFY))
    assert (seed.title, seed.artists, seed.release_date, seed.album) == ("Mine", ("Mira", "Guest"), "2031", "Shore")
    assert seed.features == make_features(energy=0.31, time_signature=None, key=3)
    assert (seed.features_source, seed.identity_source) == ("reccobeats and given", "spotify and given")


@pytest.mark.parametrize("source", ["audio_file", "measured"])
def test_what_a_file_told_stands_behind_reccobeats_and_the_catalogue(recommender, source):
    heard = make_features(energy=0.77, key=11, time_signature=7)
    seed = resolve(recommender, Seed(NEW, features=heard, features_source=source), findings(SPOTIFY))
    assert seed.features == make_features(energy=0.31, time_signature=7)
    assert seed.features_source == f"reccobeats and {source}"
    seed = resolve(recommender, Seed(KNOWN, features=heard, features_source=source), SeedFindings())
    assert (seed.features.energy, seed.features_source) == (make_features().energy, "catalogue")
    seed = resolve(recommender, Seed(NEW, "T", ("Mira",), heard, features_source=source), SeedFindings())
    assert (seed.features, seed.features_source) == (heard, source)


def test_by_hand_outranks_all_beside_a_file_that_outranks_nobody(recommender):
    heard = make_features(energy=0.77, valence=0.99, time_signature=7)
    asked: dict[str, Any] = {
        "features": heard,
        "features_source": "measured and given",
        "features_by_hand": ("energy",),
    }
    seed = resolve(recommender, Seed(NEW, **asked), findings(SPOTIFY))
    assert seed.features == make_features(energy=0.77, time_signature=7)
    assert seed.features_source == "reccobeats and measured and given"
    seed = resolve(recommender, Seed(KNOWN, **asked), SeedFindings())
    assert (seed.features, seed.features_source) == (make_features(energy=0.77), "catalogue and given")
    assert not seed.features_rough


@pytest.mark.parametrize("is_first", [True, False])
def test_a_track_that_is_told_in_full_and_as_a_bare_link_is_one_seed(recommender, is_first):
    told = Seed(NEW, "Tide", ("Me",), SOUND, followers=812)
    (seed,) = resolve_seeds([told, Seed(NEW)] if is_first else [Seed(NEW), told], recommender.index)
    assert (seed.title, seed.features) == ("Tide", SOUND)


def test_a_date_of_the_catalogue_that_is_in_no_calendar_is_left_out_so_that_the_seed_can_come_back(tmp_path):
    track = make_track(track_id=KNOWN, release_date="2025-02-30")
    index = open_index(build_index_folder(tmp_path, [track, *make_tracks(20)[10:]]))
    (seed,) = resolve_seeds([Seed(KNOWN)], index)
    assert seed.release_date is None
    index.close()


def test_given_artists_are_not_tied_to_ids_that_were_looked_up(recommender):
    seed = resolve(recommender, Seed(NEW, artists=("Nameless",)), findings(SPOTIFY))
    assert (seed.artists, seed.artist_ids, seed.artist_popularity) == (("Nameless",), (), 21)


def test_findings_do_not_touch_a_track_of_the_catalogue(recommender):
    told = SeedFindings({KNOWN: SOUND}, {KNOWN: (SPOTIFY,)})
    seed = resolve(recommender, Seed(KNOWN), told)
    assert (seed.title, seed.features_source, seed.identity_source) == ("Boats", "catalogue", "catalogue")
    assert (seed.artist_ids, seed.artwork_url) == ((MIRA, TWIN), None)


# --- popularity -----------------------------------------------------------------------------------------------------


def test_an_artist_known_by_id_is_certain_and_nobody_can_talk_their_level_down(recommender):
    seed = resolve(recommender, Seed(NEW, followers=3, artist_popularity=1), findings(SPOTIFY))
    assert (seed.artist_popularity, seed.is_artist_certain) == (15, True)
    answer = recommender.recommend(RecommendationRequest((Seed(NEW),)), findings(SPOTIFY))
    assert not any("called Mira" in note for note in answer.notes)


def test_an_artist_with_another_id_than_the_catalogues_is_somebody_else(recommender):
    stranger = TrackIdentity(NEW, "Tide", ("Mira",), IdentitySource.SPOTIFY, (STRANGER,))
    error = refuse(recommender, Seed(NEW), findings(stranger))
    assert error.missing == {0: ("artist_popularity",)}
    seed = resolve(recommender, Seed(NEW, followers=800), findings(stranger))
    assert (seed.popularity_source, seed.artist_numbers) == (PopularitySource.FOLLOWERS, ())
    assert seed.unnumbered_artists == {"mira"}


def test_an_artist_whom_the_catalogue_knows_by_name_only_may_be_the_one_with_the_id(recommender):
    found = findings(TrackIdentity(NEW, "Tide", ("Nameless",), IdentitySource.SPOTIFY, (STRANGER,)))
    seed = resolve(recommender, Seed(NEW), found)
    assert (seed.artist_popularity, seed.is_artist_certain) == (21, False)
    assert resolve(recommender, Seed(NEW, followers=800), found).popularity_source is PopularitySource.FOLLOWERS
    answer = recommender.recommend(RecommendationRequest((Seed(NEW),)), found)
    assert any(note.startswith("The catalogue knows an artist called Nameless at 21") for note in answer.notes)


def test_the_popularity_of_a_track_is_never_taken_for_its_artists(recommender):
    row = TrackIdentity(NEW, "Tide", ("Nobody",), IdentitySource.RECCOBEATS, popularity=80)
    assert refuse(recommender, Seed(NEW), findings(row)).missing == {0: ("artist_popularity",)}


def test_an_estimate_from_followers_is_said_to_be_one(recommender):
    request = RecommendationRequest((Seed(NEW, "Tide", ("Me",), SOUND, followers=800),))
    assert "The artist's popularity was estimated from the number of followers." in recommender.recommend(request).notes


# --- what is missing ------------------------------------------------------------------------------------------------

LATER = datetime(2026, 5, 1, 12, 5, tzinfo=UTC)
NAMES = ("title", "artists")
ABSENT = LookUpTried("reccobeats", ("features",), LookUpOutcome.NOT_KNOWN, "ReccoBeats does not know it.")
DOWN = LookUpTried("reccobeats", ("features",), LookUpOutcome.NO_ANSWER, "ReccoBeats does not answer.", LATER)
PAUSED = LookUpTried("reccobeats", ("features",), LookUpOutcome.PAUSED, "ReccoBeats wants a pause.", LATER)
LIMIT = LookUpTried("reccobeats", ("features",), LookUpOutcome.NOT_ASKED, "All for today.", LATER)
NAMED = LookUpTried("spotify", NAMES, LookUpOutcome.FOUND)
UNNAMED = LookUpTried("spotify", NAMES, LookUpOutcome.NO_ANSWER, "Spotify does not answer.", LATER)
KINDS = ("describe", "followers", "audio_file", "measure", "later")


@pytest.mark.parametrize(
    ("tried", "remedies", "said"),
    [
        ((ABSENT, NAMED), ("describe", "audio_file", "measure"), "ReccoBeats does not know it. Give its features"),
        ((DOWN, NAMED), ("describe", "measure", "later"), "ReccoBeats does not answer. Give"),
        ((PAUSED, NAMED), ("describe", "measure", "later"), "ReccoBeats wants a pause. Give"),
        ((LIMIT, NAMED), ("describe", "audio_file", "measure", "later"), "All for today. Give"),
        ((), ("describe", "audio_file", "measure"), "knows too little of “Tide”. Give its features"),
    ],
    ids=["not known", "does not answer", "paused", "used up", "nobody asked"],
)
def test_what_was_tried_decides_what_remains_to_be_done(recommender, tried, remedies, said):
    error = refuse(recommender, Seed(NEW), findings(SPOTIFY, features=None, tried=tried))
    assert error.missing == {0: ("features",)}
    assert tuple(one["kind"] for one in error.remedies) == remedies
    assert said in error.message
    assert "audio file" in error.message


def test_a_service_that_did_not_answer_for_what_is_known_otherwise_is_no_reason_to_come_back(recommender):
    error = refuse(recommender, Seed(NEW, "Mine", ("Mira",)), findings(features=None, tried=(ABSENT, UNNAMED)))
    assert "later" not in [one["kind"] for one in error.remedies]
    assert "Spotify" not in error.message


def test_later_is_when_asking_again_first_helps(recommender):
    soon = LATER.replace(minute=1, microsecond=1)
    early = LookUpTried("oembed", ("title",), LookUpOutcome.NO_ANSWER, "oEmbed does not answer.", soon)
    error = refuse(recommender, Seed(NEW), findings(tried=(early,)))
    assert error.remedies[-1] == {"kind": "later", "seeds": [0], "retry_at": "2026-05-01T12:01:01Z"}
    error = refuse(recommender, Seed(NEW), findings(tried=(UNNAMED, early)))
    assert error.remedies[-1] == {"kind": "later", "seeds": [0], "retry_at": "2026-05-01T12:01:01Z"}
    other = track_id(9_998)
    told = SeedFindings(tried={NEW: (UNNAMED,), other: (early,)})
    with pytest.raises(SeedDataNeeded) as refusal:
        resolve_seeds([Seed(NEW), Seed(other)], recommender.index, told)
    assert refusal.value.remedies[-1] == {"kind": "later", "seeds": [0, 1], "retry_at": "2026-05-01T12:01:01Z"}


def test_only_the_artist_is_asked_for_when_oembed_told_the_title(recommender):
    error = refuse(recommender, Seed(NEW), findings(CARD))
    assert error.missing == {0: ("artists", "artist_popularity")}
    assert error.remedies[0] == {"kind": "describe", "seeds": [0], "fields": ["artists"]}
    assert "knows too little of “Tide”. Give its artists and the artist's number of followers" in error.message


# --- sources and sending back ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [FeaturesSource.AUDIO_FILE, FeaturesSource.MEASURED, FeaturesSource.RECCOBEATS])
def test_features_keep_the_source_that_is_said_of_them(recommender, source):
    seed = resolve(recommender, Seed(NEW, "T", ("Mira",), SOUND, features_source=source), SeedFindings())
    assert (seed.features_source, seed.features_rough) == (source, source is FeaturesSource.MEASURED)


def test_nobody_may_name_the_catalogue_as_the_source_but_itself(recommender):
    claimed: dict[str, Any] = {
        "features_source": "catalogue", "identity_source": "catalogue", "artist_popularity": 4,
        "popularity_source": PopularitySource.CATALOGUE,
    }  # fmt: skip
    seed = resolve(recommender, Seed(NEW, "T", ("Me",), SOUND, **claimed), SeedFindings())
    assert (seed.features_source, seed.identity_source, seed.popularity_source) == ("given",) * 3


def test_rough_features_are_called_rough(recommender):
    seed = Seed(NEW, "Tide", ("Mira",), SOUND, features_source=FeaturesSource.MEASURED)
    notes = recommender.recommend(RecommendationRequest((seed,))).notes
    assert any("“Tide” sounds was only measured roughly" in note for note in notes)


@pytest.mark.parametrize(
    ("seed", "found"),
    [
        (Seed(KNOWN), SeedFindings()),
        (Seed(KNOWN, title="Boats (Live)", features=AudioFeatures(energy=0.1)), SeedFindings()),
        (Seed(NEW), findings(SPOTIFY)),
        (Seed(NEW), findings(CARD, ROW)),
        (Seed(NEW, artists=("Me",), followers=812, genres=("country",)), findings(CARD)),
        (Seed(NEW, "Tide", ("Nameless",), AudioFeatures(energy=0.4)), SeedFindings()),
        (Seed(None, "Tide", ("Me",), AudioFeatures(tempo=90.0), followers=812), SeedFindings()),
        (Seed(NEW, "Tide", ("Mira",), SOUND, features_source="measured"), SeedFindings()),
        (Seed(NEW, features=make_features(time_signature=7), features_source="audio_file"), findings(SPOTIFY)),
        (
            Seed(NEW, features=SOUND, features_source="measured and given", features_by_hand=("energy",)),
            findings(SPOTIFY, features=AudioFeatures(tempo=90.0)),
        ),
        (Seed(KNOWN, features=make_features(key=3), features_source="measured and given"), SeedFindings()),
    ],
    ids=[
        "catalogue",
        "corrected",
        "spotify",
        "without credentials",
        "artist given",
        "namesake",
        "by hand",
        "measured",
        "heard beside reccobeats",
        "measured and one by hand",
        "mixed in the catalogue",
    ],
)
def test_a_seed_of_the_answer_sent_back_gives_the_same_answer(recommender, seed, found):
    first = recommender.recommend(RecommendationRequest((seed,), size=10), found).to_dict()
    again = RecommendationRequest.from_dict({"seeds": first["seeds"], "size": 10})
    assert recommender.recommend(again).to_dict() == first


def test_notes_of_the_findings_are_told_with_the_list(recommender):
    answer = recommender.recommend(RecommendationRequest((Seed(KNOWN),)), SeedFindings(notes=("Spotify is down.",)))
    assert answer.notes[-1] == "Spotify is down."
