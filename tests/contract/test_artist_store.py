"""What every store of artists promises, the fake and DynamoDB alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daltonify_core.adapters.dynamodb import DynamoArtistStore
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.ports import PollState
from daltonify_core.releases.hook import Hook, HookKind
from daltonify_core.releases.profile import (
    MAXIMUM_VERSIONS,
    ArtistProfile,
    ListedTrack,
    LivingPlaylist,
    PlaylistVersion,
)
from tests.fakes.memory_releases import MemoryArtists

NOON = datetime(2026, 1, 2, 12, 0, 0, 250_000, UTC)
SECOND = timedelta(seconds=1)
ME, YOU = "A" * 22, "B" * 22


@pytest.fixture(params=["memory", "dynamodb"])
def store(request):
    if request.param == "memory":
        return MemoryArtists()
    aws = request.getfixturevalue("aws")
    return DynamoArtistStore(aws.dynamodb, aws.make_table())


FULL = ArtistProfile(
    artist_id=ME,
    name="Ünusual «name»",
    made_at=NOON,
    genre="rock",
    band=BandLifts(5, 50),
    size=40,
    own_slots=OwnSlots.SPREAD,
    own_kept=3,
    lives_on=False,
    renews=True,
    frozen=True,
    pinned=("t" * 22,),
    excluded_artists=("Somebody",),
    title="A title",
    description="Words",
    contact="me@example.org",
    followers=812,
    features=AudioFeatures(energy=0.5, tempo=119.9, mode=0),
    polled=False,
)
HOOK = Hook(
    hook_id="1" * 32,
    artist_id=ME,
    kind=HookKind.BEARER,
    made_at=NOON,
    generation=3,
    previous_until=NOON + SECOND,
    token_hashes=("h1", "h2"),
    revoked_at=NOON + 2 * SECOND,
    label="Zapier",
)


def version(number: int) -> PlaylistVersion:
    tracks = (ListedTrack("spotify:track:a", "A", ("Me",), True, number, "2026"), ListedTrack("b", "B", ("X", "Y")))
    return PlaylistVersion(number, NOON, "“A” came out", "Title", "Words", tracks, "r1", "v1")


def living(number: int, artist_id: str = ME) -> LivingPlaylist:
    return LivingPlaylist(artist_id, "p" * 22, "0123456789", number)


def test_a_profile_is_kept_with_every_field_and_added_once(store):
    assert store.find(ME) is None
    assert store.add(FULL)
    assert not store.add(replace(FULL, name="Another"))
    assert store.find(ME) == FULL
    store.replace(replace(FULL, band=None, title=None, followers=None))
    assert store.find(ME) == replace(FULL, band=None, title=None, followers=None)


def test_all_profiles_come_by_id(store):
    store.add(replace(FULL, artist_id=YOU))
    store.add(FULL)
    assert [profile.artist_id for profile in store.all()] == [ME, YOU]


def test_a_hook_is_kept_with_every_field_and_found_with_its_artist(store):
    assert store.hook(HOOK.hook_id) is None
    later = Hook("2" * 32, ME, HookKind.SIGNED, NOON + SECOND)
    for hook in (later, HOOK, Hook("3" * 32, YOU, HookKind.SIGNED, NOON)):
        store.save_hook(hook)
    assert store.hook(HOOK.hook_id) == HOOK
    assert store.hooks(ME) == [HOOK, later]
    store.save_hook(replace(later, generation=2))
    assert store.hooks(ME) == [HOOK, replace(later, generation=2)]


def test_an_artist_is_forgotten_as_a_whole_and_nobody_else_is(store):
    for artist_id, hook_id in ((ME, "1" * 32), (YOU, "2" * 32)):
        store.add(replace(FULL, artist_id=artist_id))
        store.save_hook(replace(HOOK, hook_id=hook_id, artist_id=artist_id))
        store.save_version(living(1, artist_id), version(1))
        store.hold(artist_id, "r1")
        store.save_poll_state(PollState(artist_id, ("x",), NOON))
    assert store.remove(ME)
    assert not store.remove(ME)
    assert (store.find(ME), store.hook("1" * 32), store.hooks(ME)) == (None, None, [])
    assert (store.playlist(ME), store.versions(ME), store.poll_state(ME)) == (None, [], None)
    assert store.hold(ME, "r2") is None
    assert store.find(YOU)
    assert store.hook("2" * 32)
    assert store.versions(YOU) == [version(1)]


def test_versions_come_newest_first_and_each_is_stored_once(store):
    assert store.playlist(ME) is None
    assert store.versions(ME) == []
    for number in (1, 2, 10):
        assert store.save_version(living(number), version(number))
    assert not store.save_version(living(10), replace(version(10), title="Another"))
    assert not store.save_version(living(9), version(9)), "a later one is stored already"
    assert store.versions(ME) == [version(10), version(2), version(1)]
    assert store.playlist(ME) == living(10)


def test_a_living_playlist_can_be_forgotten_and_another_begun(store):
    store.add(FULL)
    store.save_hook(HOOK)
    for number in (1, 2):
        store.save_version(living(number), version(number))
    assert store.forget_playlist(ME)
    assert not store.forget_playlist(ME)
    assert (store.playlist(ME), store.versions(ME)) == (None, [])
    assert (store.find(ME), store.hooks(ME)) == (FULL, [HOOK])
    assert store.save_version(living(1), version(1))


def test_the_oldest_versions_are_forgotten(store):
    for number in range(1, MAXIMUM_VERSIONS + 3):
        store.save_version(living(number), version(number))
    numbers = [one.number for one in store.versions(ME)]
    assert numbers == list(range(MAXIMUM_VERSIONS + 2, 2, -1))


def test_of_several_who_store_a_version_at_once_one_succeeds(store):
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: store.save_version(living(1), version(1)), range(8)))
    assert sum(saved) == 1


def test_one_release_at_a_time_holds_the_playlist(store):
    assert store.hold(ME, "r1") is None
    assert store.hold(ME, "r1") is None
    assert store.hold(ME, "r2") == "r1"
    assert store.hold(YOU, "r2") is None
    store.let_go(ME, "r2")
    assert store.hold(ME, "r2") == "r1"
    store.let_go(ME, "r1")
    assert store.hold(ME, "r2") is None


def test_a_hold_is_taken_over_only_from_who_was_seen_with_it(store):
    store.hold(ME, "r1")
    assert store.hold(ME, "r3", "r2") == "r1"
    assert store.hold(ME, "r3", "r1") is None
    assert store.hold(ME, "r4", "r1") == "r3"


def test_what_was_seen_of_releases_is_kept(store):
    assert store.poll_state(ME) is None
    store.save_poll_state(PollState(ME, ("x", "y"), NOON))
    store.save_poll_state(PollState(ME, ("z",), NOON + SECOND))
    assert store.poll_state(ME) == PollState(ME, ("z",), NOON + SECOND)


def test_a_table_that_cannot_be_reached_is_told_as_such(aws):
    store = DynamoArtistStore(aws.dynamodb, "daltonify-missing")
    for ask in (lambda: store.find(ME), store.all, lambda: store.hook("1"), lambda: store.hold(ME, "r1")):
        with pytest.raises(UpstreamUnavailable):
            ask()
