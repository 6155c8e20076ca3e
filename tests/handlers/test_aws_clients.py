"""How long the API waits for AWS: less than it lives, or a hanging service would cost it the index that it holds."""

import re
import runpy
import tomllib
from pathlib import Path

import botocore
import pytest
from shared import aws as clients

from daltonify_core.use_cases.submit_audio import AudioSettings
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


def longest_call(client) -> float:
    """In seconds."""
    config = client().meta.config
    attempts = config.retries["total_max_attempts"]
    longest_pause = 1  # between two attempts; botocore's standard mode doubles it for each further one
    seconds: float = attempts * (config.connect_timeout + config.read_timeout) + (attempts - 1) * longest_pause
    return seconds


@pytest.mark.parametrize(
    "client", [clients.s3, clients.dynamodb, clients.secrets_manager, clients.sqs], ids=lambda one: one.__name__
)
def test_services_that_hang_are_given_up_before_a_request_ends(client):
    assert CALLS_OF_ONE_REQUEST * longest_call(client) < read_template().function("Api").timeout_seconds


@pytest.mark.parametrize("client", [clients.s3, clients.dynamodb, clients.sqs], ids=lambda one: one.__name__)
def test_uploads_reckon_with_calls_that_take_as_long_as_they_may(client):
    assert longest_call(client) <= AudioSettings().step_seconds


def test_a_build_has_more_patience():
    seconds_of_silence = [client().meta.config.read_timeout for client in (clients.s3, clients.s3_for_builds)]  # type: ignore[attr-defined]
    assert seconds_of_silence[0] < seconds_of_silence[1]


@pytest.mark.parametrize("version", ["1.35.99", "1.9.300", "0.99.0", "1.35.99.dev1"])
def test_a_runtime_whose_botocore_is_too_old_is_refused_with_what_to_do(version):
    with pytest.raises(RuntimeError, match=re.escape(f"botocore {version}, and 1.36 is the oldest")):
        clients.require_botocore(version)


@pytest.mark.parametrize("version", ["1.36.0", "1.100.2", "2.0.0"])
def test_a_runtime_whose_botocore_is_new_enough_is_taken(version):
    clients.require_botocore(version)


def test_a_function_does_not_even_start_with_a_botocore_that_is_too_old(monkeypatch):
    monkeypatch.setattr(botocore, "__version__", "1.35.99")
    source = Path(clients.__file__)
    with pytest.raises(RuntimeError, match=r"1\.35\.99"):
        runpy.run_path(str(source))


def test_what_is_tested_here_is_no_older_than_what_is_required():
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    (bound,) = pyproject["project"]["optional-dependencies"]["aws"]
    clients.require_botocore(bound.partition(">=")[2])
