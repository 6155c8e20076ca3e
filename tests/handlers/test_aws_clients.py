"""How long the API waits for AWS: less than it lives, or a hanging service would cost it the index that it holds."""

import pytest
from shared import aws as clients

from infra.local.sam_template import read_template

# What a request may ask one after the other before it is answered: pointer, record, circuit.
CALLS_OF_ONE_REQUEST = 3


@pytest.fixture(autouse=True)
def region(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    made = (clients.s3, clients.dynamodb, clients.secrets_manager, clients.sqs, clients.s3_for_builds)
    for client in made:
        client.cache_clear()
    yield
    for client in made:
        client.cache_clear()


@pytest.mark.parametrize(
    "client", [clients.s3, clients.dynamodb, clients.secrets_manager, clients.sqs], ids=lambda one: one.__name__
)
def test_services_that_hang_are_given_up_before_a_request_ends(client):
    config = client().meta.config
    attempts = config.retries["total_max_attempts"]
    longest_pause = 1  # between two attempts; botocore's standard mode doubles it for each further one
    seconds = attempts * (config.connect_timeout + config.read_timeout) + (attempts - 1) * longest_pause
    assert CALLS_OF_ONE_REQUEST * seconds < read_template().function("Api").timeout_seconds


def test_a_build_has_more_patience():
    seconds_of_silence = [client().meta.config.read_timeout for client in (clients.s3, clients.s3_for_builds)]  # type: ignore[attr-defined]
    assert seconds_of_silence[0] < seconds_of_silence[1]
