"""Clients of AWS, made once per warm environment and only when somebody needs them.

Made with botocore alone, because importing boto3 for the same clients costs a cold start 200 ms more. Region,
credentials and ``AWS_ENDPOINT_URL`` come from the environment.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import botocore
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

OLDEST_BOTOCORE: Final = (1, 36)
"""The first that can be told not to check answers twice; since 1.35.69 objects can be replaced on a condition."""


def require_botocore(version: str) -> None:
    """Raise ``RuntimeError`` for one that is too old; Lambda's runtime brings its own, which we do not choose."""
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_BOTOCORE:
        oldest = ".".join(map(str, OLDEST_BOTOCORE))
        raise RuntimeError(
            f"This runtime has botocore {version}, and {oldest} is the oldest that will do. "
            "Set the function's runtime management back to Auto, and Lambda brings a newer one."
        )


# When a function starts, so that no build comes to activate an index without a condition.
require_botocore(botocore.__version__)

# Whoever reads the index compares SHA-256 with its manifest anyway; hashing it twice would delay a cold start.
_BASE: Final = Config(response_checksum_validation="when_required")
# A service that hangs must be given up well before a request's 29 seconds are over: an environment that is ended there
# loses the index that it holds. `read_timeout` is for one silence, so a long download is not cut short.
_FOR_REQUESTS: Final = _BASE.merge(
    Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
)
# A build has minutes, and S3 may think for seconds after it was sent a large file.
_FOR_BUILDS: Final = _BASE.merge(
    Config(connect_timeout=3, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})
)


_SERVICES: Final = ("dynamodb", "s3", "secretsmanager", "sqs")


class _FewServices(Loader):
    """Finds the descriptions of our services without looking into the folders of AWS's four hundred others."""

    def list_available_services(self, type_name: str) -> list[str]:
        return list(_SERVICES)


@cache
def s3() -> "S3Client":
    """Object storage, for requests that somebody waits for."""
    client: S3Client = _client("s3")
    return client


@cache
def s3_for_builds() -> "S3Client":
    """Object storage, for work that takes minutes."""
    client: S3Client = _client("s3", _FOR_BUILDS)
    return client


@cache
def dynamodb() -> "DynamoDBClient":
    """The table."""
    client: DynamoDBClient = _client("dynamodb")
    return client


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Secrets by name."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


@cache
def sqs() -> "SQSClient":
    """Queues."""
    client: SQSClient = _client("sqs")
    return client


def _client(service: str, config: Config = _FOR_REQUESTS) -> Any:
    return _session().create_client(service, config=config)


@cache
def _session() -> botocore.session.Session:
    # One for all clients: it holds the parsed service models and the credentials.
    session = botocore.session.get_session()
    session.register_component("data_loader", _FewServices())
    return session
