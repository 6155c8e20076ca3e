"""AWS on this machine for tests: one moto server for the whole run, fresh buckets and tables for every test."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
import pytest
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.local.local_aws import AtomicTables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

REGION: Final = "eu-central-1"
ACCESS_KEY: Final = "testing"
SECRET_KEY: Final = "NEVERLOGME-aws-secret-key"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class LocalAws:
    """Clients of the local server. Names that it hands out are used once, so tests never meet each other's data."""

    endpoint: str
    s3: "S3Client" = field(init=False)
    dynamodb: "DynamoDBClient" = field(init=False)
    secrets_manager: "SecretsManagerClient" = field(init=False)
    sqs: "SQSClient" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "s3", self.client("s3"))
        object.__setattr__(self, "dynamodb", self.client("dynamodb"))
        object.__setattr__(self, "secrets_manager", self.client("secretsmanager"))
        object.__setattr__(self, "sqs", self.client("sqs"))

    @property
    def environment(self) -> dict[str, str]:
        """What a function finds in its environment, so that its clients reach this server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def client(self, service: Any) -> Any:
        """A client that does not repeat what fails, so that a test sees every fault."""
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
        )

    def make_bucket(self, keeps_versions: bool = True) -> str:
        """A new bucket; the deployed one for catalogues and indexes keeps versions, the one for audio does not."""
        name = f"daltonify-{next(_numbers)}"
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if keeps_versions:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def make_table(self) -> str:
        """A new table with keys ``pk`` and ``sk`` and expiry at ``expires_at``."""
        name = f"daltonify-{next(_numbers)}"
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
                {"AttributeName": "due_at", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due",
                    "KeySchema": [
                        {"AttributeName": "due", "KeyType": "HASH"},
                        {"AttributeName": "due_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        self.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )
        return name

    def make_queue(self, dead_letters: str | None = None, receives: int = 5) -> str:
        """The address of a new queue; what was received too often goes to the queue ``dead_letters``."""
        attributes: dict[Any, str] = {}
        if dead_letters is not None:
            found = self.sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
            target = {"deadLetterTargetArn": found["Attributes"]["QueueArn"], "maxReceiveCount": receives}
            attributes["RedrivePolicy"] = json.dumps(target)
        return self.sqs.create_queue(QueueName=f"daltonify-{next(_numbers)}", Attributes=attributes)["QueueUrl"]

    def make_release_queue(self) -> str:
        """The address of a new queue in order, as releases have it."""
        attributes: dict[Any, str] = {"FifoQueue": "true", "VisibilityTimeout": "720"}
        return self.sqs.create_queue(QueueName=f"daltonify-{next(_numbers)}.fifo", Attributes=attributes)["QueueUrl"]

    def make_secret(self, text: str) -> str:
        """The name of a new secret that holds ``text``."""
        name = f"daltonify-{next(_numbers)}"
        self.secrets_manager.create_secret(Name=name, SecretString=text)
        return name


@contextmanager
def serve() -> Iterator[LocalAws]:
    """Run the server on a free port of 127.0.0.1."""
    application = AtomicTables(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, name="local-aws", daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        # A line for each of thousands of requests would bury what a failed test has to say.
        patch.setattr(MotoRequestHandler, "log_request", lambda *_: None)
        # Which service a host means never changes, and moto lists its source folder to find out, at every request.
        find_backend = DomainDispatcherApplication.get_backend_for_host
        patch.setattr(DomainDispatcherApplication, "get_backend_for_host", cache(find_backend))
        # What AWS's services look like never changes either, and every session reads that anew for each of its clients.
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        thread.start()
        try:
            yield LocalAws(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
