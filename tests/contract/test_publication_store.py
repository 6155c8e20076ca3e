"""What every publication store promises, the fake and DynamoDB alike; and what DynamoDB has to stand besides."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from daltonify_core.adapters.dynamodb import DynamoPublicationStore
from daltonify_core.errors import CapReached, PublicationInProgress, UpstreamUnavailable
from daltonify_core.ports.limits import Cap, Circuit
from daltonify_core.ports.publishing import Publication, PublicationState
from tests.fakes.memory_publications import MemoryPublicationStore

NOON = datetime(2026, 1, 2, 12, 0, 0, 250_000, UTC)
MIDNIGHT = datetime(2026, 1, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request):
    if request.param == "memory":
        return MemoryPublicationStore()
    aws = request.getfixturevalue("aws")
    return DynamoPublicationStore(aws.dynamodb, aws.make_table())


def publication(key: str = "key", **fields: object) -> Publication:
    values = {
        "payload_hash": "payload",
        "reference": "ref 0123456789",
        "started_at": NOON,
        "expires_at": NOON + timedelta(days=30),
        "lease_until": NOON + LEASE,
        **fields,
    }
    return Publication(key=key, **values)  # type: ignore[arg-type]


def daily(limit: int, counter: str = "day", until: datetime | None = MIDNIGHT) -> Cap:
    return Cap(counter, limit, until, f"{counter} is used up")


def counted(store, cap: Cap, now: datetime = NOON) -> int:
    """How many more the cap allows, found out by using them up."""
    for number in range(100):
        try:
            store.count([cap], now)
        except CapReached:
            return number
    raise AssertionError("the cap has no end")


def test_a_publication_that_was_begun_is_found_as_it_was(store):
    assert store.find("key", NOON) is None
    assert store.begin(publication(), [], NOON) is None
    assert store.find("key", NOON) == publication()
    assert store.find("another", NOON) is None


def test_every_field_of_a_record_survives(store):
    full = publication(
        state=PublicationState.FILLED,
        lease_until=None,
        create_sent_at=NOON + SECOND,
        playlist_id="4HJ7mSMtHAdU55lLjGE4zW",
        refused=("spotify:track:a", "spotify:track:b"),
        suspects=("spotify:track:d",),
        tracks_added=0,
        replaced=(("spotify:track:a", "spotify:track:c"),),
        left_out=("spotify:track:b",),
        notes=("Ünusual «text»", ""),
        is_removed=True,
    )
    store.begin(publication(), [], NOON)
    store.save(full)
    assert store.find("key", NOON) == full


def test_a_time_in_another_zone_means_the_same_moment(store):
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    store.begin(publication(lease_until=elsewhere + LEASE), [], elsewhere)
    with pytest.raises(PublicationInProgress):
        store.claim("key", NOON + LEASE - SECOND, NOON + 2 * LEASE)
    assert store.claim("key", elsewhere + LEASE, NOON + 2 * LEASE).attempt == 2


def test_beginning_twice_gives_the_first_record_and_changes_nothing(store):
    store.begin(publication(), [], NOON)
    assert store.begin(publication(payload_hash="another"), [], NOON) == publication()
    assert store.find("key", NOON) == publication()


def test_an_expired_publication_is_as_if_it_were_not_there(store):
    end = publication().expires_at
    store.begin(publication(), [], NOON)
    assert store.find("key", end - SECOND) == publication()
    assert store.find("key", end) is None
    with pytest.raises(PublicationInProgress):
        store.claim("key", end, end + LEASE)
    fresh = publication(started_at=end, expires_at=end + timedelta(days=30))
    assert store.begin(fresh, [], end) is None
    assert store.find("key", end) == fresh


def test_a_publication_is_counted_once_under_every_cap(store):
    caps = [daily(5), daily(2, "client"), daily(9, "all", None)]
    store.begin(publication(), caps, NOON)
    store.begin(publication(), caps, NOON)
    assert [counted(store, cap) for cap in caps] == [4, 1, 8]


@pytest.mark.parametrize("full", [0, 1, 2])
def test_a_cap_that_is_used_up_stops_the_record_and_every_other_count(store, full):
    caps = [daily(3, f"counter {number}") for number in range(3)]
    for _ in range(3):
        store.count([caps[full]], NOON)
    with pytest.raises(CapReached, match=f"counter {full} is used up") as caught:
        store.begin(publication(), caps, NOON)
    assert caught.value.retry_after_seconds == 12 * 60 * 60
    assert store.find("key", NOON) is None
    assert [counted(store, cap) for place, cap in enumerate(caps) if place != full] == [3, 3]


def test_a_record_that_is_there_already_comes_before_caps_that_are_used_up(store):
    store.begin(publication(), [daily(1)], NOON)
    assert store.begin(publication(), [daily(1)], NOON) == publication()


def test_waiting_does_not_help_against_a_cap_that_lasts(store):
    with pytest.raises(CapReached) as caught:
        store.count([daily(0, "all", None)], NOON)
    assert caught.value.retry_after_seconds is None


def test_a_limit_of_nothing_allows_nothing(store):
    with pytest.raises(CapReached):
        store.begin(publication(), [daily(0)], NOON)


def test_counting_is_all_or_nothing(store):
    store.count([daily(1, "full")], NOON)
    with pytest.raises(CapReached, match="full is used up"):
        store.count([daily(5, "free"), daily(1, "full")], NOON)
    assert counted(store, daily(5, "free")) == 5


def test_a_counter_begins_anew_with_the_next_day(store):
    store.count([daily(1)], NOON)
    with pytest.raises(CapReached):
        store.count([daily(1)], NOON)
    store.count([daily(1, until=MIDNIGHT + timedelta(days=1))], MIDNIGHT)


def test_counting_against_nothing_is_allowed(store):
    store.count([], NOON)
    assert store.begin(publication(), [], NOON) is None


def test_a_claim_waits_for_the_lease_and_says_how_long(store):
    store.begin(publication(), [], NOON)
    with pytest.raises(PublicationInProgress) as caught:
        store.claim("key", NOON + 10 * SECOND, NOON + 2 * LEASE)
    assert caught.value.retry_after_seconds == 20
    claimed = store.claim("key", NOON + LEASE, NOON + 2 * LEASE)
    assert claimed == publication(attempt=2, lease_until=NOON + 2 * LEASE)
    assert store.find("key", NOON + LEASE) == claimed


def test_a_lease_that_was_given_back_can_be_claimed_at_once(store):
    store.begin(publication(), [], NOON)
    store.save(publication(lease_until=None))
    assert store.claim("key", NOON, NOON + LEASE).attempt == 2


def test_nothing_can_be_claimed_that_was_not_begun(store):
    with pytest.raises(PublicationInProgress):
        store.claim("key", NOON, NOON + LEASE)


def test_only_the_latest_attempt_may_write(store):
    store.begin(publication(), [], NOON)
    claimed = store.claim("key", NOON + LEASE, NOON + 2 * LEASE)
    with pytest.raises(PublicationInProgress):
        store.save(publication(playlist_id="of the first attempt"))
    store.save(replace(claimed, playlist_id="of the second attempt"))
    assert store.find("key", NOON).playlist_id == "of the second attempt"


def test_a_claim_sees_what_the_attempt_before_saved_last(store):
    store.begin(publication(), [], NOON)
    store.save(publication(playlist_id="saved", state=PublicationState.CREATED))
    claimed = store.claim("key", NOON + LEASE, NOON + 2 * LEASE)
    assert (claimed.playlist_id, claimed.state) == ("saved", PublicationState.CREATED)


def test_saving_twice_is_the_same_as_once(store):
    store.begin(publication(), [], NOON)
    for _ in range(2):
        store.save(publication(playlist_id="saved"))
    assert store.find("key", NOON).playlist_id == "saved"


def test_nothing_can_be_saved_that_was_not_begun(store):
    with pytest.raises(PublicationInProgress):
        store.save(publication())
    assert store.find("key", NOON) is None


def test_a_record_of_an_earlier_publication_under_the_same_key_writes_no_more(store):
    end = publication().expires_at
    store.begin(publication(), [], NOON)
    store.begin(publication(started_at=end, expires_at=end + timedelta(days=30)), [], end)
    with pytest.raises(PublicationInProgress):
        store.save(publication(playlist_id="of long ago"))


def test_edit_tokens_are_kept_for_each_playlist(store):
    assert store.edit_token_hash("one") is None
    store.save_edit_token("one", "hash 1")
    store.save_edit_token("one", "hash 1")
    store.save_edit_token("two", "hash 2")
    assert (store.edit_token_hash("one"), store.edit_token_hash("two")) == ("hash 1", "hash 2")


def test_a_playlist_is_held_by_one_until_its_time_or_until_it_lets_go(store):
    store.save_edit_token("playlist", "hash")
    store.hold_playlist("playlist", "one", NOON, NOON + LEASE)
    store.hold_playlist("playlist", "one", NOON, NOON + LEASE)
    with pytest.raises(PublicationInProgress):
        store.hold_playlist("playlist", "other", NOON + LEASE - SECOND, NOON + 2 * LEASE)
    store.hold_playlist("playlist", "other", NOON + LEASE, NOON + 2 * LEASE)
    with pytest.raises(PublicationInProgress):
        store.hold_playlist("playlist", "one", NOON + LEASE, NOON + LEASE)
    store.hold_playlist("playlist", "other", NOON + LEASE, NOON + LEASE)
    store.hold_playlist("playlist", "one", NOON + LEASE, NOON + 2 * LEASE)
    assert store.edit_token_hash("playlist") == "hash"


def test_only_a_playlist_with_an_edit_token_can_be_held(store):
    with pytest.raises(PublicationInProgress):
        store.hold_playlist("playlist", "one", NOON, NOON + LEASE)
    assert store.edit_token_hash("playlist") is None


def test_a_circuit_is_open_until_its_time(store):
    assert store.circuit("spotify", NOON) is None
    open_until = NOON + timedelta(hours=5)
    store.open_circuit("spotify", Circuit(open_until, "quota"))
    assert store.circuit("spotify", open_until - SECOND) == Circuit(open_until, "quota")
    assert store.circuit("spotify", open_until) is None
    assert store.circuit("another", NOON) is None


def test_the_circuit_that_stays_open_longer_is_kept(store):
    for seconds, why in ((10, "first"), (30, "longest"), (20, "shorter"), (30, "equal")):
        store.open_circuit("spotify", Circuit(NOON + seconds * SECOND, why))
    assert store.circuit("spotify", NOON) == Circuit(NOON + 30 * SECOND, "longest")


def test_a_new_circuit_follows_one_that_has_closed(store):
    store.open_circuit("spotify", Circuit(NOON + SECOND, "old"))
    store.open_circuit("spotify", Circuit(NOON + LEASE, "new"))
    assert store.circuit("spotify", NOON + 2 * SECOND).why == "new"


def test_kinds_of_items_never_meet_even_under_one_name(store):
    store.begin(publication("name"), [daily(5, "name", None)], NOON)
    store.save_edit_token("name", "hash")
    store.open_circuit("name", Circuit(NOON + SECOND, "why"))
    assert store.find("name", NOON) == publication("name")
    assert store.edit_token_hash("name") == "hash"
    assert store.circuit("name", NOON).why == "why"
    assert counted(store, daily(5, "name", None)) == 4


def test_of_many_claims_at_once_one_wins(aws):
    table = aws.make_table()
    DynamoPublicationStore(aws.dynamodb, table).begin(publication(lease_until=None), [], NOON)

    def attempt(_number: int) -> int | None:
        try:
            return DynamoPublicationStore(aws.dynamodb, table).claim("key", NOON, NOON + LEASE).attempt
        except PublicationInProgress:
            return None

    with ThreadPoolExecutor(4) as pool:
        assert [won for won in pool.map(attempt, range(8)) if won] == [2]


def test_the_table_forgets_what_expires_and_keeps_the_rest(aws):
    table = aws.make_table()
    store = DynamoPublicationStore(aws.dynamodb, table)
    store.begin(publication(), [daily(5), daily(5, "all", None)], NOON)
    store.save_edit_token("playlist", "hash")
    store.open_circuit("spotify", Circuit(NOON + LEASE, "quota"))
    items = aws.dynamodb.scan(TableName=table)["Items"]
    expiry = {item["pk"]["S"]: item.get("expires_at", {}).get("N") for item in items}
    assert expiry == {
        "publication#key": str(int(publication().expires_at.timestamp()) + 1),
        "counter#day#2026-01-03T00:00:00.000000Z": str(int(MIDNIGHT.timestamp())),
        "counter#all#lasts": None,
        "edit token#playlist": None,
        "circuit#spotify": str(int((NOON + LEASE).timestamp()) + 1),
    }


# What DynamoDB answers when it is busy, or is not there: moto does neither.


@pytest.fixture
def stubbed():
    client = boto3.session.Session().client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="NEVERLOGME-aws-secret-key",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with Stubber(client) as stubber:
        yield stubber, DynamoPublicationStore(client, "table")


OPERATIONS = {
    "find": ("get_item", lambda store: store.find("key", NOON)),
    "begin": ("transact_write_items", lambda store: store.begin(publication(), [daily(1)], NOON)),
    "claim": ("update_item", lambda store: store.claim("key", NOON, NOON + LEASE)),
    "save": ("put_item", lambda store: store.save(publication())),
    "count": ("transact_write_items", lambda store: store.count([daily(1)], NOON)),
    "save_edit_token": ("put_item", lambda store: store.save_edit_token("playlist", "hash")),
    "edit_token_hash": ("get_item", lambda store: store.edit_token_hash("playlist")),
    "hold_playlist": ("update_item", lambda store: store.hold_playlist("playlist", "one", NOON, NOON)),
    "open_circuit": ("put_item", lambda store: store.open_circuit("spotify", Circuit(NOON, "why"))),
    "circuit": ("get_item", lambda store: store.circuit("spotify", NOON)),
}


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "InternalServerError"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_error_of_dynamodb_never_leaves_the_adapter_as_such(stubbed, name, code):
    stubber, store = stubbed
    operation, call = OPERATIONS[name]
    stubber.add_client_error(operation, code, "NEVERLOGME details")
    with pytest.raises(UpstreamUnavailable) as caught:
        call(store)
    assert "NEVERLOGME" not in caught.value.message


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_dynamodb_that_is_not_there_is_unavailable(aws, closed_port, name):
    client = boto3.session.Session().client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{closed_port}",
        region_name="eu-central-1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(UpstreamUnavailable):
        OPERATIONS[name][1](DynamoPublicationStore(client, "table"))


def cancel(stubber: Stubber, *codes: str) -> None:
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    stubber.add_client_error(
        "transact_write_items", "TransactionCanceledException", "cancelled", modeled_fields=reasons
    )


def test_meeting_another_transaction_is_tried_again_at_once(stubbed):
    stubber, store = stubbed
    cancel(stubber, "None", "TransactionConflict")
    cancel(stubber, "TransactionConflict", "None")
    stubber.add_response("transact_write_items", {})
    assert store.begin(publication(), [daily(1)], NOON) is None
    stubber.assert_no_pending_responses()


def test_meeting_other_transactions_again_and_again_ends_as_unavailable(stubbed):
    stubber, store = stubbed
    for _ in range(4):
        cancel(stubber, "None", "TransactionConflict")
    with pytest.raises(UpstreamUnavailable):
        store.begin(publication(), [daily(1)], NOON)
    stubber.assert_no_pending_responses()


def test_a_transaction_that_was_throttled_is_unavailable_and_no_cap(stubbed):
    stubber, store = stubbed
    cancel(stubber, "None", "ThrottlingError")
    with pytest.raises(UpstreamUnavailable):
        store.begin(publication(), [daily(1)], NOON)


def test_a_cap_that_fails_beside_a_conflict_is_reported(stubbed):
    stubber, store = stubbed
    cancel(stubber, "TransactionConflict", "ConditionalCheckFailed")
    with pytest.raises(CapReached):
        store.begin(publication(), [daily(1)], NOON)
