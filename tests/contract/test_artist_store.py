"""What every store of artists promises, the fake and DynamoDB alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from daltonify_core.adapters.dynamodb import DynamoArtistStore
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import ArtistGone, UpstreamUnavailable
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.ports.releases import ArtistStore, PollState
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


MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request):
    if request.param == "memory":
        return MemoryArtists()
    aws = request.getfixturevalue("aws")
    return DynamoArtistStore(aws.dynamodb, aws.make_table())


@pytest.fixture
def registered(store):
    """A store with two artists, the first of whose playlists is in hand."""
    for artist_id in (ME, YOU):
        assert store.add(replace(FULL, artist_id=artist_id))
    assert hold(store, "r1") is None
    return store


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


def hold(
    store: ArtistStore, holder: str, instead_of: str | None = None, artist_id: str = ME, now: datetime = NOON
) -> str | None:
    return store.hold(artist_id, holder, now, now + MINUTE, instead_of)


def save(
    store: ArtistStore, number: int, content: PlaylistVersion | None = None, holder: str = "r1", now: datetime = NOON
) -> bool:
    return store.save_version(living(number), content or version(number), holder, now)


def test_a_profile_is_kept_with_every_field_and_added_once(store):
    assert store.find(ME) is None
    assert store.add(FULL)
    assert not store.add(replace(FULL, name="Another"))
    assert store.find(ME) == FULL
    assert store.replace(replace(FULL, band=None, title=None, followers=None))
    assert store.find(ME) == replace(FULL, band=None, title=None, followers=None)


def test_all_profiles_come_by_id(store):
    store.add(replace(FULL, artist_id=YOU))
    store.add(FULL)
    assert [profile.artist_id for profile in store.all()] == [ME, YOU]


def test_a_hook_is_kept_with_every_field_and_found_with_its_artist(registered):
    store = registered
    assert store.hook(HOOK.hook_id) is None
    later = Hook("2" * 32, ME, HookKind.SIGNED, NOON + SECOND)
    for hook in (later, HOOK, Hook("3" * 32, YOU, HookKind.SIGNED, NOON)):
        assert store.add_hook(hook)
    assert store.hook(HOOK.hook_id) == HOOK
    assert store.hooks(ME) == [HOOK, later]
    assert store.replace_hook(replace(later, generation=2), later)
    assert store.hooks(ME) == [HOOK, replace(later, generation=2)]


def test_a_hook_is_replaced_only_as_it_was_seen(registered):
    seen = Hook("2" * 32, ME, HookKind.SIGNED, NOON)
    rotated, revoked = replace(seen, generation=2), replace(seen, revoked_at=NOON)
    assert not registered.replace_hook(rotated, seen), "there is none yet"
    assert registered.add_hook(seen)
    assert registered.replace_hook(rotated, seen)
    assert not registered.replace_hook(revoked, seen)
    assert not registered.replace_hook(replace(seen, generation=2, label="another"), seen)
    assert registered.replace_hook(replace(rotated, revoked_at=NOON), rotated)
    assert not registered.replace_hook(replace(rotated, generation=3), rotated), "nothing revives it"
    assert registered.hook(seen.hook_id) == replace(rotated, revoked_at=NOON)


def test_of_rotations_and_revocations_at_once_one_succeeds(registered):
    seen = Hook("2" * 32, ME, HookKind.SIGNED, NOON)
    registered.add_hook(seen)
    changes = [replace(seen, generation=2), replace(seen, revoked_at=NOON)] * 4
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda change: registered.replace_hook(change, seen), changes))
    assert sum(done) == 1
    assert registered.hook(seen.hook_id) == changes[done.index(True)]


def test_an_artist_is_forgotten_as_a_whole_and_nobody_else_is(registered):
    store = registered
    for artist_id, hook_id in ((ME, "1" * 32), (YOU, "2" * 32)):
        assert store.add_hook(replace(HOOK, hook_id=hook_id, artist_id=artist_id))
        assert hold(store, "r1", artist_id=artist_id) is None
        assert store.save_version(living(1, artist_id), version(1), "r1", NOON)
        store.save_poll_state(PollState(artist_id, ("x",), NOON))
    assert store.remove(ME)
    assert not store.remove(ME)
    assert (store.find(ME), store.hook("1" * 32), store.hooks(ME)) == (None, None, [])
    assert (store.playlist(ME), store.versions(ME), store.poll_state(ME)) == (None, [], None)
    assert store.find(YOU)
    assert store.hook("2" * 32)
    assert store.versions(YOU) == [version(1)]
    assert store.add(FULL)
    assert hold(store, "r2") is None
    assert (store.playlist(ME), store.versions(ME), store.hooks(ME)) == (None, [], [])


def write_everything(store) -> None:
    """All that is ever written for an artist who is registered no longer, and nothing of it is stored."""
    assert not store.replace(FULL)
    assert not store.add_hook(HOOK)
    with pytest.raises(ArtistGone):
        hold(store, "r1")
    with pytest.raises(ArtistGone):
        save(store, 2)
    store.save_poll_state(PollState(ME, ("x",), NOON))
    store.let_go(ME, "r1")


def test_nothing_is_written_for_an_artist_who_was_removed(registered):
    assert registered.add_hook(HOOK)
    assert save(registered, 1)
    assert registered.remove(ME)
    write_everything(registered)
    assert not registered.replace_hook(replace(HOOK, label="another"), HOOK)
    assert (registered.find(ME), registered.hook(HOOK.hook_id), registered.hooks(ME)) == (None, None, [])
    assert (registered.playlist(ME), registered.versions(ME), registered.poll_state(ME)) == (None, [], None)


def test_nothing_is_written_during_a_removal_and_one_that_broke_off_is_finished(aws):
    """Whatever the removal has not come to yet, between any two of its steps."""
    table = aws.make_table()
    store = DynamoArtistStore(aws.dynamodb, table)
    for broken_off_after in range(6):
        assert store.add(FULL)
        assert store.add_hook(HOOK)
        assert hold(store, "r1") is None
        assert save(store, 1)
        broken = DynamoArtistStore(DeletesUntil(aws.dynamodb, broken_off_after), table)  # type: ignore[arg-type]
        with pytest.raises(UpstreamUnavailable):
            broken.remove(ME)
        assert (store.find(ME), store.all()) == (None, [])
        assert not store.add(FULL), "what is left of before would be taken for theirs"
        write_everything(store)
        assert store.remove(ME)
        assert aws.dynamodb.scan(TableName=table)["Items"] == []


class DeletesUntil:
    """A client that cannot be reached for more than so many deletions."""

    def __init__(self, client, most: int) -> None:
        self._client = client
        self._left = most

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def delete_item(self, **values: object) -> object:
        if not self._left:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")
        self._left -= 1
        return self._client.delete_item(**values)


def test_versions_come_newest_first_and_each_is_stored_once(registered):
    store = registered
    assert store.playlist(ME) is None
    assert store.versions(ME) == []
    for number in (1, 2, 10):
        assert save(store, number)
    assert not save(store, 10, replace(version(10), title="Another"))
    assert not save(store, 9), "a later one is stored already"
    assert store.versions(ME) == [version(10), version(2), version(1)]
    assert store.playlist(ME) == living(10)


def test_a_version_is_stored_only_by_whoever_has_the_playlist_in_hand(registered):
    assert not save(registered, 1, holder="r2")
    assert not save(registered, 1, now=NOON + MINUTE), "its time is over"
    assert hold(registered, "r2", now=NOON + MINUTE) is None
    assert not save(registered, 1, now=NOON + MINUTE), "somebody else has it"
    assert (registered.playlist(ME), registered.versions(ME)) == (None, [])
    assert save(registered, 1, holder="r2", now=NOON + MINUTE)
    registered.let_go(ME, "r2")
    assert not save(registered, 2, holder="r2", now=NOON + MINUTE)
    assert registered.playlist(ME) == living(1)


def test_a_living_playlist_can_be_forgotten_and_another_begun(registered):
    store = registered
    store.add_hook(HOOK)
    for number in (1, 2):
        assert save(store, number)
    assert store.forget_playlist(ME)
    assert not store.forget_playlist(ME)
    assert (store.playlist(ME), store.versions(ME)) == (None, [])
    assert (store.find(ME), store.hooks(ME)) == (FULL, [HOOK])
    assert save(store, 1)


def test_the_oldest_versions_are_forgotten(registered):
    for number in range(1, MAXIMUM_VERSIONS + 3):
        assert save(registered, number)
    numbers = [one.number for one in registered.versions(ME)]
    assert numbers == list(range(MAXIMUM_VERSIONS + 2, 2, -1))


def test_of_several_who_store_a_version_at_once_one_succeeds(registered):
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: save(registered, 1), range(8)))
    assert sum(saved) == 1


def test_one_release_at_a_time_holds_the_playlist(registered):
    assert hold(registered, "r1") is None
    assert hold(registered, "r2") == "r1"
    assert hold(registered, "r2", artist_id=YOU) is None
    registered.let_go(ME, "r2")
    assert hold(registered, "r2") == "r1"
    registered.let_go(ME, "r1")
    assert hold(registered, "r2") is None


def test_a_hold_is_taken_over_only_from_who_was_seen_with_it(registered):
    assert hold(registered, "r3", "r2") == "r1"
    assert hold(registered, "r3", "r1") is None
    assert hold(registered, "r4", "r1") == "r3"


def test_a_hold_ends_when_its_time_is_over_unless_it_was_lengthened(registered):
    assert hold(registered, "r2", now=NOON + MINUTE - SECOND) == "r1"
    assert hold(registered, "r1", now=NOON + SECOND) is None
    assert hold(registered, "r2", now=NOON + MINUTE) == "r1"
    assert hold(registered, "r2", now=NOON + MINUTE + SECOND) is None
    registered.let_go(ME, "r1")
    assert hold(registered, "r1", now=NOON + MINUTE + SECOND) == "r2"


def test_what_was_seen_of_releases_is_kept(registered):
    store = registered
    assert store.poll_state(ME) is None
    store.save_poll_state(PollState(ME, ("x", "y"), NOON))
    store.save_poll_state(PollState(ME, ("z",), NOON + SECOND))
    assert store.poll_state(ME) == PollState(ME, ("z",), NOON + SECOND)


def test_a_table_that_cannot_be_reached_is_told_as_such(aws):
    store = DynamoArtistStore(aws.dynamodb, "daltonify-missing")
    for ask in (lambda: store.find(ME), store.all, lambda: store.hook("1"), lambda: hold(store, "r1")):
        with pytest.raises(UpstreamUnavailable):
            ask()
