"""What every cache of look-ups promises, the fake and DynamoDB alike; and what DynamoDB has to stand besides."""

import socket
from datetime import UTC, datetime, timedelta, timezone

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from daltonify_core.adapters.dynamodb import DynamoLookUpCache
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.look_ups import LookUp, LookUpKind
from tests.builders import track_id
from tests.fakes.memory_look_ups import MemoryLookUpCache

NOON = datetime(2026, 1, 2, 12, 0, 0, 250_000, UTC)
UNTIL = NOON + timedelta(days=1)
FEATURES, SPOTIFY = LookUpKind.FEATURES, LookUpKind.SPOTIFY_TRACK
ONE, TWO = track_id(1), track_id(2)
FOUND = LookUp({"title": "Ünusual «text» 🎵", "artists": ["A", "B"], "energy": 0.1, "explicit": None}, UNTIL)
MISS = LookUp(None, NOON + timedelta(minutes=10))


@pytest.fixture(params=["memory", "dynamodb"])
def cache(request):
    if request.param == "memory":
        return MemoryLookUpCache()
    aws = request.getfixturevalue("aws")
    return DynamoLookUpCache(aws.dynamodb, aws.make_table())


def test_what_is_written_is_read_as_it_was_and_the_rest_is_absent(cache):
    assert cache.read(SPOTIFY, [ONE, TWO], NOON) == {}
    cache.write(SPOTIFY, {ONE: FOUND})
    assert cache.read(SPOTIFY, [ONE, TWO], NOON) == {ONE: FOUND}


def test_a_miss_is_remembered_as_a_miss(cache):
    cache.write(FEATURES, {ONE: MISS})
    assert cache.read(FEATURES, [ONE], NOON) == {ONE: MISS}


def test_kinds_are_apart(cache):
    cache.write(SPOTIFY, {ONE: FOUND})
    assert cache.read(FEATURES, [ONE], NOON) == {}
    cache.write(FEATURES, {ONE: MISS})
    assert cache.read(SPOTIFY, [ONE], NOON) == {ONE: FOUND}


def test_what_is_written_later_takes_the_place_of_what_was_there(cache):
    cache.write(SPOTIFY, {ONE: MISS})
    cache.write(SPOTIFY, {ONE: FOUND})
    assert cache.read(SPOTIFY, [ONE], NOON) == {ONE: FOUND}


def test_an_answer_is_forgotten_at_its_end_to_the_moment(cache):
    cache.write(SPOTIFY, {ONE: FOUND})
    assert cache.read(SPOTIFY, [ONE], UNTIL - timedelta(microseconds=1)) == {ONE: FOUND}
    assert cache.read(SPOTIFY, [ONE], UNTIL) == {}


def test_a_time_in_another_zone_means_the_same_moment(cache):
    elsewhere = UNTIL.astimezone(timezone(timedelta(hours=9)))
    cache.write(SPOTIFY, {ONE: LookUp(None, elsewhere)})
    assert cache.read(SPOTIFY, [ONE], UNTIL) == {}
    assert cache.read(SPOTIFY, [ONE], UNTIL - timedelta(seconds=1)) == {ONE: LookUp(None, UNTIL)}


def test_many_at_once_and_none_at_all(cache):
    many = {track_id(number): FOUND for number in range(130)}
    cache.write(SPOTIFY, many)
    assert cache.read(SPOTIFY, [*many, *many], NOON) == many
    cache.write(SPOTIFY, {})
    assert cache.read(SPOTIFY, [], NOON) == {}


def test_the_table_is_told_when_it_may_forget(aws):
    table = aws.make_table()
    DynamoLookUpCache(aws.dynamodb, table).write(SPOTIFY, {ONE: FOUND})
    (item,) = aws.dynamodb.scan(TableName=table)["Items"]
    assert item["expires_at"] == {"N": str(int(UNTIL.timestamp()) + 1)}
    assert (item["pk"], item["sk"]) == ({"S": f"spotify track#{ONE}"}, {"S": "spotify track"})


@pytest.mark.parametrize("broken", [{"value": {"S": "{"}}, {"value": {"S": "[1]"}}, {"until": {"S": "later"}}])
def test_an_unreadable_item_is_as_if_it_were_not_there(aws, broken):
    table = aws.make_table()
    cache = DynamoLookUpCache(aws.dynamodb, table)
    cache.write(SPOTIFY, {ONE: FOUND, TWO: FOUND})
    (item,) = [one for one in aws.dynamodb.scan(TableName=table)["Items"] if ONE in one["pk"]["S"]]
    aws.dynamodb.put_item(TableName=table, Item=item | broken)
    assert cache.read(SPOTIFY, [ONE, TWO], NOON) == {TWO: FOUND}


def test_what_a_busy_table_leaves_over_is_as_if_it_were_not_there(aws):
    client = aws.client("dynamodb")
    cache = DynamoLookUpCache(client, "table")
    with Stubber(client) as stubber:
        keys = {"table": {"Keys": [{"pk": {"S": "x"}, "sk": {"S": "x"}}]}}
        stubber.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": keys})
        assert cache.read(SPOTIFY, [ONE], NOON) == {}


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_refusal_is_told_in_our_words(aws, method):
    client = aws.client("dynamodb")
    cache = DynamoLookUpCache(client, "table")
    with Stubber(client) as stubber:
        call = {"read": "batch_get_item", "write": "batch_write_item"}[method]
        stubber.add_client_error(call, "ProvisionedThroughputExceededException", "too much")
        with pytest.raises(UpstreamUnavailable, match="Our own records cannot be reached"):
            cache.read(SPOTIFY, [ONE], NOON) if method == "read" else cache.write(SPOTIFY, {ONE: FOUND})


def test_a_table_that_cannot_be_reached_is_told_in_our_words():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        client = boto3.client(
            "dynamodb", endpoint_url=f"http://127.0.0.1:{nobody.getsockname()[1]}", region_name="eu-central-1",
            aws_access_key_id="testing", aws_secret_access_key="NEVERLOGME-aws-secret-key",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
        )  # fmt: skip
        with pytest.raises(UpstreamUnavailable):
            DynamoLookUpCache(client, "table").read(SPOTIFY, [ONE], NOON)
