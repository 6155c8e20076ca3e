"""What every secret store promises, the fake and Secrets Manager alike; and how AWS's own failures come out."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from daltonify_core.adapters.secrets_manager import SecretsManagerStore
from daltonify_core.errors import SecretUnavailable
from tests.fakes.memory_secrets import MemorySecretStore

VALUES = {"client_id": "abc", "client_secret": "NEVERLOGME-secret-ü☂"}


@pytest.fixture(params=["memory", "secrets manager"])
def store(request):
    if request.param == "memory":
        return MemorySecretStore()
    return SecretsManagerStore(request.getfixturevalue("aws").secrets_manager)


@pytest.fixture
def name(request):
    """Of its own for every test, since they share one AWS."""
    return f"daltonify/{abs(hash(request.node.nodeid))}"


def test_what_was_written_is_read(store, name):
    store.write(name, VALUES)
    assert store.read(name) == VALUES


def test_writing_replaces_the_whole_secret(store, name):
    store.write(name, VALUES)
    store.write(name, {"other": ""})
    assert store.read(name) == {"other": ""}


def test_secrets_do_not_mix(store, name):
    store.write(name, VALUES)
    store.write(f"{name}-2", {"other": "one"})
    assert store.read(name) == VALUES


def test_what_is_done_to_the_values_afterwards_changes_nothing(store, name):
    values = dict(VALUES)
    store.write(name, values)
    values["client_id"] = "changed"
    assert store.read(name) == VALUES


def test_a_secret_that_does_not_exist_is_named_and_said_to_be_absent(store, name):
    with pytest.raises(SecretUnavailable, match=name) as caught:
        store.read(name)
    assert caught.value.is_absent


@pytest.mark.parametrize(
    "text", ["NEVERLOGME no json", '["NEVERLOGME"]', '{"a": 1}', '{"a": {"b": "NEVERLOGME"}}', "null"]
)
def test_a_secret_of_another_form_is_unreadable_and_the_message_is_silent_on_its_content(aws, text):
    name = aws.make_secret(text)
    with pytest.raises(SecretUnavailable, match=name) as caught:
        SecretsManagerStore(aws.secrets_manager).read(name)
    assert not caught.value.is_absent
    assert "NEVERLOGME" not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_binary_secret_is_unreadable(aws, name):
    aws.secrets_manager.create_secret(Name=name, SecretBinary=b"NEVERLOGME")
    with pytest.raises(SecretUnavailable, match="not JSON"):
        SecretsManagerStore(aws.secrets_manager).read(name)


def test_a_secret_that_is_being_deleted_says_so(aws, name):
    store = SecretsManagerStore(aws.secrets_manager)
    store.write(name, VALUES)
    aws.secrets_manager.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    with pytest.raises(SecretUnavailable, match=r"about to be deleted") as caught:
        store.read(name)
    assert not caught.value.is_absent


def test_a_write_keeps_the_version_before_it(aws, name):
    store = SecretsManagerStore(aws.secrets_manager)
    store.write(name, {"token": "NEVERLOGME-old"})
    store.write(name, {"token": "NEVERLOGME-new"})
    before = aws.secrets_manager.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert before["SecretString"] == '{"token": "NEVERLOGME-old"}'


@pytest.mark.parametrize(
    ("code", "words", "may_pass"),
    [
        ("AccessDeniedException", "may not use", False),
        ("DecryptionFailure", "may not use", False),
        ("UnrecognizedClientException", "no good AWS credentials", False),
        ("InvalidRequestException", "about to be deleted", False),
        ("InternalServiceError", "Try again", True),
        ("ThrottlingException", "Try again", True),
    ],
)
@pytest.mark.parametrize("call", ["get_secret_value", "put_secret_value"])
def test_what_aws_refuses_is_told_by_cause_and_not_in_its_words(aws, call, code, words, may_pass):
    client = aws.client("secretsmanager")
    store = SecretsManagerStore(client)
    with Stubber(client) as stubbed:
        stubbed.add_client_error(call, code, "NEVERLOGME quotes the request", 400)
        with pytest.raises(SecretUnavailable, match=words) as caught:
            store.read("daltonify/x") if call == "get_secret_value" else store.write("daltonify/x", VALUES)
    assert caught.value.may_pass is may_pass
    assert "daltonify/x" in caught.value.message
    assert "NEVERLOGME" not in caught.value.message
    assert isinstance(caught.value.__cause__, ClientError)


def test_a_secret_that_cannot_be_made_is_unavailable(aws):
    client = aws.client("secretsmanager")
    with Stubber(client) as stubbed:
        stubbed.add_client_error("put_secret_value", "ResourceNotFoundException", "", 400)
        stubbed.add_client_error("create_secret", "AccessDeniedException", "", 400)
        with pytest.raises(SecretUnavailable, match="may not use"):
            SecretsManagerStore(client).write("daltonify/x", VALUES)


@pytest.mark.parametrize("error", [NoCredentialsError(), EndpointConnectionError(endpoint_url="https://aws.example")])
def test_no_credentials_and_no_network_are_translated_too(error):
    class Broken:
        def get_secret_value(self, **_: str) -> None:
            raise error

        put_secret_value = get_secret_value

    store = SecretsManagerStore(Broken())  # type: ignore[arg-type]
    with pytest.raises(SecretUnavailable, match="daltonify/x"):
        store.read("daltonify/x")
    with pytest.raises(SecretUnavailable, match="daltonify/x"):
        store.write("daltonify/x", VALUES)
