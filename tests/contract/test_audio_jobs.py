"""What every store of audio jobs promises, the fake and DynamoDB alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from daltonify_core.adapters.dynamodb import DynamoAudioJobStore
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import CapReached, UpstreamUnavailable
from daltonify_core.ports.audio import AudioJob, AudioJobState
from daltonify_core.ports.limits import Cap
from tests.fakes.memory_audio import MemoryAudioJobs

NOON = datetime(2026, 1, 2, 12, 0, 0, 250_000, UTC)
MIDNIGHT = datetime(2026, 1, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=90)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request):
    if request.param == "memory":
        return MemoryAudioJobs()
    aws = request.getfixturevalue("aws")
    return DynamoAudioJobStore(aws.dynamodb, aws.make_table())


def job(job_id: str = "job", **fields: object) -> AudioJob:
    return AudioJob(job_id, **{"created_at": NOON, "expires_at": NOON + HOUR, **fields})  # type: ignore[arg-type]


def daily(limit: int, counter: str = "day") -> Cap:
    return Cap(counter, limit, MIDNIGHT, f"{counter} is used up")


def test_a_job_that_was_begun_is_found_as_it_was_until_it_expires(store):
    assert store.find("job", NOON) is None
    assert store.begin(job(), [], NOON) is None
    assert store.find("job", NOON + HOUR - SECOND) == job()
    assert store.find("job", NOON + HOUR) is None
    assert store.find("another", NOON) is None


def test_every_field_of_a_record_survives(store):
    store.begin(job(), [], NOON)
    claimed = store.claim("job", NOON, NOON + LEASE)
    full = replace(
        claimed,
        state=AudioJobState.DONE,
        features=AudioFeatures(energy=0.1, loudness=-7.25, tempo=119.9, mode=0),
        features_source="measured",
        problem="Ünusual «text»",
        notes=("one", ""),
    )
    assert store.save(full)
    assert store.find("job", NOON) == full


def test_beginning_twice_gives_the_first_job_and_counts_once(store):
    store.begin(job(), [daily(1)], NOON)
    later = job(created_at=NOON + SECOND)
    assert store.begin(later, [daily(1)], NOON) == job()
    assert store.find("job", NOON) == job()
    with pytest.raises(CapReached):
        store.begin(job("another"), [daily(1)], NOON)


def test_an_expired_job_makes_way(store):
    store.begin(job(), [], NOON)
    fresh = job(created_at=NOON + HOUR, expires_at=NOON + 2 * HOUR)
    assert store.begin(fresh, [], NOON + HOUR) is None
    assert store.find("job", NOON + HOUR) == fresh


def test_a_job_is_replaced_only_by_who_saw_it_as_it_is(store):
    store.begin(job(), [], NOON)
    seen = store.find("job", NOON)
    claimed = store.claim("job", NOON, NOON + LEASE)
    fresh = job(created_at=NOON + SECOND)
    assert store.begin(fresh, [], NOON, instead_of=seen) == claimed
    assert store.begin(fresh, [], NOON, instead_of=claimed) is None
    assert store.find("job", NOON) == fresh


@pytest.mark.parametrize("full", [0, 1])
def test_a_cap_that_is_used_up_stops_the_job_and_the_other_count(store, full):
    caps = [daily(1, "client"), daily(1, "all")]
    store.begin(job(), [caps[full]], NOON)
    with pytest.raises(CapReached, match=caps[full].message) as caught:
        store.begin(job("another"), caps, NOON)
    assert caught.value.retry_after_seconds == 12 * 3600
    assert store.find("another", NOON) is None
    assert store.begin(job("another"), [caps[1 - full]], NOON) is None


def test_a_claim_takes_a_job_until_its_lease_ends(store):
    store.begin(job(), [], NOON)
    claimed = store.claim("job", NOON, NOON + LEASE)
    assert claimed == job(state=AudioJobState.ANALYSING, attempt=1, lease_until=NOON + LEASE)
    assert store.find("job", NOON) == claimed
    assert store.claim("job", NOON + LEASE - SECOND, NOON + 2 * LEASE) is None
    again = store.claim("job", NOON + LEASE, NOON + 2 * LEASE)
    assert (again.attempt, again.lease_until) == (2, NOON + 2 * LEASE)


def test_a_job_that_was_put_back_can_be_claimed_at_once_and_how_often_it_was_asked_about_is_kept(store):
    store.begin(job(), [], NOON)
    claimed = store.claim("job", NOON, NOON + LEASE)
    assert store.save(replace(claimed, state=AudioJobState.QUEUED, lease_until=None, asked=1))
    again = store.claim("job", NOON, NOON + LEASE)
    assert (again.attempt, again.asked) == (2, 1)


@pytest.mark.parametrize("state", [AudioJobState.DONE, AudioJobState.FAILED])
def test_a_job_that_is_finished_cannot_be_claimed(store, state):
    store.begin(job(), [], NOON)
    claimed = store.claim("job", NOON, NOON + LEASE)
    store.save(replace(claimed, state=state, lease_until=None))
    assert store.claim("job", NOON + LEASE, NOON + 2 * LEASE) is None


def test_what_is_not_there_or_expired_cannot_be_claimed(store):
    assert store.claim("job", NOON, NOON + LEASE) is None
    assert store.find("job", NOON) is None
    store.begin(job(), [], NOON)
    assert store.claim("job", NOON + HOUR, NOON + HOUR + LEASE) is None


def test_only_the_latest_attempt_may_write(store):
    store.begin(job(), [], NOON)
    first = store.claim("job", NOON, NOON + LEASE)
    second = store.claim("job", NOON + LEASE, NOON + 2 * LEASE)
    assert not store.save(replace(first, state=AudioJobState.DONE))
    assert store.find("job", NOON) == second
    assert store.save(replace(second, state=AudioJobState.DONE))


def test_an_attempt_at_an_earlier_job_cannot_write_into_a_later_one(store):
    store.begin(job(), [], NOON)
    first = store.claim("job", NOON, NOON + LEASE)
    store.begin(job(created_at=NOON + SECOND), [], NOON, instead_of=first)
    second = store.claim("job", NOON, NOON + LEASE)
    assert first.attempt == second.attempt
    assert not store.save(first)
    assert store.find("job", NOON) == second


def test_what_is_not_there_cannot_be_saved(store):
    assert not store.save(job())
    assert store.find("job", NOON) is None


def test_of_many_workers_one_gets_the_job(aws):
    store = DynamoAudioJobStore(aws.dynamodb, aws.make_table())
    store.begin(job(), [], NOON)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: store.claim("job", NOON, NOON + LEASE), range(8)))
    assert [claim.attempt for claim in claims if claim is not None] == [1]


def test_the_table_itself_forgets_a_job(aws):
    table = aws.make_table()
    DynamoAudioJobStore(aws.dynamodb, table).begin(job(), [], NOON)
    (item,) = aws.dynamodb.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int((NOON + HOUR).timestamp()) + 1)}


OPERATIONS = {
    "find": ("get_item", lambda store: store.find("job", NOON)),
    "begin": ("transact_write_items", lambda store: store.begin(job(), [daily(1)], NOON)),
    "claim": ("update_item", lambda store: store.claim("job", NOON, NOON + LEASE)),
    "save": ("put_item", lambda store: store.save(job())),
}


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "InternalServerError"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_error_of_dynamodb_never_leaves_the_adapter_as_such(name, code):
    client = boto3.session.Session().client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="NEVERLOGME-aws-secret-key",
        config=Config(retries={"total_max_attempts": 1}),
    )
    operation, call = OPERATIONS[name]
    with Stubber(client) as stubber:
        stubber.add_client_error(operation, code, "NEVERLOGME details")
        with pytest.raises(UpstreamUnavailable) as caught:
            call(DynamoAudioJobStore(client, "table"))
    assert "NEVERLOGME" not in caught.value.message
