"""Secrets in AWS Secrets Manager, each one JSON object of texts.

Nothing of a secret's content, nor of an answer that may hold it, ever gets into a message.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from daltonify_core.errors import SecretUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_ABSENT = "ResourceNotFoundException"
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "DecryptionFailure"})
_NOT_SIGNED_IN = frozenset(
    {
        # what AWS says of wrong or old credentials
        "ExpiredTokenException",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        # what the SDK says of missing ones
        "CredentialRetrievalError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)
_BEING_DELETED = "InvalidRequestException"


class SecretsManagerStore:
    """Reads and writes whole secrets; a secret's earlier version stays recoverable in AWS after a write."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def read(self, name: str) -> Mapping[str, str]:
        """The texts of a secret, read anew each time so that a renewed one counts at once."""
        try:
            answer = self._client.get_secret_value(SecretId=name)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(name, error) from error
        try:
            values = json.loads(answer.get("SecretString", ""))
        except ValueError:
            # Not chained: the cause carries the text that could not be read.
            raise SecretUnavailable(f"The secret {name} is not JSON.") from None
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise SecretUnavailable(f"The secret {name} is not a JSON object of texts.")
        return values

    def write(self, name: str, values: Mapping[str, str]) -> None:
        """Replace the whole secret; one that does not exist is made, encrypted with the account's default key."""
        text = json.dumps(dict(values))
        try:
            try:
                self._client.put_secret_value(SecretId=name, SecretString=text)
            except ClientError as error:
                if _code(error) != _ABSENT:
                    raise
                self._client.create_secret(Name=name, SecretString=text)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(name, error) from error


def _unavailable(name: str, error: ClientError | BotoCoreError) -> SecretUnavailable:
    code = _code(error)
    if code == _ABSENT:
        return SecretUnavailable(f"There is no secret {name} in this AWS account and region.", is_absent=True)
    if code in _DENIED:
        return SecretUnavailable(f"These AWS credentials may not use the secret {name}.")
    if code in _NOT_SIGNED_IN:
        return SecretUnavailable(
            f"There are no good AWS credentials for the secret {name}. Sign in to AWS and try again."
        )
    if code == _BEING_DELETED:
        return SecretUnavailable(f"The secret {name} cannot be used; it may be about to be deleted. Restore it in AWS.")
    # The code alone, since other messages can quote what was sent.
    return SecretUnavailable(f"Secrets Manager failed on the secret {name} ({code}). Try again.", may_pass=True)


def _code(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
