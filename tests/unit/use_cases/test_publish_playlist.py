"""Publishing: whatever fails and whenever, the same request ends in one playlist with exactly the right tracks."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daltonify_core.catalogue.track import SYNTHETIC_SOURCE
from daltonify_core.errors import (
    CapReached,
    ConsentNeeded,
    DaltonifyError,
    DemoCatalogue,
    IndexUnavailable,
    InvalidPlaylist,
    KeyReused,
    NotAuthorised,
    PublicationInProgress,
    PublicationUnknown,
    PublishingUnavailable,
    PublishingUnfinished,
    UnknownPlaylist,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.playlist.publishing import PublishedPlaylist, PublishRequest, PublishSettings
from daltonify_core.ports.publishing import PlaylistText, PublicationState
from daltonify_core.use_cases.publish_playlist import PublishPlaylist
from tests.fakes.faults import Fault, FaultPlan, Moment, ProcessKilled
from tests.fakes.memory_playlists import MemoryPlaylistService
from tests.fakes.memory_publications import MemoryPublicationStore

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
KEY = "NEVERLOGME-key-of-one-publication"
CLIENT = "203.0.113.7"
TOKEN_KEY = b"NEVERLOGME the key from which edit tokens are made"
REQUEST_SECONDS = 25


def uri(number: int) -> str:
    return f"spotify:track:{number:022}"


def uris(count: int, start: int = 0) -> tuple[str, ...]:
    return tuple(uri(number) for number in range(start, start + count))


RESERVES = uris(15, 1000)


class FakeClock:
    """A clock that goes on when told so, and by ``step`` whenever somebody looks at it."""

    def __init__(self, step: timedelta = timedelta(0)) -> None:
        self.now = NOON
        self.step = step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class World:
    """A publisher with everything around it; ``errors`` collects what retries were told."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryPublicationStore = field(default_factory=MemoryPublicationStore)
    service: MemoryPlaylistService = field(init=False)
    source: str = "tidytuesday"
    unknown_to_index: frozenset[str] = frozenset()
    settings: PublishSettings = field(default_factory=PublishSettings)
    token_key: bytes = TOKEN_KEY
    errors: list[DaltonifyError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = MemoryPlaylistService(clock=self.clock)

    @property
    def publisher(self) -> PublishPlaylist:
        """A new one every time, as after a cold start."""
        return PublishPlaylist(self.store, self.service, self.sources_of, self.token_key, self.clock, self.settings)

    def sources_of(self, track_ids: Collection[str]) -> dict[str, str]:
        return {each: self.source for each in track_ids if f"spotify:track:{each}" not in self.unknown_to_index}

    def publish(self, request: PublishRequest, key: str = KEY, client: str = CLIENT) -> PublishedPlaylist:
        deadline = self.clock.now + timedelta(seconds=REQUEST_SECONDS)
        return self.publisher.publish(request, key, client, deadline)

    def publish_until_answered(self, request: PublishRequest, key: str = KEY, most: int = 150) -> PublishedPlaylist:
        """Send the same request again and again, each time after as long as the answer said.

        A dozen faults, and a lease that is waited out in steps after each, take more than a hundred times.
        """
        for _ in range(most):
            try:
                return self.publish(request, key)
            except ProcessKilled:
                continue
            except (PublishingUnfinished, PublishingUnavailable) as error:
                self.errors.append(error)
                self.clock.advance(60 if error.retry_after_seconds is None else error.retry_after_seconds)
        raise AssertionError(f"no answer after {most} attempts: {[error.message for error in self.errors]}")

    def playlist(self) -> list[str]:
        """The tracks of the only playlist there is."""
        (playlist,) = self.service.playlists.values()
        return playlist.uris


@pytest.fixture
def world() -> World:
    return World()


def request(**fields: object) -> PublishRequest:
    values = {"title": "Title", "description": "Words", "uris": uris(5), "reserves": RESERVES, **fields}
    return PublishRequest(**values)  # type: ignore[arg-type]


# One publication


def test_a_playlist_is_created_and_filled_in_order(world):
    answer = world.publish(request(public=False))
    assert world.playlist() == list(uris(5))
    (playlist_id,) = world.service.playlists
    assert (answer.playlist_id, answer.tracks_added, answer.created) == (playlist_id, 5, True)
    assert (answer.replaced, answer.left_out, answer.notes) == ((), (), ())


def test_title_description_and_reference_reach_the_playlist(world):
    world.publish(request(public=False))
    (playlist,) = world.service.playlists.values()
    (record,) = world.store.publications.values()
    assert playlist.text == PlaylistText("Title", f"Words · {record.reference}", False)
    assert len(record.reference) == len("ref 0123456789")


def test_a_publication_costs_three_calls(world):
    world.publish(request())
    assert world.service.faults.calls == ["create_playlist", "replace_items", "read_items"]


def test_more_than_100_tracks_go_in_two_calls(world):
    answer = world.publish(request(uris=uris(110)))
    assert world.playlist() == list(uris(110))
    assert answer.tracks_added == 110
    assert world.service.faults.calls == ["create_playlist", "replace_items", "append_items", "read_items"]


def test_the_same_request_again_gives_the_same_answer_and_asks_spotify_nothing(world):
    world.service.unknown = {uri(1)}
    answer = world.publish(request())
    world.service.faults.calls.clear()
    world.clock.advance(29 * 24 * 60 * 60)
    assert world.publish(request()) == answer
    assert world.service.faults.calls == []


def test_the_same_answer_is_given_while_the_circuit_is_open_and_when_the_index_has_changed(world):
    answer = world.publish(request())
    world.service.faults.add(Fault(UpstreamRateLimited("429", 4000, True), method="create_playlist", call=1))
    for _ in range(2):
        with pytest.raises(PublishingUnavailable):
            world.publish(request(), "NEVERLOGME-another-key")
    world.unknown_to_index = frozenset(uris(5))
    assert world.publish(request()) == answer


def test_a_publication_under_way_goes_on_when_the_index_has_changed(world):
    world.service.faults.add(Fault(UpstreamUnavailable("down"), method="replace_items"))
    with pytest.raises(PublishingUnavailable):
        world.publish(request())
    world.unknown_to_index = frozenset(uris(5))
    assert world.publish(request()).tracks_added == 5


def test_after_30_days_the_key_is_free_again(world):
    world.publish(request())
    world.clock.advance(30 * 24 * 60 * 60)
    world.publish(request(title="Another"))
    assert [playlist.text.title for playlist in world.service.playlists.values()] == ["Title", "Another"]


def test_a_key_that_comes_again_after_30_days_never_finds_the_playlist_of_then(world):
    world.publish(request())
    world.clock.advance(30 * 24 * 60 * 60)
    world.service.faults.add(Fault(UpstreamUncertain("lost"), method="create_playlist", call=1))
    world.publish_until_answered(request(title="Another"))
    assert [playlist.text.title for playlist in world.service.playlists.values()] == ["Title", "Another"]


def test_another_key_is_another_playlist(world):
    first, second = world.publish(request()), world.publish(request(), key="NEVERLOGME-another-key")
    assert first.playlist_id != second.playlist_id
    assert first.edit_token != second.edit_token
    assert len({playlist.text.description for playlist in world.service.playlists.values()}) == 2


def test_a_key_that_belongs_to_another_request_is_refused(world):
    world.publish(request())
    with pytest.raises(KeyReused):
        world.publish(request(title="Another"))
    assert len(world.service.playlists) == 1


def test_a_key_that_belongs_to_an_unfinished_request_is_refused_too(world):
    world.service.faults.add(Fault(ProcessKilled()))
    with pytest.raises(ProcessKilled):
        world.publish(request())
    with pytest.raises(KeyReused):
        world.publish(request(title="Another"))


def test_a_key_means_something_else_under_another_account(world):
    world.publish(request())
    world.settings = PublishSettings(account="another")
    world.publish(request(title="Another"))
    assert len(world.service.playlists) == 2


# What is refused before anything is sent


def sent_nothing(world: World) -> bool:
    return not (world.service.faults.calls or world.store.publications or world.store.counters)


def test_foreign_tracks_are_refused_by_place(world):
    world.unknown_to_index = frozenset({uri(3)})
    with pytest.raises(InvalidPlaylist) as caught:
        world.publish(request())
    assert caught.value.field == "uris[3]"
    assert sent_nothing(world)


def test_a_foreign_reserve_is_refused(world):
    world.unknown_to_index = frozenset({RESERVES[2]})
    with pytest.raises(InvalidPlaylist) as caught:
        world.publish(request())
    assert caught.value.field == "reserves[2]"


def test_an_own_track_from_outside_is_published_when_it_is_a_seed(world):
    world.unknown_to_index = frozenset({uri(2)})
    assert world.publish(request(seeds=(uri(2),))).tracks_added == 5


# Of the index before the current one, only the sources of all its rows together are known.
@pytest.mark.parametrize("source", [SYNTHETIC_SOURCE, f"tidytuesday, {SYNTHETIC_SOURCE}"])
def test_invented_tracks_never_go_to_the_real_spotify(world, source):
    world.source = source
    with pytest.raises(DemoCatalogue):
        world.publish(request())
    assert sent_nothing(world)


def test_invented_tracks_may_go_to_a_simulator(world):
    world.source = SYNTHETIC_SOURCE
    world.service.is_real = False
    assert world.publish(request()).tracks_added == 5


def test_without_an_index_nothing_is_published(world):
    def unavailable(track_ids: Collection[str]) -> dict[str, str]:
        raise IndexUnavailable("There is no index.")

    publisher = PublishPlaylist(world.store, world.service, unavailable, TOKEN_KEY, world.clock)
    with pytest.raises(IndexUnavailable):
        publisher.publish(request(), KEY, CLIENT, NOON + timedelta(seconds=REQUEST_SECONDS))
    assert sent_nothing(world)


# Caps


def key_number(number: int) -> str:
    return f"NEVERLOGME-key-{number:04}"


def test_a_client_publishes_three_times_a_day(world):
    for number in range(3):
        world.publish(request(), key_number(number))
    with pytest.raises(CapReached) as caught:
        world.publish(request(), key_number(3))
    assert caught.value.retry_after_seconds == 12 * 60 * 60
    assert len(world.service.playlists) == 3
    world.publish(request(), key_number(4), "203.0.113.8")
    world.clock.advance(12 * 60 * 60)
    world.publish(request(), key_number(5))


def test_everybody_together_publishes_50_times_a_day(world):
    for number in range(50):
        world.publish(request(), key_number(number), f"client {number}")
    with pytest.raises(CapReached):
        world.publish(request(), key_number(50), "client 50")
    world.clock.advance(12 * 60 * 60)
    world.publish(request(), key_number(51), "client 51")


def test_the_account_is_never_filled_to_spotifys_limit(world):
    world.settings = replace(world.settings, playlists=2)
    for number in range(2):
        world.publish(request(), key_number(number))
    world.clock.advance(100 * 24 * 60 * 60)
    with pytest.raises(CapReached) as caught:
        world.publish(request(), key_number(2))
    assert caught.value.retry_after_seconds is None


def test_giving_an_answer_again_is_not_counted(world):
    for _ in range(5):
        world.publish(request())
    assert set(world.store.counters.values()) == {1}


def test_who_asked_is_not_stored(world):
    world.publish(request())
    stored = repr((world.store.publications, world.store.counters, world.store.edit_tokens))
    for secret in (CLIENT, KEY, TOKEN_KEY.decode(), "NEVERLOGME"):
        assert secret not in stored


def test_changes_have_caps_of_their_own(world):
    world.settings = replace(world.settings, daily_updates_per_client=2)
    answer = world.publish(request())
    for number in range(2):
        world.publish(change(answer), key_number(number))
    with pytest.raises(CapReached):
        world.publish(change(answer), key_number(2))
    world.publish(request(), key_number(3))


# Edit tokens and changing in place


def change(answer: PublishedPlaylist, **fields: object) -> PublishRequest:
    values = {"title": "Changed", "uris": uris(4, 50), "edit_token": answer.edit_token, **fields}
    return request(playlist_id=answer.playlist_id, **values)


def test_only_a_hash_of_the_edit_token_is_stored(world):
    answer = world.publish(request())
    assert answer.playlist_id in world.store.edit_tokens
    assert answer.edit_token.partition(".")[2] not in repr(vars(world.store))


def test_the_edit_token_is_not_shown_where_the_answer_is_printed(world):
    answer = world.publish(request())
    assert answer.edit_token not in repr(answer)


def test_a_playlist_is_changed_in_place_and_keeps_its_reference(world):
    answer = world.publish(request())
    reference = world.service.playlists[answer.playlist_id].text.description.partition(" · ")[2]
    changed = world.publish(change(answer, description="Others"), "NEVERLOGME-another-key")
    assert world.playlist() == list(uris(4, 50))
    (playlist,) = world.service.playlists.values()
    assert playlist.text == PlaylistText("Changed", f"Others · {reference}", True)
    assert changed == replace(answer, tracks_added=4, created=False)


def test_a_token_that_was_handed_out_outlives_the_key_that_made_it(world):
    answer = world.publish(request())
    world.token_key = b"NEVERLOGME another key from which edit tokens are made"
    assert world.publish(change(answer), "NEVERLOGME-another-key").edit_token == answer.edit_token
    assert world.publish(request(), "NEVERLOGME-third-key").edit_token != answer.edit_token


def test_a_change_is_answered_again_in_the_same_way(world):
    answer = world.publish(request())
    changed = world.publish(change(answer), "NEVERLOGME-another-key")
    world.service.faults.calls.clear()
    assert world.publish(change(answer), "NEVERLOGME-another-key") == changed
    assert world.service.faults.calls == []


@pytest.mark.parametrize("wrong", ["x", "0123456789.NEVERLOGME", "\ud800", "é"])
def test_a_wrong_edit_token_and_an_unknown_playlist_get_the_same_answer(world, wrong):
    answer = world.publish(request())
    world.service.faults.calls.clear()
    messages = set()
    for made in (change(answer, edit_token=wrong), replace(change(answer), playlist_id="0" * 22)):
        with pytest.raises(NotAuthorised) as caught:
            world.publish(made, "NEVERLOGME-another-key")
        messages.add(caught.value.message)
    assert len(messages) == 1
    assert world.service.faults.calls == []
    assert set(world.store.counters.values()) == {1}


def test_a_finished_change_is_not_answered_again_to_a_wrong_token(world):
    answer = world.publish(request())
    world.publish(change(answer), "NEVERLOGME-another-key")
    with pytest.raises(NotAuthorised):
        world.publish(change(answer, edit_token="0123456789.NEVERLOGME"), "NEVERLOGME-another-key")


def test_the_token_of_one_playlist_does_not_open_another(world):
    first, second = world.publish(request()), world.publish(request(), "NEVERLOGME-another-key")
    with pytest.raises(NotAuthorised):
        world.publish(replace(change(first), edit_token=second.edit_token), "NEVERLOGME-third-key")


def test_a_playlist_that_spotify_no_longer_has_is_named(world):
    answer = world.publish(request())
    world.service.playlists.clear()
    with pytest.raises(InvalidPlaylist) as caught:
        world.publish(change(answer), "NEVERLOGME-another-key")
    assert caught.value.field == "playlist_id"


# Dead tracks


def published_with(world: World, dead: Collection[str], how: str, **fields: object) -> PublishedPlaylist:
    getattr(world.service, how).update(dead)
    return world.publish_until_answered(request(**fields))


KINDS_OF_DEAD = ("unknown", "unplayable", "gone")


@pytest.mark.parametrize("how", KINDS_OF_DEAD)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_dead_track_is_replaced_in_its_place(world, how, place):
    answer = published_with(world, {uri(place)}, how)
    wanted = [RESERVES[0] if number == place else uri(number) for number in range(5)]
    assert world.playlist() == wanted
    assert answer.tracks_added == 5
    assert answer.replaced == ((uri(place), RESERVES[0]),)
    assert answer.left_out == ()


@pytest.mark.parametrize("how", KINDS_OF_DEAD)
@pytest.mark.parametrize("dead", [{99}, {100}, {109}, {0, 99, 100, 109}, set(range(0, 110, 8))])
def test_dead_tracks_are_found_in_either_chunk_of_110(world, how, dead):
    answer = published_with(world, [uri(number) for number in dead], how, uris=uris(110))
    substitutes = iter(RESERVES)
    assert world.playlist() == [next(substitutes) if number in dead else uri(number) for number in range(110)]
    assert [wanted for wanted, _ in answer.replaced] == [uri(number) for number in sorted(dead)]
    assert answer.tracks_added == 110


@pytest.mark.parametrize("how", KINDS_OF_DEAD)
def test_what_cannot_be_replaced_is_left_out_and_said(world, how):
    answer = published_with(world, uris(20), how, uris=uris(40))
    assert world.playlist() == [*RESERVES, *uris(20, 20)]
    assert answer.tracks_added == 35
    assert answer.left_out == uris(5, 15)


@pytest.mark.parametrize("how", KINDS_OF_DEAD)
def test_dead_reserves_are_passed_over(world, how):
    answer = published_with(world, {uri(1), uri(3), RESERVES[0], RESERVES[2]}, how)
    assert world.playlist() == [uri(0), RESERVES[1], uri(2), RESERVES[3], uri(4)]
    assert answer.replaced == ((uri(1), RESERVES[1]), (uri(3), RESERVES[3]))


@pytest.mark.parametrize("how", KINDS_OF_DEAD)
def test_with_all_reserves_dead_the_rest_is_published(world, how):
    answer = published_with(world, {uri(1), *RESERVES}, how)
    assert world.playlist() == [uri(0), uri(2), uri(3), uri(4)]
    assert (answer.tracks_added, answer.left_out) == (4, (uri(1),))


@pytest.mark.parametrize("how", KINDS_OF_DEAD)
def test_with_every_track_dead_the_answer_says_that_none_was_added(world, how):
    answer = published_with(world, {*uris(5), *RESERVES}, how)
    assert world.playlist() == []
    assert (answer.tracks_added, answer.left_out) == (0, uris(5))
    assert "none of these tracks" in answer.notes[0]


def test_a_track_that_does_not_say_whether_it_plays_counts_as_playable(world, monkeypatch):
    read = world.service.read_items
    monkeypatch.setattr(world.service, "read_items", lambda name: [replace(row, playable=None) for row in read(name)])
    assert world.publish(request()).tracks_added == 5


def test_unknown_and_unplayable_tracks_together(world):
    world.service.unknown = {uri(0), RESERVES[0]}
    world.service.unplayable = {uri(4), RESERVES[1]}
    answer = world.publish_until_answered(request())
    assert world.playlist() == [RESERVES[2], uri(1), uri(2), uri(3), RESERVES[3]]
    assert answer.tracks_added == 5


def test_looking_for_a_dead_track_never_takes_away_what_a_playlist_held(world):
    answer = world.publish(request())
    world.service.unknown = {uri(52)}
    world.publish(change(answer), "NEVERLOGME-another-key")
    (playlist,) = world.service.playlists.values()
    before, *between, after = playlist.history
    assert between
    assert all(content[:5] == before for content in between)
    assert after == (uri(50), uri(51), RESERVES[0], uri(53))


def test_a_playlist_keeps_its_tracks_when_spotify_knows_none_of_the_new_ones(world):
    answer = world.publish(request())
    world.service.unknown = {*uris(4, 50), *RESERVES}
    changed = world.publish(change(answer), "NEVERLOGME-another-key")
    assert world.playlist() == list(uris(5))
    assert changed.tracks_added == 0
    assert changed.notes


def test_a_search_for_dead_tracks_goes_on_where_the_last_attempt_stopped(world):
    world.clock.step = timedelta(seconds=2)
    world.service.unknown = {*uris(40), *RESERVES}
    answer = world.publish_until_answered(request(uris=uris(110)))
    assert world.playlist() == list(uris(70, 40))
    assert answer.left_out == uris(40)
    assert {type(error) for error in world.errors} == {PublishingUnfinished}


def test_a_dead_reserve_is_found_without_testing_the_accepted_tracks_again(world):
    world.service.unknown = {uri(0), RESERVES[0]}
    assert world.publish(request(uris=uris(100))).tracks_added == 100
    calls = world.service.faults.calls
    second_round = len(calls) - 1 - calls[::-1].index("replace_items")
    assert calls[second_round - 2 :] == ["replace_items", "append_items", "replace_items", "read_items"]


def test_an_interrupted_search_does_not_test_again_what_it_has_found(world):
    world.service.unknown = {uri(0), uri(1)}
    world.service.faults.add(Fault(UpstreamUnavailable("down"), method="append_items", call=2))
    answer = world.publish_until_answered(request(uris=uris(4)))
    assert answer.tracks_added == 4
    # [0 1 2 3] is refused, then [0 1] and [0]; [1] fails, and is all that is left to test.
    assert world.service.faults.calls[1:8] == [
        "replace_items",
        *["append_items"] * 3,
        "append_items",
        "replace_items",
        "read_items",
    ]


def test_tracks_that_spotify_lists_under_another_uri_are_accepted_and_said(world):
    world.service.relinked = {uri(2): uri(900)}
    answer = world.publish(request())
    assert world.playlist() == list(uris(5))
    assert (answer.tracks_added, answer.replaced) == (5, ())
    assert "1 track in another release" in answer.notes[0]


@pytest.mark.parametrize("others", [0, 4, 5, 6])
def test_somebody_elses_write_in_between_is_overwritten_and_not_taken_for_a_relinked_track(world, others):
    def interfere(number: int) -> None:
        if number == 1:
            next(iter(world.service.playlists.values())).uris = list(uris(others, 700))

    world.service.faults.after_call = interfere
    answer = world.publish(request())
    assert world.playlist() == list(uris(5))
    assert answer.notes == ()


def test_a_400_that_no_single_track_explains_ends_as_unfinished(world):
    answer = world.publish(request())
    world.service.faults.add(Fault(UpstreamRefused("odd", 400), method="replace_items", call=1, times=1000))
    with pytest.raises(PublishingUnfinished):
        world.publish(change(answer), "NEVERLOGME-another-key")
    world.service.faults.clear()
    changed = world.publish(change(answer), "NEVERLOGME-another-key")
    assert (changed.tracks_added, changed.replaced) == (4, ())
    assert world.playlist() == list(uris(4, 50))


def test_an_unanswered_write_that_was_done_is_seen_and_not_repeated(world):
    world.service.faults.add(Fault(UpstreamUncertain("lost"), Moment.AFTER, "replace_items"))
    assert world.publish(request()).tracks_added == 5
    assert world.service.faults.calls == ["create_playlist", "replace_items", "read_items"]


def test_an_unanswered_write_that_was_not_done_is_repeated(world):
    world.service.faults.add(Fault(UpstreamUncertain("lost"), Moment.BEFORE, "replace_items"))
    assert world.publish(request()).tracks_added == 5
    assert world.service.faults.calls == ["create_playlist", *["replace_items", "read_items"] * 2]


def test_writes_that_are_never_answered_end_as_unfinished_after_a_few(world):
    world.service.faults.add(Fault(UpstreamUncertain("lost"), Moment.BEFORE, "replace_items", times=1000))
    with pytest.raises(PublishingUnfinished):
        world.publish(request())
    assert world.service.faults.calls.count("replace_items") == world.settings.fill_attempts


def test_an_unanswered_change_is_not_taken_for_done_because_the_old_tracks_are_as_many(world):
    answer = world.publish(request())
    world.service.unplayable = {uri(0)}
    world.service.faults.add(Fault(UpstreamUncertain("lost"), Moment.BEFORE, "replace_items", call=1))
    changed = world.publish(change(answer, uris=uris(5, 50)), "NEVERLOGME-another-key")
    assert world.playlist() == list(uris(5, 50))
    assert (changed.replaced, changed.notes) == ((), ())


# Spotify says no


def test_a_limit_opens_the_circuit_and_nobody_asks_before_its_end(world):
    world.service.faults.add(Fault(UpstreamRateLimited("429", 4000, quota=True), method="replace_items"))
    with pytest.raises(PublishingUnavailable) as caught:
        world.publish(request())
    assert caught.value.retry_after_seconds == 4000
    world.service.faults.calls.clear()
    counters = dict(world.store.counters)
    world.clock.advance(1000)
    for key in (KEY, "NEVERLOGME-another-key"):
        with pytest.raises(PublishingUnavailable) as caught:
            world.publish(request(), key)
        assert caught.value.retry_after_seconds == 3000
        assert "Copying" in caught.value.message
    assert world.service.faults.calls == []
    assert world.store.counters == counters
    world.clock.advance(3000)
    world.service.faults.clear()
    assert world.publish(request()).tracks_added == 5
    assert len(world.service.playlists) == 1


def test_a_dead_consent_is_the_operators_to_renew_and_keeps_its_cause_for_the_alarm(world):
    world.service.faults.add(Fault(ConsentNeeded("revoked")))
    with pytest.raises(PublishingUnavailable) as caught:
        world.publish(request())
    assert isinstance(caught.value.__cause__, ConsentNeeded)
    assert "operator" in caught.value.message
    assert "Copying" in caught.value.message
    assert world.publish(request()).tracks_added == 5


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_names_no_time_because_waiting_does_not_help(world, status):
    world.service.faults.add(Fault(UpstreamRefused("no", status), method="replace_items"))
    with pytest.raises(PublishingUnavailable) as caught:
        world.publish(request())
    assert caught.value.retry_after_seconds is None
    assert isinstance(caught.value.__cause__, UpstreamRefused)


def test_a_new_playlist_that_spotify_does_not_find_yet_is_tried_again(world):
    world.service.faults.add(Fault(UnknownPlaylist("404"), method="replace_items"))
    answer = world.publish_until_answered(request())
    assert [type(error) for error in world.errors] == [PublishingUnfinished]
    assert answer.tracks_added == 5
    assert len(world.service.playlists) == 1


def not_found(world: World) -> None:
    """The new playlist is made, and Spotify does not find it to fill it, however often it is asked."""
    world.service.faults.add(Fault(UnknownPlaylist("404"), method="replace_items", times=1000))
    with pytest.raises(PublishingUnfinished):
        world.publish(request())
    world.clock.advance(200)


def test_a_new_playlist_that_was_removed_ends_in_a_plain_statement_that_costs_no_calls_again(world):
    not_found(world)
    (removed,) = world.service.playlists
    world.service.remove(removed)
    with pytest.raises(PublishingUnavailable, match="new key") as caught:
        world.publish(request())
    assert caught.value.removed == removed
    asked = len(world.service.faults.calls)
    with pytest.raises(PublishingUnavailable, match="new key") as caught:
        world.publish(request())
    assert caught.value.removed == removed
    assert len(world.service.faults.calls) == asked


@pytest.mark.parametrize("list_is_cut", [False, True])
def test_a_playlist_that_may_still_be_in_the_account_is_not_given_up_and_seldom_looked_for(world, list_is_cut):
    not_found(world)
    world.service.list_is_cut = list_is_cut
    for _ in range(2):
        with pytest.raises(PublishingUnfinished, match="does not find it now") as caught:
            world.publish(request())
        assert caught.value.retry_after_seconds == 3600
    assert world.service.faults.calls.count("find_playlists") == 1
    world.clock.advance(3600)
    world.service.faults.clear()
    assert world.publish(request()).tracks_added == 5
    assert len(world.service.playlists) == 1


def test_a_twin_takes_the_place_of_a_removed_playlist(world):
    not_found(world)
    ((removed, playlist),) = world.service.playlists.items()
    twin = world.service.create_playlist(playlist.text)
    world.service.remove(removed)
    with pytest.raises(PublishingUnfinished):
        world.publish(request())
    world.service.faults.clear()
    assert world.publish(request()).playlist_id == twin
    assert list(world.service.playlists) == [twin]


def test_a_list_that_cannot_be_read_says_nothing_about_a_playlist_that_was_not_found(world):
    not_found(world)
    world.service.faults.add(Fault(UpstreamUnavailable("down"), method="find_playlists"))
    with pytest.raises(PublishingUnavailable) as caught:
        world.publish(request())
    assert caught.value.removed is None
    assert caught.value.retry_after_seconds


# Lost answers to a creation


def lose_the_answer(world: World, moment: Moment) -> None:
    world.service.faults.add(Fault(UpstreamUncertain("lost"), moment, "create_playlist"))


def test_the_id_of_a_new_playlist_is_saved_again_when_the_store_fails_once(world):
    world.store.faults.add(Fault(UpstreamUnavailable("down"), method="save", call=1))
    with pytest.raises(PublishingUnavailable):
        world.publish(request())
    world.publish(request())
    assert world.playlist() == list(uris(5))
    assert "find_playlists" not in world.service.faults.calls


def test_a_playlist_whose_answer_was_lost_is_found_within_the_same_request(world):
    lose_the_answer(world, Moment.AFTER)
    assert world.publish(request()).tracks_added == 5
    assert world.playlist() == list(uris(5))


def test_once_the_playlist_was_found_there_is_no_more_doubt(world):
    lose_the_answer(world, Moment.AFTER)
    world.service.faults.add(Fault(UpstreamUnavailable("down"), method="replace_items"))
    with pytest.raises(PublishingUnavailable) as caught:
        world.publish(request())
    assert "not known" not in caught.value.message


def test_a_creation_that_never_arrived_is_unknown_until_the_list_has_settled_and_then_sent_again(world):
    lose_the_answer(world, Moment.BEFORE)
    answer = world.publish_until_answered(request())
    assert answer.tracks_added == 5
    assert world.playlist() == list(uris(5))
    assert {type(error) for error in world.errors} == {PublicationUnknown}
    assert world.clock.now >= NOON + timedelta(seconds=world.settings.settle_seconds)
    assert world.service.faults.calls.count("create_playlist") == 2


def test_a_playlist_that_is_listed_late_is_waited_for(world):
    world.service = MemoryPlaylistService(clock=world.clock, listed_after=timedelta(seconds=100))
    lose_the_answer(world, Moment.AFTER)
    world.publish_until_answered(request())
    assert world.playlist() == list(uris(5))
    assert {type(error) for error in world.errors} == {PublicationUnknown}


def test_while_the_list_cannot_be_read_to_its_end_nothing_is_created(world):
    lose_the_answer(world, Moment.BEFORE)
    world.service.list_is_cut = True
    for _ in range(5):
        with pytest.raises(PublicationUnknown):
            world.publish(request())
        world.clock.advance(3600)
    assert world.service.faults.calls.count("create_playlist") == 1
    world.service.list_is_cut = False
    world.publish(request())
    assert world.playlist() == list(uris(5))


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("down"),
        UpstreamRateLimited("429", 20, False),
        ConsentNeeded("dead"),
        UpstreamRefused("", 403),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_while_looking_says_that_the_playlist_may_exist(world, error):
    lose_the_answer(world, Moment.AFTER)
    world.service.faults.add(Fault(error, method="find_playlists"))
    with pytest.raises(PublicationUnknown, match="not known"):
        world.publish(request())
    world.clock.advance(30)
    assert world.publish(request()).tracks_added == 5
    assert len(world.service.playlists) == 1


def test_a_circuit_does_not_hide_that_the_playlist_may_exist(world):
    lose_the_answer(world, Moment.AFTER)
    world.service.faults.add(Fault(UpstreamRateLimited("429", 3600, True), method="find_playlists"))
    waits = []
    for _ in range(2):
        with pytest.raises(PublicationUnknown, match="not known") as caught:
            world.publish(request())
        waits.append(caught.value.retry_after_seconds)
        world.clock.advance(600)
    assert waits == [3600, 3000]


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("down"),
        UpstreamRateLimited("429", 20, False),
        ConsentNeeded("dead"),
        UpstreamRefused("", 403),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_creation_that_was_refused_for_certain_is_simply_sent_again(world, error):
    world.service.faults.add(Fault(error, method="create_playlist"))
    with pytest.raises(PublishingUnavailable) as caught:
        world.publish(request())
    assert "not known" not in caught.value.message
    world.clock.advance(20)
    world.publish(request())
    assert "find_playlists" not in world.service.faults.calls


def test_a_lost_creation_is_not_looked_for_before_its_time_however_often_anybody_asks(world):
    lose_the_answer(world, Moment.BEFORE)
    waits = []
    for _ in range(4):
        with pytest.raises(PublicationUnknown) as caught:
            world.publish(request())
        waits.append(caught.value.retry_after_seconds)
        world.clock.advance(9)
    assert waits == [30, 21, 12, 3]
    assert world.service.faults.calls.count("find_playlists") == 1
    world.clock.advance(PublishSettings().settle_seconds)
    world.publish(request())
    assert world.playlist() == list(uris(5))


def test_of_several_playlists_with_one_reference_the_oldest_is_taken_and_the_others_are_named(world):
    lose_the_answer(world, Moment.BEFORE)
    with pytest.raises(PublicationUnknown):
        world.publish(request())
    (record,) = world.store.publications.values()
    made = [world.service.create_playlist(PlaylistText("Title", record.reference, True)) for _ in range(3)]
    world.clock.advance(PublishSettings().poll_seconds)
    answer = world.publish(request())
    assert answer.playlist_id == made[0]
    assert all(name in answer.notes[0] for name in made[1:])
    assert world.publish(request()) == answer


def test_without_time_to_look_the_answer_says_that_the_playlist_may_exist(world):
    lose_the_answer(world, Moment.AFTER)
    world.service.faults.after_call = lambda number: world.clock.advance(20)
    with pytest.raises(PublicationUnknown) as caught:
        world.publish(request())
    assert caught.value.retry_after_seconds <= 2
    world.service.faults.after_call = lambda number: None
    assert world.publish(request()).tracks_added == 5
    assert len(world.service.playlists) == 1


def test_a_list_that_was_read_before_it_had_settled_proves_nothing(world):
    lose_the_answer(world, Moment.BEFORE)
    with pytest.raises(PublicationUnknown):
        world.publish(request())
    world.clock.now = NOON + timedelta(seconds=world.settings.settle_seconds - 1)
    world.service.faults.after_call = lambda number: world.clock.advance(5)
    with pytest.raises(PublicationUnknown):
        world.publish(request())
    assert world.service.faults.calls.count("create_playlist") == 1


def test_a_playlist_of_another_reference_is_not_adopted(world):
    world.service.create_playlist(PlaylistText("Title", "Words · ref 0123456789", True))
    lose_the_answer(world, Moment.BEFORE)
    world.publish_until_answered(request())
    assert [len(playlist.uris) for playlist in world.service.playlists.values()] == [0, 5]


# Time


def test_no_call_starts_that_might_outlast_the_deadline(world):
    deadline = NOON + timedelta(seconds=world.settings.call_seconds)
    world.clock.advance(0.001)
    with pytest.raises(PublishingUnfinished) as caught:
        world.publisher.publish(request(), KEY, CLIENT, deadline)
    assert type(caught.value) is PublishingUnfinished
    assert caught.value.retry_after_seconds <= 2
    assert world.service.faults.calls == []
    assert world.publish(request()).tracks_added == 5
    assert "find_playlists" not in world.service.faults.calls


@pytest.mark.parametrize("seconds", [1, 2, 4])
def test_slow_calls_only_make_for_more_attempts(seconds):
    world = World(clock=FakeClock(timedelta(seconds=seconds)))
    world.service.unknown = {uri(3), uri(105)}
    world.service.unplayable = {RESERVES[0]}
    answer = world.publish_until_answered(request(uris=uris(110)))
    assert answer.tracks_added == 110
    assert len(world.playlist()) == 110
    assert set(world.store.counters.values()) == {1}


# Faults at every step


@dataclass(frozen=True)
class Scenario:
    """What is published, into which world, and what must come out of it."""

    name: str
    request: PublishRequest
    unknown: frozenset[str] = frozenset()
    unplayable: frozenset[str] = frozenset()
    wanted: tuple[str, ...] = ()
    is_change: bool = False

    def prepare(self) -> tuple[World, PublishRequest]:
        world = World()
        made = self.request
        if self.is_change:
            first = world.publish(request(), "NEVERLOGME-key-of-the-first")
            made = change(first, uris=self.request.uris)
        world.service.unknown = set(self.unknown)
        world.service.unplayable = set(self.unplayable)
        for plan in (world.service.faults, world.store.faults):
            plan.calls.clear()
        return world, made


SCENARIOS = [
    Scenario("plain", request(), wanted=uris(5)),
    Scenario(
        "two chunks, dead tracks",
        request(uris=uris(102)),
        unknown=frozenset({uri(1), uri(101)}),
        unplayable=frozenset({uri(7), RESERVES[0]}),
        wanted=(uri(0), RESERVES[1], *uris(5, 2), RESERVES[2], *uris(93, 8), RESERVES[3]),
    ),
    Scenario(
        "change in place",
        request(uris=uris(6, 50)),
        unknown=frozenset({uri(52)}),
        wanted=(uri(50), uri(51), RESERVES[0], *uris(3, 53)),
        is_change=True,
    ),
]
SERVICE_FAULTS: dict[str, tuple[BaseException, Moment]] = {
    "down before": (UpstreamUnavailable("down"), Moment.BEFORE),
    "limited before": (UpstreamRateLimited("429", 300, True), Moment.BEFORE),
    "lost before it was done": (UpstreamUncertain("lost"), Moment.BEFORE),
    "lost after it was done": (UpstreamUncertain("lost"), Moment.AFTER),
    "killed before": (ProcessKilled(), Moment.BEFORE),
    "killed after": (ProcessKilled(), Moment.AFTER),
}
STORE_FAULTS: dict[str, tuple[BaseException, Moment]] = {
    "down before": (UpstreamUnavailable("down"), Moment.BEFORE),
    "down after": (UpstreamUnavailable("down"), Moment.AFTER),
    "killed before": (ProcessKilled(), Moment.BEFORE),
    "killed after": (ProcessKilled(), Moment.AFTER),
}
READS = {"read_items", "find_playlists"}


def calls_without_fault(scenario: Scenario, where: str) -> list[str]:
    world, made = scenario.prepare()
    world.publish(made)
    return list(plan_of(world, where).calls)


def plan_of(world: World, where: str) -> FaultPlan:
    return world.service.faults if where == "service" else world.store.faults


def check_outcome(scenario: Scenario, world: World, answer: PublishedPlaylist, made: PublishRequest) -> None:
    assert world.playlist() == list(scenario.wanted)
    assert answer.tracks_added == len(scenario.wanted)
    assert answer.playlist_id in world.service.playlists
    untroubled, same = scenario.prepare()
    assert answer == untroubled.publish(same)
    creations = [count for (name, _), count in world.store.counters.items() if name.startswith("creations")]
    updates = [count for (name, _), count in world.store.counters.items() if name.startswith("updates")]
    assert creations == [1, 1]
    assert updates == ([1, 1] if scenario.is_change else [])
    # The token opens the playlist, and the same request is answered in the same way.
    assert world.publish(made) == answer
    world.publish_until_answered(change(answer), "NEVERLOGME-key-afterwards")


def every_fault() -> Sequence[object]:
    found = []
    for scenario, (where, faults) in product(SCENARIOS, [("service", SERVICE_FAULTS), ("store", STORE_FAULTS)]):
        calls = calls_without_fault(scenario, where)
        for number, (name, (error, moment)) in product(range(len(calls)), faults.items()):
            if isinstance(error, UpstreamUncertain) and calls[number] in READS:
                continue
            case_id = f"{scenario.name}-{where} {number} {calls[number]}-{name}"
            found.append(pytest.param(scenario, where, Fault(error, moment, call=number), id=case_id))
    return found


@pytest.mark.parametrize(("scenario", "where", "fault"), every_fault())
def test_after_a_fault_at_any_step_the_same_request_ends_in_one_right_playlist(scenario, where, fault):
    world, made = scenario.prepare()
    plan_of(world, where).add(fault)
    answer = world.publish_until_answered(made)
    assert len(plan_of(world, where).calls) > fault.call
    check_outcome(scenario, world, answer, made)


@pytest.mark.parametrize("second", SERVICE_FAULTS)
@pytest.mark.parametrize(
    "first", ["lost before it was done", "lost after it was done", "killed before", "killed after"]
)
def test_two_creations_in_a_row_may_fail(first, second):
    scenario = SCENARIOS[0]
    world, made = scenario.prepare()
    for name, call in ((first, 0), (second, 1)):
        error, moment = SERVICE_FAULTS[name]
        world.service.faults.add(Fault(error, moment, "create_playlist", call))
    answer = world.publish_until_answered(made)
    check_outcome(scenario, world, answer, made)


@given(
    scenario=st.sampled_from(SCENARIOS),
    service_faults=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(sorted(SERVICE_FAULTS))), max_size=6),
    store_faults=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(sorted(STORE_FAULTS))), max_size=6),
    listed_after=st.integers(0, 110),
    step=st.sampled_from([0.0, 0.5, 2.0]),
)
@settings(max_examples=150)
def test_any_sequence_of_faults_ends_in_one_right_playlist(scenario, service_faults, store_faults, listed_after, step):
    world, made = scenario.prepare()
    world.service.listed_after = timedelta(seconds=listed_after)
    world.clock.step = timedelta(seconds=step)
    for faults, where, kinds in (
        (service_faults, "service", SERVICE_FAULTS),
        (store_faults, "store", STORE_FAULTS),
    ):
        for number, name in faults:
            error, moment = kinds[name]
            plan_of(world, where).add(Fault(error, moment, call=number))
    answer = world.publish_until_answered(made)
    for plan in (world.service.faults, world.store.faults):
        plan.clear()
    world.clock.step = timedelta(0)
    check_outcome(scenario, world, answer, made)


