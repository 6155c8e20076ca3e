"""What every store of releases promises, the fake and DynamoDB alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched

import pytest

from daltonify_core.adapters.dynamodb import DynamoReleaseStore
from daltonify_core.errors import CapReached, UpstreamUnavailable
from daltonify_core.ports.limits import Cap
from daltonify_core.releases.profile import ListedTrack
from daltonify_core.releases.release import (
    STALE,
    PublishPlan,
    ReferenceKind,
    Release,
    ReleaseReference,
    ReleaseState,
    Trigger,
)
from daltonify_core.use_cases import sweep_releases as module
from daltonify_core.use_cases.sweep_releases import Sweep, sweep_releases
from tests.fakes.memory_releases import MemoryReleaseQueue, MemoryReleases

NOON = datetime(2026, 1, 2, 12, 0, 0, 250_000, UTC)
MIDNIGHT = datetime(2026, 1, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=90)
YEAR = timedelta(days=365)
ARTIST = "A" * 22
PLAN = PublishPlan(
    number=2,
    title="Ünusual «title»",
    description="",
    uris=("spotify:track:a", "spotify:track:b"),
    own_uris=("spotify:track:a",),
    reserves=("spotify:track:c",),
    playlist_id="p" * 22,
    base_version=3,
    index_version="v1",
    tracks=(ListedTrack("spotify:track:a", "A", ("Me", "You"), True, 4, "2026-01"), ListedTrack("b", "B", ("X",))),
    notes=("one", ""),
)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request):
    if request.param == "memory":
        return MemoryReleases()
    aws = request.getfixturevalue("aws")
    return DynamoReleaseStore(aws.dynamodb, aws.make_table())


def release(release_id: str = "r1", **fields: object) -> Release:
    usual: dict[str, object] = {
        "artist_id": ARTIST,
        "reference": ReleaseReference(ReferenceKind.ISRC, "QZES72400001"),
        "trigger": Trigger.HOOK,
        "received_at": NOON,
        "since": NOON,
        "expires_at": NOON + YEAR,
        "next_attempt_at": NOON,
    }
    return Release(release_id, **usual | fields)  # type: ignore[arg-type]


def daily(limit: int, counter: str = "day") -> Cap:
    return Cap(counter, limit, MIDNIGHT, f"{counter} is used up")


def begin(store, *releases: Release) -> None:
    for one in releases:
        assert store.begin(one, f"key of {one.release_id}", [], NOON) is None


def test_a_release_that_was_begun_is_found_as_it_was_until_it_expires(store):
    assert store.find("r1", NOON) is None
    begin(store, release())
    assert store.find("r1", NOON + YEAR - SECOND) == release()
    assert store.find("r1", NOON + YEAR) is None
    assert store.find("r2", NOON) is None


def test_every_field_survives(store):
    begin(store, release())
    claimed = store.claim("r1", NOON, NOON + LEASE)
    full = replace(
        claimed,
        hook_id="h1",
        title="Ünusual «text»",
        state=ReleaseState.WAITING,
        misses=3,
        next_attempt_at=NOON + YEAR / 2,
        queued_at=NOON + SECOND,
        why="because",
        notes=("one", ""),
        track_id="t" * 22,
        release_date="2026-01-02",
        plan=PLAN,
        playlist_id="p" * 22,
        version=4,
    )
    assert store.save(full, ReleaseState.RESOLVING)
    assert store.find("r1", NOON) == full
    done = replace(full, state=ReleaseState.PUBLISHING)
    store.claim("r1", NOON + YEAR / 2, NOON + YEAR / 2 + LEASE)
    assert not store.save(done, ReleaseState.WAITING), "its attempt is over"


def test_beginning_twice_under_one_key_gives_the_first_release_and_counts_once(store):
    assert store.begin(release(), "key", [daily(1)], NOON) is None
    assert store.begin(release("r2"), "key", [daily(1)], NOON + SECOND) == release()
    assert store.find("r2", NOON) is None
    with pytest.raises(CapReached, match="day is used up"):
        store.begin(release("r3"), "another key", [daily(1)], NOON)
    assert store.find("r3", NOON) is None
    assert store.of_artist(ARTIST, 10, NOON) == [release()]


def test_of_several_caps_the_one_that_is_used_up_is_told_and_nothing_is_counted(store):
    store.begin(release(), "one", [daily(1, "small")], NOON)
    with pytest.raises(CapReached, match="small is used up"):
        store.begin(release("r2"), "two", [daily(2, "large"), daily(1, "small")], NOON)
    for number in (3, 4):
        assert store.begin(release(f"r{number}"), f"{number}", [daily(2, "large")], NOON) is None


def test_a_key_makes_way_with_its_release(store):
    store.begin(release(), "key", [], NOON)
    later = release("r2", received_at=NOON + YEAR, expires_at=NOON + 2 * YEAR)
    assert store.begin(later, "key", [], NOON + YEAR) is None
    assert store.find("r2", NOON + YEAR) == later


@pytest.mark.parametrize(
    ("state", "plan", "expected"),
    [
        (ReleaseState.RECEIVED, None, ReleaseState.RESOLVING),
        (ReleaseState.RECEIVED, PLAN, ReleaseState.RESOLVING),
        (ReleaseState.WAITING, None, ReleaseState.RESOLVING),
        (ReleaseState.WAITING, PLAN, ReleaseState.PUBLISHING),
        (ReleaseState.RESOLVING, None, ReleaseState.RESOLVING),
        (ReleaseState.PUBLISHING, PLAN, ReleaseState.PUBLISHING),
    ],
)
def test_whoever_claims_goes_on_where_the_last_one_stopped(store, state, plan, expected):
    begin(store, release(state=state, plan=plan))
    claimed = store.claim("r1", NOON, NOON + LEASE)
    assert claimed == release(state=expected, plan=plan, attempt=1, unended=1, next_attempt_at=NOON + LEASE)
    assert store.find("r1", NOON) == claimed


def test_nobody_else_gets_a_release_before_the_lease_ends(store):
    begin(store, release())
    assert store.claim("r1", NOON, NOON + LEASE) is not None
    assert store.claim("r1", NOON + LEASE - SECOND, NOON + 2 * LEASE) is None
    second = store.claim("r1", NOON + LEASE, NOON + 2 * LEASE)
    assert (second.attempt, second.unended) == (2, 2)


@pytest.mark.parametrize("state", [ReleaseState.DONE, ReleaseState.FAILED])
def test_what_is_finished_waiting_or_absent_is_not_claimed(store, state):
    begin(store, release(state=state), release("r2", next_attempt_at=NOON + SECOND))
    assert store.claim("r1", NOON + YEAR / 2, NOON + YEAR) is None
    assert store.claim("r2", NOON, NOON + LEASE) is None
    assert store.claim("r3", NOON, NOON + LEASE) is None


def test_of_eight_workers_at_once_one_gets_it(store):
    begin(store, release())
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: store.claim("r1", NOON, NOON + LEASE), range(8)))
    assert sum(claim is not None for claim in claims) == 1


def test_only_the_latest_attempt_may_write(store):
    begin(store, release())
    first = store.claim("r1", NOON, NOON + LEASE)
    second = store.claim("r1", NOON + LEASE, NOON + 2 * LEASE)
    assert not store.save(replace(first, state=ReleaseState.WAITING), ReleaseState.RESOLVING)
    assert store.find("r1", NOON) == second
    assert store.save(replace(second, state=ReleaseState.PUBLISHING, plan=PLAN), ReleaseState.RESOLVING)


def test_a_step_that_the_states_do_not_allow_is_never_stored(store):
    begin(store, release())
    claimed = store.claim("r1", NOON, NOON + LEASE)
    with pytest.raises(ValueError, match="resolving cannot become received"):
        store.save(replace(claimed, state=ReleaseState.RECEIVED), ReleaseState.RESOLVING)
    assert store.find("r1", NOON) == claimed


def test_due_are_open_releases_whose_time_has_come_the_longest_due_first(store):
    begin(
        store,
        release("late", next_attempt_at=NOON - SECOND),
        release("now"),
        release("later", next_attempt_at=NOON + SECOND),
        release("done", state=ReleaseState.DONE, next_attempt_at=None),
        release("failed", state=ReleaseState.FAILED, next_attempt_at=None),
    )
    assert [one.release_id for one in store.due(NOON)] == ["late", "now"]
    assert next(store.due(NOON)).release_id == "late"
    assert [one.release_id for one in store.due(NOON + SECOND)] == ["late", "now", "later"]


def test_what_ends_is_due_no_more(store):
    begin(store, release())
    claimed = store.claim("r1", NOON, NOON + LEASE)
    assert list(store.due(NOON)) == []
    assert list(store.due(NOON + LEASE)) == [claimed]
    done = replace(claimed, state=ReleaseState.FAILED, why="no", next_attempt_at=None, finished_at=NOON)
    assert store.save(done, ReleaseState.RESOLVING)
    assert list(store.due(NOON + YEAR / 2)) == []


def test_that_a_message_was_sent_is_remembered_for_the_attempt_it_was_sent_for(store):
    begin(store, release())
    store.note_queued("r1", 0, NOON + SECOND)
    assert store.find("r1", NOON).queued_at == NOON + SECOND
    store.claim("r1", NOON, NOON + LEASE)
    store.note_queued("r1", 0, NOON + LEASE)
    store.note_queued("r2", 0, NOON)
    assert store.find("r1", NOON).queued_at == NOON + SECOND
    assert store.find("r2", NOON) is None


def test_an_artists_releases_come_newest_first(store):
    begin(
        store,
        release("first"),
        release("second", received_at=NOON + SECOND),
        release("of another", artist_id="B" * 22),
        release("expired", expires_at=NOON + SECOND),
    )
    assert [one.release_id for one in store.of_artist(ARTIST, 10, NOON + SECOND)] == ["second", "first"]
    assert [one.release_id for one in store.of_artist(ARTIST, 1, NOON)] == ["second"]
    assert store.of_artist("C" * 22, 10, NOON) == []


def test_a_track_belongs_to_the_release_that_was_there_first(store):
    assert store.own_track(ARTIST, "t1", "r1") == "r1"
    assert store.own_track(ARTIST, "t1", "r2") == "r1"
    assert store.own_track(ARTIST, "t1", "r1") == "r1"
    assert store.own_track("B" * 22, "t1", "r2") == "r2"
    assert store.own_track(ARTIST, "t2", "r2") == "r2"


def test_a_track_can_be_taken_over_from_the_release_that_was_seen(store):
    store.own_track(ARTIST, "t1", "r1")
    assert store.own_track(ARTIST, "t1", "r2", "r1") == "r2"
    assert store.own_track(ARTIST, "t1", "r3", "r1") == "r2"
    assert store.own_track(ARTIST, "t1", "r1") == "r2"
    assert store.own_track(ARTIST, "t2", "r1", "r9") == "r1"


def test_a_wait_ends_at_once_when_somebody_asks_unless_it_is_held(store):
    later = NOON + timedelta(hours=6)
    for release_id, held in (("r1", None), ("r2", later)):
        begin(store, release(release_id, isrc="QZES72400001"))
        claimed = store.claim(release_id, NOON, NOON + LEASE)
        waiting = replace(claimed, state=ReleaseState.WAITING, next_attempt_at=later, queued_at=NOON, held_until=held)
        assert store.hurry(release_id, NOON) is None, "a worker has it in hand"
        assert store.save(waiting, claimed.state)
        assert store.find(release_id, NOON) == waiting
    hurried = store.hurry("r1", NOON + SECOND)
    assert hurried == store.find("r1", NOON)
    assert (hurried.next_attempt_at, hurried.queued_at) == (NOON + SECOND, None)
    assert store.hurry("r2", NOON + SECOND) is None
    assert store.hurry("r2", later).next_attempt_at == later
    assert store.hurry("r3", NOON) is None


def test_a_failure_is_replayed_once_with_new_patience_and_another_plan(store):
    failed = release(state=ReleaseState.FAILED, attempt=7, misses=3, why="no", plan=PLAN, next_attempt_at=None)
    begin(store, failed, release("r2"))
    later = NOON + timedelta(days=20)
    anew = store.replay("r1", later)
    assert anew == replace(
        failed,
        state=ReleaseState.RECEIVED,
        attempt=8,
        misses=0,
        why=None,
        since=later,
        next_attempt_at=later,
        plan=replace(PLAN, base_version=STALE),
    )
    assert store.find("r1", NOON) == anew
    assert store.replay("r1", later) is None
    assert store.replay("r2", later) is None
    assert store.replay("r3", later) is None


def test_a_release_that_workers_died_of_is_replayed_with_the_plan_that_it_had(store):
    dead = release(state=ReleaseState.FAILED, attempt=6, unended=6, why="no", plan=PLAN, next_attempt_at=None)
    begin(store, dead)
    anew = store.replay("r1", NOON + SECOND)
    assert (anew.state, anew.attempt, anew.unended) == (ReleaseState.RECEIVED, 7, 0)
    assert anew.plan == PLAN
    assert store.find("r1", NOON) == anew


def test_due_releases_are_read_however_many_come_before_them(aws, monkeypatch):
    """Two pages that are on their way, then two that nobody has sent: sweeps come to all of these."""
    table = aws.make_table()
    store = DynamoReleaseStore(aws.dynamodb, table)
    begin(store, release("sent", queued_at=NOON), release("waiting", next_attempt_at=NOON + SECOND))
    # Copied, because the local server is slow at transactions.
    for name, numbers in (("sent", range(130)), ("waiting", range(130, 260))):
        key = {"pk": {"S": f"release#{name}"}, "sk": {"S": "release"}}
        item = aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
        for some in batched(numbers, 25):
            puts = [{"PutRequest": {"Item": {**item, "pk": {"S": f"release#r{number:04d}"}}}} for number in some]
            aws.dynamodb.batch_write_item(RequestItems={table: puts})
        aws.dynamodb.delete_item(TableName=table, Key=key)
    found = list(store.due(NOON + SECOND))
    assert len(found) == len({one.release_id for one in found}) == 260
    assert [one.queued_at for one in found] == [NOON] * 130 + [None] * 130
    queue = MemoryReleaseQueue()
    monkeypatch.setattr(module, "AT_ONCE", 100)
    for expected in (Sweep(100, 130, 0), Sweep(30, 230, 0)):
        assert sweep_releases(store, queue, lambda: NOON + SECOND) == expected
    assert {one.release_id for one in queue.sent} == {f"r{number:04d}" for number in range(130, 260)}


class BusyTable:
    """A client whose table leaves over what comes after the first ``most`` keys, for the first ``times`` calls."""

    def __init__(self, client, most: int, times: int) -> None:
        self._client = client
        self._most = most
        self._times = times
        self.asked: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    def batch_get_item(self, RequestItems):  # noqa: N803 - the SDK's name
        ((table, wanted),) = RequestItems.items()
        keys = wanted["Keys"]
        self.asked.append(len(keys))
        if len(self.asked) > self._times or len(keys) <= self._most:
            return self._client.batch_get_item(RequestItems=RequestItems)
        some = {table: {**wanted, "Keys": keys[: self._most]}}
        answer = (
            self._client.batch_get_item(RequestItems=some) if self._most else {"Responses": {}, "UnprocessedKeys": {}}
        )
        return {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": keys[self._most :]}}}


def busy_store(aws, most: int, times: int) -> tuple[DynamoReleaseStore, BusyTable, list[float]]:
    """A store of thirty releases whose table is busy, and how long it paused."""
    table = aws.make_table()
    begin(DynamoReleaseStore(aws.dynamodb, table), *(release(f"r{number:02d}") for number in range(30)))
    client, pauses = BusyTable(aws.dynamodb, most, times), list[float]()
    return DynamoReleaseStore(client, table, pauses.append), client, pauses  # type: ignore[arg-type]


def test_what_a_busy_table_leaves_over_is_asked_for_again_after_a_pause(aws):
    store, client, pauses = busy_store(aws, most=10, times=100)
    assert [one.release_id for one in store.of_artist(ARTIST, 50, NOON)] == [f"r{number:02d}" for number in range(30)][
        ::-1
    ]
    assert client.asked == [30, 20, 10]
    assert pauses == [0.05, 0.05]


def test_pauses_grow_while_nothing_comes(aws):
    store, client, pauses = busy_store(aws, most=0, times=3)
    assert len(list(store.due(NOON))) == 30
    assert client.asked == [30] * 4
    assert pauses == [0.05, 0.1, 0.2]


def test_a_table_that_stays_busy_is_told_as_such_and_left_alone(aws):
    store, client, pauses = busy_store(aws, most=0, times=1000)
    with pytest.raises(UpstreamUnavailable):
        store.of_artist(ARTIST, 50, NOON)
    assert len(client.asked) == 6
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8]


def test_a_table_that_cannot_be_reached_is_told_as_such(aws):
    store = DynamoReleaseStore(aws.dynamodb, "daltonify-missing")
    for ask in (
        lambda: store.find("r1", NOON),
        lambda: store.begin(release(), "key", [], NOON),
        lambda: next(store.due(NOON)),
        lambda: store.of_artist(ARTIST, 5, NOON),
        lambda: store.own_track(ARTIST, "t", "r1"),
        lambda: store.note_queued("r1", 0, NOON),
    ):
        with pytest.raises(UpstreamUnavailable):
            ask()
