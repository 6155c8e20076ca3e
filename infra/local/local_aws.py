"""AWS on this machine: moto's server in this process, with the stores, queues and secrets of the template."""

import json
import os
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.local.lambda_function import REGION
from infra.local.sam_template import SamTemplate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

LOOPBACK: Final = "127.0.0.1"
BUCKET: Final = "daltonify-data"
AUDIO_BUCKET: Final = "daltonify-audio"
TABLE: Final = "daltonify"
PUBLISHING_SECRET: Final = "daltonify/publishing"  # noqa: S105 - a name
SPOTIFY_SECRET: Final = "daltonify/spotify"  # noqa: S105 - a name

_QUEUE_NUMBERS: Final = ("VisibilityTimeout", "MessageRetentionPeriod")
_ACCESS_KEY_ID: Final = "testing"
# Whoever finds this text in a log has found a leak.
_SECRET_ACCESS_KEY: Final = "NEVERLOGME-testing"  # noqa: S105 - local AWS takes any


class AtomicTables:
    """An application with the calls of DynamoDB one after the other.

    When moto cancels a transaction it puts the whole table back as it was at the beginning, and with it undoes whatever
    others have written meanwhile; DynamoDB does not.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        with self._turn:
            return self._application(environ, start_response)  # type: ignore[no-any-return]


class LocalAws:
    """A server on a free loopback port; a context manager. What is stored goes when the process ends."""

    def __init__(self, template: SamTemplate) -> None:
        self._template = template
        application = AtomicTables(DomainDispatcherApplication(create_backend_app))
        self._server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=MotoRequestHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="local-aws", daemon=True)
        self.endpoint_url = f"http://{LOOPBACK}:{self._server.server_port}"
        self._queue_urls: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def references(self) -> dict[str, str]:
        """What ``!Ref`` of the template's resources and parameters stands for here; queues once they are made."""
        return {
            **self._queue_urls,
            "DataBucket": BUCKET,
            "AudioBucket": AUDIO_BUCKET,
            "Table": TABLE,
            "PublishingSecret": PUBLISHING_SECRET,
            "SpotifySecretName": SPOTIFY_SECRET,
            # Nothing stands before the service here, so nobody has to prove that a request came through it.
            "OriginSecret": "",
        }

    def take_over(self, environment: MutableMapping[str, str]) -> None:
        """Point every AWS client that reads this environment here and nowhere else."""
        for name in [name for name in environment if name.startswith("AWS_")]:
            del environment[name]
        environment.update(
            {
                "AWS_ENDPOINT_URL": self.endpoint_url,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_REGION": REGION,
                "AWS_ACCESS_KEY_ID": _ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": _SECRET_ACCESS_KEY,
                # A person's own profiles may hold other endpoints, and credentials that nothing here may use.
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        )

    def make_resources(self) -> None:
        """Make the empty buckets, table and queues as the template declares them."""
        s3 = self.s3()
        for resource, name in (("DataBucket", BUCKET), ("AudioBucket", AUDIO_BUCKET)):
            s3.create_bucket(Bucket=name)
            if versioning := self._template.resource(resource).get("VersioningConfiguration"):
                s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        declared = self._template.resource("Table")
        dynamodb = self.dynamodb()
        dynamodb.create_table(
            TableName=TABLE,
            **{
                key: declared[key]
                for key in ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
            },
        )
        dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=declared["TimeToLiveSpecification"])
        for queue, dead_letters in (("AudioQueue", "AudioDeadLetters"), ("ReleaseQueue", "ReleaseDeadLetters")):
            self._make_queue(queue, self._make_queue(dead_letters))

    def _make_queue(self, resource: str, dead_letters: str | None = None) -> str:
        """A queue of the template; where there are ``dead_letters``, its policy sends them to this queue's ARN."""
        declared, sqs = self._template.resource(resource), self.sqs()
        attributes: dict[Any, str] = {name: str(declared[name]) for name in _QUEUE_NUMBERS if name in declared}
        if dead_letters is not None:
            attributes["RedrivePolicy"] = json.dumps({**declared["RedrivePolicy"], "deadLetterTargetArn": dead_letters})
        name = resource
        if declared.get("FifoQueue"):
            # SQS tells such a queue by its name too.
            attributes["FifoQueue"], name = "true", f"{resource}.fifo"
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self._queue_urls[resource] = url
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def store_secret(self, name: str, values: Mapping[str, str]) -> None:
        """Make a secret that is one JSON object of texts."""
        self._client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(dict(values)))

    def read_secret(self, name: str) -> dict[str, str]:
        """What was stored in a secret."""
        values: dict[str, str] = json.loads(
            self._client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        )
        return values

    def store_catalogue(self, name: str, shard: Path) -> None:
        """Put a canonical file into the catalogue under this name."""
        self.s3().upload_file(str(shard), BUCKET, f"catalogue/{name}")

    def dynamodb(self) -> "DynamoDBClient":
        """A client of its own."""
        client: DynamoDBClient = self._client("dynamodb")
        return client

    def s3(self) -> "S3Client":
        """A client of its own."""
        client: S3Client = self._client("s3")
        return client

    def sqs(self) -> "SQSClient":
        """A client of its own."""
        client: SQSClient = self._client("sqs")
        return client

    def _client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=_ACCESS_KEY_ID,
            aws_secret_access_key=_SECRET_ACCESS_KEY,
        )