# Two attempts at once


@pytest.mark.parametrize("stalled", [0, REQUEST_SECONDS + math.ceil(PublishSettings().lease_margin_seconds) + 1])
@pytest.mark.parametrize(
    ("where", "number"),
    [
        (where, number)
        for where in ("service", "store")
        for number in range(len(calls_without_fault(SCENARIOS[1], where)))
    ],
)
def test_a_second_attempt_between_any_two_steps_of_the_first_does_no_harm(where, number, stalled):
    """``stalled`` is how long the first attempt sleeps there: not at all, or until its lease is over."""
    scenario = SCENARIOS[1]
    world, made = scenario.prepare()
    outcomes: list[object] = []

    def second_attempt(done: int) -> None:
        if done == number and not outcomes:
            outcomes.append("under way")
            world.clock.advance(stalled)
            try:
                outcomes.append(world.publish(made))
            except (PublishingUnfinished, PublishingUnavailable) as error:
                outcomes.append(error)

    plan_of(world, where).after_call = second_attempt
    answer = world.publish_until_answered(made)
    _, second = outcomes
    assert isinstance(second, PublishedPlaylist | PublishingUnfinished)
    check_outcome(scenario, world, answer, made)
    if isinstance(second, PublishedPlaylist):
        assert second == answer


@pytest.mark.parametrize("stalled", [0, REQUEST_SECONDS + math.ceil(PublishSettings().lease_margin_seconds) + 1])
@pytest.mark.parametrize(
    ("length", "where", "number"),
    [
        (length, where, number)
        for length, where, calls in [(6, "service", 3), (6, "store", 7), (104, "service", 4), (104, "store", 7)]
        for number in range(calls)
    ],
)
def test_two_changes_of_one_playlist_at_once_never_leave_a_mix(length, where, number, stalled):
    """``stalled`` is how long the first change sleeps in between: not at all, or until it holds nothing any more."""
    world = World()
    created = world.publish(request(), "NEVERLOGME-key-of-the-first")
    for plan in (world.service.faults, world.store.faults):
        plan.calls.clear()
    one = change(created, title="One", uris=uris(length, 100))
    other = change(created, title="Other", uris=uris(length, 300))
    others: list[object] = []

    def change_as_well(done: int) -> None:
        if done == number and not others:
            others.append("under way")
            world.clock.advance(stalled)
            try:
                others.append(world.publish(other, "NEVERLOGME-key-of-the-other"))
            except PublishingUnfinished as error:
                others.append(error)

    plan_of(world, where).after_call = change_as_well
    answer = world.publish_until_answered(one)
    (playlist,) = world.service.playlists.values()
    wholes = {made.title: list(made.uris) for made in (one, other)}
    assert playlist.uris == wholes[playlist.text.title]
    assert answer.tracks_added == length
    assert isinstance(others[1], PublishedPlaylist) or playlist.text.title == "One"
    assert not any("another release" in note for note in answer.notes)


