"""Looking up what nobody gave: who is asked for what, how often, and what happens when they do not answer."""

from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import (
    CapReached,
    ConsentNeeded,
    LookUpOutcome,
    SecretUnavailable,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.playlist.request import Seed
from daltonify_core.ports.look_ups import FEATURE_BATCH, IdentitySource, LookUpKind, TrackIdentity
from daltonify_core.use_cases.complete_seeds import SeedCompleter, usable_identity
from daltonify_core.use_cases.lacking_facts import facts_to_look_up
from daltonify_core.use_cases.look_ups import RECORDS, LookUpSettings
from tests.builders import build_index_folder, make_features, make_track, open_index, track_id
from tests.fakes.faults import Fault
from tests.fakes.memory_feature_service import Asked, MemoryFeatureService
from tests.fakes.memory_look_ups import MemoryLookUpCache
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_track_directory import MemoryTrackDirectory
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
KNOWN, NEW, OTHER = track_id(1), track_id(50), track_id(51)
SOUND = make_features(time_signature=None)
UNAVAILABLE = UpstreamUnavailable("no answer")
FOUND, NOT_KNOWN, NO_ANSWER, PAUSED, NOT_ASKED = LookUpOutcome
ARTIST_ID = "Artist0000000000000000"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    opened = open_index(build_index_folder(tmp_path_factory.mktemp("complete"), [make_track(track_id=KNOWN)]))
    yield opened
    opened.close()


def spotify_says(of=NEW, **overrides):
    values = {"title": "Tide", "artists": ("Mira",), "artist_ids": (ARTIST_ID,), "artwork_url": "https://i/1.jpg"}
    return TrackIdentity(track_id=of, source=IdentitySource.SPOTIFY, **(values | overrides))


class World:
    """Services that know NEW, and one environment that asks them."""

    def __init__(self, index, **settings):
        self.index = index
        self.clock = SetClock(NOON)
        self.reccobeats = MemoryFeatureService()
        self.reccobeats.add(NEW, SOUND, "Tide (row)", ["Mira (row)"])
        self.spotify = MemoryTrackDirectory([spotify_says()])
        self.oembed = MemoryTrackDirectory([spotify_says()], IdentitySource.OEMBED)
        self.cache = MemoryLookUpCache()
        self.records = MemoryPublicationStore()
        self.settings = LookUpSettings(**settings)
        self.counted = 0
        self.watched = []
        self.without = set()
        self.restart()

    def restart(self):
        """A fresh environment, which remembers nothing by itself."""
        directories = {IdentitySource.SPOTIFY: self.spotify, IdentitySource.OEMBED: self.oembed}
        self.completer = SeedCompleter(
            self.reccobeats,
            {name: one for name, one in directories.items() if name not in self.without},
            self.cache,
            self.records,
            self.clock,
            self.settings,
            lambda service, seconds, error: self.watched.append((service, seconds, error)),
        )

    def count(self):
        self.counted += 1

    def complete(self, *seeds, seconds=27, count=None):
        deadline = self.clock.now + timedelta(seconds=seconds)
        return self.completer.complete([Seed(one) if isinstance(one, str) else one for one in seeds], self.index,
                                       deadline, count or self.count)  # fmt: skip

    @property
    def calls(self):
        return len(self.reccobeats.asked) + len(self.spotify.asked) + len(self.oembed.asked)


@pytest.fixture
def world(index):
    return World(index)


def outcomes(findings, of=NEW):
    return {(one.service, one.wanted): one.outcome for one in findings.tried[of]}


FEATURES, NAMES, TITLE = ("features",), ("title", "artists"), ("title",)


# --- who is asked ---------------------------------------------------------------------------------------------------


def test_a_link_that_the_catalogue_lacks_is_asked_of_reccobeats_and_spotify_once_each(world):
    found = world.complete(NEW)
    assert found.features == {NEW: SOUND}
    assert found.identities == {NEW: (spotify_says(),)}
    assert world.reccobeats.asked == [Asked("features", (NEW,))]
    assert (world.spotify.asked, world.oembed.asked) == ([NEW], [])
    assert outcomes(found) == {("reccobeats", FEATURES): FOUND, ("spotify", NAMES): FOUND}
    assert found.notes == ()


@pytest.mark.parametrize(
    "seed",
    [
        Seed(KNOWN),
        Seed(title="Mine", artists=("Me",)),
        Seed(NEW, title="Mine", artists=("Me",), features=SOUND),
        Seed(NEW, title="Mine", artists=("Me",), features=AudioFeatures(energy=0.5), identity_source="given"),
        Seed(NEW, identity_source="oembed"),
    ],
    ids=["in the catalogue", "on no service yet", "complete object", "of an answer", "of an answer without names"],
)
def test_nobody_is_asked_for_a_seed_that_needs_nothing(world, seed):
    found = world.complete(seed)
    assert (world.calls, world.counted, world.cache.faults.calls, world.records.faults.calls) == (0, 0, [], [])
    assert (found.features, found.identities, found.tried) == ({}, {}, {})


def test_only_what_is_missing_is_asked_for(world):
    assert facts_to_look_up([Seed(NEW, features=SOUND)], world.index) == {NEW: frozenset(NAMES)}
    world.complete(Seed(NEW, title="Mine", artists=("Me",)))
    assert (len(world.reccobeats.asked), world.spotify.asked) == (1, [])
    world.restart()
    world.complete(Seed(NEW, features=SOUND))
    assert (len(world.reccobeats.asked), world.spotify.asked) == (1, [NEW])


@pytest.mark.parametrize(
    "seed",
    [
        Seed(NEW, "T", ("A",), AudioFeatures(key=3)),
        Seed(NEW, "T", ("A",), AudioFeatures(energy=0.2)),
        Seed(NEW, "T", ("A",), SOUND, features_source="measured"),
        Seed(NEW, "T", ("A",), SOUND, features_source="audio_file"),
        Seed(NEW, "T", ("A",), SOUND, features_source="measured and given", features_by_hand=("energy",)),
    ],
    ids=["key alone", "one by hand", "measured", "heard", "measured beside one by hand"],
)
def test_a_sound_that_is_incomplete_or_from_a_file_is_looked_up(world, seed):
    assert facts_to_look_up([seed], world.index) == {NEW: frozenset(FEATURES)}


@pytest.mark.parametrize("is_first", [True, False])
def test_nobody_is_asked_for_a_track_that_another_seed_of_the_request_tells_in_full(world, is_first):
    told = Seed(NEW, "T", ("A",), SOUND)
    world.complete(*((told, NEW) if is_first else (NEW, told)))
    assert world.calls == 0


def test_all_seeds_are_one_batch_and_duplicates_are_asked_once(world):
    world.reccobeats.add(OTHER, SOUND)
    world.spotify.tracks[OTHER] = spotify_says(OTHER)
    world.complete(NEW, KNOWN, OTHER, NEW)
    assert world.reccobeats.asked == [Asked("features", (NEW, OTHER))]
    assert sorted(world.spotify.asked) == [NEW, OTHER]
    assert world.counted == 2


def test_no_batch_is_larger_than_the_service_takes(world):
    world.complete(*(track_id(number) for number in range(100, 100 + FEATURE_BATCH + 5)))
    assert [len(call.track_ids) for call in world.reccobeats.asked] == [FEATURE_BATCH, 5]


def test_reccobeats_names_the_artists_where_spotify_may_not_be_asked(world):
    world.without = {IdentitySource.SPOTIFY}
    world.restart()
    found = world.complete(NEW)
    assert [call.method for call in world.reccobeats.asked] == ["features", "identities"]
    assert [one.source for one in found.identities[NEW]] == [IdentitySource.OEMBED, IdentitySource.RECCOBEATS]
    assert found.identities[NEW][0].artwork_url == "https://i/1.jpg"


@pytest.mark.parametrize("is_failing", [True, False], ids=["failing", "without credentials"])
def test_reccobeats_names_a_track_whose_sound_it_does_not_know_where_spotify_cannot(world, is_failing):
    if is_failing:
        world.spotify.faults.add(Fault(UNAVAILABLE))
    else:
        world.without = {IdentitySource.SPOTIFY}
        world.restart()
    world.reccobeats.known_features.clear()
    found = world.complete(NEW)
    assert [call.method for call in world.reccobeats.asked] == ["features", "identities"]
    assert found.identities[NEW][-1].artists == ("Mira (row)",)
    assert outcomes(found)["reccobeats", NAMES] is FOUND


def test_reccobeats_is_not_asked_for_the_name_of_a_track_that_neither_it_nor_spotify_knows(world):
    world.reccobeats.known_features.clear()
    world.spotify.tracks.clear()
    world.complete(NEW)
    assert world.reccobeats.asked == [Asked("features", (NEW,))]


def test_oembed_is_not_asked_when_only_the_artist_is_missing(world):
    world.without = {IdentitySource.SPOTIFY}
    world.restart()
    world.complete(Seed(NEW, title="Mine"))
    assert world.oembed.asked == []


def test_a_track_that_spotify_does_not_know_is_not_asked_of_oembed(world):
    world.spotify.tracks.clear()
    found = world.complete(NEW)
    assert world.oembed.asked == []
    assert found.identities[NEW][0].source is IdentitySource.RECCOBEATS
    assert outcomes(found)["spotify", NAMES] is NOT_KNOWN


def test_popularity_of_reccobeats_is_left_out(world):
    world.spotify.tracks.clear()
    row = world.reccobeats.known_identities[NEW]
    world.reccobeats.known_identities[NEW] = TrackIdentity(row.track_id, row.title, row.artists, row.source,
                                                           popularity=77)  # fmt: skip
    assert world.complete(NEW).identities[NEW][0].popularity is None


# --- what is remembered ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_restarted", [False, True], ids=["same environment", "another environment"])
def test_answers_are_remembered(world, is_restarted):
    first = world.complete(NEW)
    calls = world.calls
    if is_restarted:
        world.restart()
    second = world.complete(NEW)
    assert (second, world.calls, world.counted) == (first, calls, 1)


@pytest.mark.parametrize(
    ("age", "methods"),
    [
        (timedelta(hours=24) - timedelta(seconds=1), (0, 0)),
        (timedelta(hours=24), (0, 1)),
        (timedelta(days=30) - timedelta(seconds=1), (0, 1)),
        (timedelta(days=30), (1, 1)),
    ],
    ids=str,
)
def test_features_last_thirty_days_and_names_one(world, age, methods):
    world.complete(NEW)
    world.clock.now += age
    world.restart()
    world.complete(NEW)
    assert (len(world.reccobeats.asked) - 1, len(world.spotify.asked) - 1) == methods


def test_a_miss_lasts_ten_minutes_and_is_told_as_a_miss_meanwhile(world):
    world.reccobeats.known_features.clear()
    world.spotify.tracks.clear()
    world.complete(NEW)
    world.clock.advance(599)
    world.restart()
    again = world.complete(NEW)
    assert (len(world.reccobeats.asked), len(world.spotify.asked)) == (1, 1)
    assert outcomes(again) == {("reccobeats", FEATURES): NOT_KNOWN, ("spotify", NAMES): NOT_KNOWN}
    world.clock.advance(1)
    world.complete(NEW)
    assert (len(world.reccobeats.asked), len(world.spotify.asked)) == (2, 2)


def test_failures_are_not_remembered(world):
    world.reccobeats.faults.add(Fault(UNAVAILABLE))
    world.spotify.faults.add(Fault(UNAVAILABLE))
    world.complete(NEW)
    assert {kind for kind, _ in world.cache.stored} == {LookUpKind.OEMBED_TRACK}
    assert world.complete(NEW).features == {NEW: SOUND}


@pytest.mark.parametrize(
    "text",
    [
        '{"energy": "loud"}',
        '{"energy": 7}',
        '{"title": 5, "artists": [], "artist_ids": []}',
        '{"title": "Tide", "artists": [5], "artist_ids": []}',
        '{"title": "", "artists": [], "artist_ids": []}',
        '{"title": "Tide"}',
    ],
)
def test_an_unreadable_remembered_answer_is_asked_anew(world, text):
    first = world.complete(NEW)
    world.cache.stored = {key: (text, until) for key, (_, until) in world.cache.stored.items()}
    world.restart()
    assert world.complete(NEW) == first
    assert (len(world.reccobeats.asked), len(world.spotify.asked)) == (2, 2)


def test_memory_is_bounded(index):
    world = World(index, remembered=4)
    world.cache.faults.add(Fault(UNAVAILABLE, times=99))
    world.complete(NEW)
    for number in range(100, 104):
        world.complete(track_id(number))
    calls = world.calls
    world.complete(track_id(103))
    assert world.calls == calls
    world.complete(NEW)
    assert world.calls > calls


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_cache_that_fails_costs_look_ups_and_nothing_else(world, method):
    world.cache.faults.add(Fault(UNAVAILABLE, method=method, times=99))
    assert world.complete(NEW).features == {NEW: SOUND}
    assert world.complete(NEW).features == {NEW: SOUND}
    assert len(world.reccobeats.asked) == 1
    assert [service for service, _, error in world.watched if error] == [RECORDS]


def test_records_that_failed_are_left_alone_for_a_while(world):
    world.cache.faults.add(Fault(UNAVAILABLE, times=99))
    world.complete(NEW)
    assert (world.cache.faults.calls, world.records.faults.calls) == (["read"], [])
    world.cache.faults.clear()
    world.clock.advance(30)
    world.complete(OTHER)
    assert world.cache.faults.calls[-1] == "write"


def test_without_cache_and_circuits_everything_works_from_memory(index):
    world = World(index)
    completer = SeedCompleter(world.reccobeats, {}, None, None, world.clock)
    for _ in range(2):
        found = completer.complete([Seed(NEW)], index, NOON + timedelta(minutes=1), world.count)
        assert (found.features, len(world.reccobeats.asked)) == ({NEW: SOUND}, 2)


# --- services that do not answer ------------------------------------------------------------------------------------


def test_without_reccobeats_the_names_are_found_and_the_outage_is_told(world):
    world.reccobeats.faults.add(Fault(UNAVAILABLE, times=99))
    found = world.complete(NEW)
    assert (found.features, found.identities) == ({}, {NEW: (spotify_says(),)})
    assert outcomes(found) == {("reccobeats", FEATURES): NO_ANSWER, ("spotify", NAMES): FOUND}
    assert found.notes == ("ReccoBeats does not answer at the moment.",)


def test_without_spotify_the_title_comes_from_oembed_and_the_artist_from_reccobeats(world):
    world.spotify.faults.add(Fault(UNAVAILABLE, times=99))
    found = world.complete(NEW)
    title, row = found.identities[NEW]
    assert (title.title, title.artists, row.artists) == ("Tide", (), ("Mira (row)",))
    assert outcomes(found)["spotify", NAMES] is NO_ANSWER


def test_without_oembed_and_spotify_reccobeats_tells_the_title_too(world):
    for directory in (world.spotify, world.oembed):
        directory.faults.add(Fault(UNAVAILABLE, times=99))
    assert world.complete(NEW).identities[NEW][0].title == "Tide (row)"


def test_when_nobody_answers_all_is_told_and_nothing_raised(world):
    for service in (world.reccobeats, world.spotify, world.oembed, world.cache, world.records):
        service.faults.add(Fault(UNAVAILABLE, times=99))
    found = world.complete(NEW)
    assert (found.features, found.identities) == ({}, {})
    assert {(one.service, one.outcome) for one in found.tried[NEW]} == {
        ("reccobeats", NO_ANSWER), ("spotify", NO_ANSWER), ("oembed", NO_ANSWER)
    }  # fmt: skip
    assert all(one.retry_at and one.retry_at > NOON for one in found.tried[NEW])


def test_a_service_that_failed_is_not_asked_again_in_the_same_request(world):
    world.spotify.faults.add(Fault(UNAVAILABLE))
    world.complete(NEW, OTHER)
    assert world.spotify.asked == [NEW]
    assert [call.method for call in world.reccobeats.asked] == ["features", "identities"]


def test_what_was_learned_before_a_failure_is_kept(world):
    world.spotify.tracks[OTHER] = spotify_says(OTHER)
    world.spotify.faults.add(Fault(UNAVAILABLE, call=1))
    found = world.complete(NEW, OTHER)
    assert found.identities[NEW] == (spotify_says(),)
    assert outcomes(found, OTHER)["spotify", NAMES] is NO_ANSWER


@pytest.mark.parametrize(
    ("asked_for", "waits"), [(120, timedelta(seconds=120)), (0, timedelta(seconds=1)), (10**30, timedelta(hours=1))]
)
def test_a_rate_limit_pauses_a_service_for_as_long_as_it_asks_within_bounds(world, asked_for, waits):
    world.reccobeats.faults.add(Fault(UpstreamRateLimited("slow down", asked_for, quota=False)))
    first = world.complete(NEW)
    assert first.tried[NEW][0].retry_at == NOON + waits
    world.clock.now = NOON + waits - timedelta(seconds=1) / 2
    world.restart()
    paused = world.complete(NEW)
    assert outcomes(paused)["reccobeats", FEATURES] is PAUSED
    assert paused.notes == ("ReccoBeats was asked too often and wants a pause.",)
    assert len(world.reccobeats.asked) == 1
    world.clock.now = NOON + waits
    assert world.complete(NEW).features == {NEW: SOUND}


def test_a_pause_counts_in_the_same_environment_though_the_records_fail(world):
    world.records.faults.add(Fault(UNAVAILABLE, times=99))
    world.reccobeats.faults.add(Fault(UpstreamRateLimited("slow down", 60, quota=False)))
    world.complete(NEW)
    assert outcomes(world.complete(NEW))["reccobeats", FEATURES] is PAUSED
    assert len(world.reccobeats.asked) == 1


def test_three_failures_in_a_row_pause_a_service_and_one_more_pauses_it_again(world):
    world.reccobeats.faults.add(Fault(UNAVAILABLE, times=4))
    for expected in (NO_ANSWER, NO_ANSWER, NO_ANSWER, PAUSED):
        assert outcomes(world.complete(NEW))["reccobeats", FEATURES] is expected
    world.clock.advance(60)
    for expected in (NO_ANSWER, PAUSED):
        assert outcomes(world.complete(NEW))["reccobeats", FEATURES] is expected
    world.clock.advance(60)
    assert world.complete(NEW).features == {NEW: SOUND}


def test_an_answer_in_between_forgives_earlier_failures(world):
    for number in (0, 1, 3, 4):
        world.reccobeats.faults.add(Fault(UNAVAILABLE, call=number))
    for number in range(5):
        world.complete(track_id(200 + number))
    assert len(world.reccobeats.asked) == 5
    assert world.records.circuits == {}


def test_a_block_pauses_a_service_at_once(world):
    world.reccobeats.faults.add(Fault(UpstreamRefused("blocked", 403), times=99))
    assert world.complete(NEW).tried[NEW][0].retry_at == NOON + timedelta(minutes=10)
    world.complete(NEW)
    assert len(world.reccobeats.asked) == 1
    assert set(world.records.circuits) == {"reccobeats"}


@pytest.mark.parametrize("fault", [SecretUnavailable("no secret", is_absent=True), ConsentNeeded("dead app")])
def test_an_installation_without_access_to_spotify_asks_it_no_more_and_makes_no_words_of_it(world, fault):
    world.spotify.faults.add(Fault(fault, times=99))
    found = world.complete(NEW)
    tried = next(one for one in found.tried[NEW] if one.service == "spotify")
    assert (tried.outcome, tried.detail, tried.retry_at, found.notes) == (NOT_ASKED, "", None, ())
    assert [one.source for one in found.identities[NEW]] == [IdentitySource.OEMBED, IdentitySource.RECCOBEATS]
    world.complete(OTHER)
    assert world.spotify.asked == [NEW]
    assert world.records.circuits == {}


def test_a_secret_that_cannot_be_read_at_the_moment_is_a_failure_that_passes(world):
    world.spotify.faults.add(Fault(SecretUnavailable("Secrets Manager failed.", may_pass=True)))
    found = world.complete(NEW)
    tried = next(one for one in found.tried[NEW] if one.service == "spotify")
    assert (tried.outcome, tried.detail) == (NO_ANSWER, "Spotify cannot be asked at the moment.")
    assert tried.retry_at == NOON + timedelta(minutes=1)
    assert found.notes == (tried.detail,)
    assert outcomes(world.complete(NEW))["spotify", NAMES] is FOUND


def test_one_id_that_a_service_chokes_on_does_not_spoil_the_others(world):
    strange = track_id(60)

    class Choking(MemoryFeatureService):
        def features(self, track_ids):
            found = super().features(track_ids)
            if strange in track_ids:
                raise UpstreamRefused("malformed", 400)
            return found

    world.reccobeats = Choking()
    world.reccobeats.add(NEW, SOUND)
    world.reccobeats.add(OTHER, SOUND)
    world.restart()
    found = world.complete(NEW, strange, OTHER)
    assert set(found.features) == {NEW, OTHER}
    assert outcomes(found, strange)["reccobeats", FEATURES] is NOT_KNOWN
    assert world.records.circuits == {}


MALFORMED = UpstreamRefused("malformed", 400)


@pytest.mark.parametrize(("tracks", "calls"), [(2, 3), (20, 6), (FEATURE_BATCH, 7), (FEATURE_BATCH + 5, 7)])
def test_a_service_to_which_every_request_is_malformed_is_left_alone_and_nothing_is_learned(world, tracks, calls):
    world.reccobeats.faults.add(Fault(MALFORMED, times=999))
    wanted = [track_id(100 + number) for number in range(tracks)]
    found = world.complete(*wanted)
    assert len(world.reccobeats.asked) == calls
    assert {outcomes(found, one)["reccobeats", FEATURES] for one in wanted} == {NO_ANSWER}
    assert {one.retry_at for tried in found.tried.values() for one in tried if one.service == "reccobeats"} == {
        NOON + timedelta(minutes=10)
    }
    assert set(world.records.circuits) == {"reccobeats"}
    assert LookUpKind.FEATURES not in {kind for kind, _ in world.cache.stored}


def test_a_service_to_which_every_single_track_is_malformed_is_left_alone_too(world):
    world.spotify.faults.add(Fault(MALFORMED, times=999))
    found = world.complete(*(track_id(100 + number) for number in range(5)))
    assert len(world.spotify.asked) == 2
    assert {outcomes(found, track_id(100 + number))["spotify", NAMES] for number in range(5)} == {NO_ANSWER}


def test_a_lone_track_that_a_service_chokes_on_says_nothing_until_it_happens_three_times_in_a_row(world):
    world.reccobeats.faults.add(Fault(MALFORMED, times=999))
    for number, expected in enumerate((NO_ANSWER, NO_ANSWER, NO_ANSWER, PAUSED)):
        wanted = track_id(100 + number)
        assert outcomes(world.complete(wanted), wanted)["reccobeats", FEATURES] is expected
    assert len(world.reccobeats.asked) == 3
    assert LookUpKind.FEATURES not in {kind for kind, _ in world.cache.stored}
    assert world.records.circuits["reccobeats"].open_until == NOON + timedelta(minutes=1)


def test_two_ids_that_a_service_chokes_on_end_the_asking_but_not_for_others(world):
    """Whoever sends such ids must not be able to silence a service for everybody."""
    strange = {track_id(100), track_id(107)}

    class Choking(MemoryFeatureService):
        def features(self, track_ids):
            found = super().features(track_ids)
            if not strange.isdisjoint(track_ids):
                raise MALFORMED
            return found

    world.reccobeats = Choking()
    for number in range(8):
        world.reccobeats.add(track_id(100 + number), SOUND)
    world.restart()
    found = world.complete(*(track_id(100 + number) for number in range(8)))
    assert set(found.features) == {track_id(100 + number) for number in range(1, 7)}
    assert {outcomes(found, one)["reccobeats", FEATURES] for one in strange} == {NO_ANSWER}
    assert world.records.circuits == {}


# --- time and limits ------------------------------------------------------------------------------------------------


class Slow(MemoryTrackDirectory):
    """Takes its time for every answer."""

    def __init__(self, world, seconds):
        super().__init__([spotify_says(track_id(number)) for number in range(300)])
        self.world, self.seconds = world, seconds

    def track(self, track_id):
        self.world.clock.advance(self.seconds)
        return super().track(track_id)


def test_after_the_budget_nothing_new_is_begun(world):
    world.spotify = Slow(world, 3)
    world.restart()
    found = world.complete(*(track_id(100 + number) for number in range(6)))
    assert len(world.spotify.asked) == 3
    assert (world.oembed.asked, [call.method for call in world.reccobeats.asked]) == ([], ["features"])
    last = outcomes(found, track_id(105))
    assert (last["spotify", NAMES], last["oembed", TITLE]) == (NOT_ASKED, NOT_ASKED)
    assert "There was no time left to ask Spotify." in found.notes


def test_nothing_is_begun_that_could_last_beyond_the_deadline(world):
    world.complete(NEW, seconds=7.9)
    assert (world.calls, world.cache.faults.calls, world.records.faults.calls) == (0, [], [])
    world.complete(NEW, seconds=8)
    assert world.calls == 2


@pytest.mark.parametrize("deadline", [27, 9])
def test_a_slow_counter_does_not_let_anything_begin_too_late(world, deadline):
    def count():
        world.count()
        world.clock.advance(1)

    wanted = [track_id(100 + number) for number in range(20)]
    found = world.complete(*wanted, seconds=deadline, count=count)
    assert world.calls == 0
    assert world.counted <= 8
    assert {one.outcome for one in found.tried[wanted[0]]} == {NOT_ASKED}
    assert "There was no time left to ask ReccoBeats." in found.notes


def test_every_call_is_watched(world):
    world.spotify = Slow(world, 2)
    world.spotify.faults.add(Fault(UNAVAILABLE))
    world.restart()
    world.complete(NEW)
    assert world.watched == [
        ("reccobeats", 0, None), ("spotify tracks", 2, UNAVAILABLE), ("oembed", 0, None), ("reccobeats", 0, None)
    ]  # fmt: skip


def test_a_used_up_limit_ends_the_asking_and_says_so(world):
    def count():
        world.count()
        if world.counted > 1:
            raise CapReached("That was all for today.", 3600)

    found = world.complete(NEW, OTHER, count=count)
    assert world.reccobeats.asked == [Asked("features", (NEW,))]
    assert world.spotify.asked == [NEW]
    assert {one.outcome for one in found.tried[OTHER]} == {NOT_ASKED}
    assert {one.retry_at for one in found.tried[OTHER]} == {NOON + timedelta(hours=1)}
    assert found.notes == ("That was all for today.",)


def test_a_counter_that_cannot_be_reached_stops_nobody_and_is_tried_once(world):
    def count():
        world.count()
        raise UNAVAILABLE

    assert world.complete(NEW, OTHER, count=count).features == {NEW: SOUND}
    assert world.counted == 1


def test_a_sound_of_which_only_the_key_is_known_is_not_known(world):
    world.reccobeats.known_features[NEW] = AudioFeatures(key=3, mode=1)
    found = world.complete(NEW)
    assert (found.features, outcomes(found)["reccobeats", FEATURES]) == ({}, NOT_KNOWN)


# --- nonsense -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"title": " "}, {"title": ""}),
        ({"title": "x" * 1001}, {"title": ""}),
        ({"title": "\ud83d"}, {"title": ""}),
        ({"artists": ("Mira", "")}, {"artists": ("Mira",), "artist_ids": ()}),
        ({"artists": ("Mira", "Guest")}, {"artist_ids": ()}),
        ({"artist_ids": ("no id",)}, {"artist_ids": ()}),
        ({"album": " "}, {"album": None}),
        ({"release_date": "0000-00"}, {"release_date": None}),
        ({"release_date": "0000"}, {"release_date": None}),
        ({"release_date": "2026-02-30"}, {"release_date": None}),
        ({"duration_ms": 0}, {"duration_ms": None}),
        ({"popularity": 101}, {"popularity": None}),
        ({"artwork_url": "javascript:alert(1)"}, {"artwork_url": None}),
    ],
)
def test_what_no_seed_could_hold_is_left_out_of_an_identity(told, kept):
    usable = usable_identity(spotify_says(**told))
    assert {name: getattr(usable, name) for name in kept} == kept


def test_an_identity_that_names_nothing_is_none(world):
    world.spotify.tracks[NEW] = spotify_says(title=" ", artists=("",))
    found = world.complete(NEW)
    assert usable_identity(spotify_says(title="", artists=())) is None
    assert outcomes(found)["spotify", NAMES] is NOT_KNOWN
