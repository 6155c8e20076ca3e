"""Clients of AWS, made once per warm environment and only when somebody needs them.

Made with botocore alone, because importing boto3 for the same clients costs a cold start 200 ms more. Region,
credentials and ``AWS_ENDPOINT_URL`` come from the environment.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

# A request waits for us for a few seconds, not for botocore's minute; `read_timeout` is for one silence, not the whole.
_CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    # Whoever reads the index compares SHA-256 with its manifest anyway; hashing it twice would delay a cold start.
    response_checksum_validation="when_required",
)


@cache
def s3() -> "S3Client":
    """Object storage: catalogue and index."""
    client: S3Client = _client("s3")
    return client


@cache
def dynamodb() -> "DynamoDBClient":
    """The table of publications."""
    client: DynamoDBClient = _client("dynamodb")
    return client


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Secrets by name."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def _client(service: str) -> Any:
    return _session().create_client(service, config=_CONFIG)


@cache
def _session() -> botocore.session.Session:
    # One for all clients: it holds the parsed service models and the credentials.
    return botocore.session.get_session()