def test_a_change_that_stopped_lets_the_playlist_go_for_the_next(world):
    created = world.publish(request())
    world.service.faults.add(Fault(UpstreamUnavailable("down"), method="change_details"))
    with pytest.raises(PublishingUnavailable):
        world.publish(change(created), "NEVERLOGME-another-key")
    assert world.publish(change(created, title="Next"), "NEVERLOGME-third-key").tracks_added == 4


def test_while_an_attempt_runs_another_is_told_when_to_come_back(world):
    world.service.faults.add(Fault(ProcessKilled(), method="replace_items"))
    with pytest.raises(ProcessKilled):
        world.publish(request())
    with pytest.raises(PublicationInProgress) as caught:
        world.publish(request())
    # Most attempts are over long before their lease is.
    assert caught.value.retry_after_seconds == world.settings.in_progress_seconds
    world.clock.advance(REQUEST_SECONDS + math.ceil(world.settings.lease_margin_seconds))
    assert world.publish(request()).tracks_added == 5


def test_an_attempt_that_ends_in_a_known_error_gives_its_lease_back(world):
    world.service.faults.add(Fault(UpstreamUnavailable("down"), method="replace_items"))
    with pytest.raises(PublishingUnavailable):
        world.publish(request())
    (record,) = world.store.publications.values()
    assert record.lease_until is None
    assert record.state is PublicationState.CREATED


def test_a_finished_publication_holds_no_lease(world):
    world.publish(request())
    (record,) = world.store.publications.values()
    assert (record.state, record.lease_until) == (PublicationState.FILLED, None)


def test_errors_of_spotify_never_leave_as_such(world):
    faults: Sequence[UpstreamError] = (
        UpstreamUnavailable("a"),
        UpstreamUncertain("b"),
        UpstreamRateLimited("c", 1, False),
        UpstreamRefused("d", 500),
        UnknownPlaylist("e"),
        ConsentNeeded("f"),
        UpstreamError("g"),
    )
    for error, method in product(faults, ("create_playlist", "replace_items", "read_items")):
        fresh = World()
        fresh.service.faults.add(Fault(error, method=method, times=1000))
        with pytest.raises((PublishingUnavailable, PublishingUnfinished)):
            fresh.publish(request())
