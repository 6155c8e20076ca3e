"""The real template, deployed to an emulator that enforces permissions. `make test-deploy` runs these.

What the emulator shows of CloudFront: the page from its private bucket, compiled headers policies, the function that
names the visitor, the secret on its way to the API. What it does not show, and only AWS can: caching and compression,
the protocols and versions of TLS towards visitors, edge locations, an API at its own address (the tests put the
emulator's in its place), the address of a sender at the HTTP API (always 127.0.0.1), alarms that go off on metrics from
log lines, mails, the dashboard's drawing, throttling of routes, lifecycle rules, expiry of items in the table.
"""

import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from tests.deploy.aws_emulator import LOOPBACK, REGION, AwsEmulator

ROOT: Final = Path(__file__).parents[2]
STACK: Final = "daltonify-test"
CONTACT: Final = "operator@example.org"
ACCESS_CODE: Final = "NEVERLOGME-access-code"
CLIENT_SECRET: Final = "NEVERLOGME-client-secret"
WAIT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What the HTTP API answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The deployed stack: its outputs, clients with the owner's permissions, and its HTTP API."""

    emulator: AwsEmulator
    outputs: Mapping[str, str]
    resources: Mapping[str, str] = field(repr=False)
    # One for all clients: each session would read the descriptions of its services anew.
    session: boto3.session.Session = field(default_factory=boto3.session.Session, repr=False)

    def client(self, service: Any, **credentials: str) -> Any:
        """A client of the account's owner, or of whoever the credentials belong to."""
        keys: dict[str, Any] = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return self.session.client(
            service,
            endpoint_url=self.emulator.endpoint_url,
            region_name=REGION,
            verify=str(self.emulator.authority),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
            **keys,
        )

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Send a request to the HTTP API under the name that it was given."""
        sent = dict(headers or {})
        content = raw
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with closing(
            http.client.HTTPSConnection(LOOPBACK, self.emulator.port, timeout=60, context=self.emulator.trust)
        ) as connection:
            prefix = f"/_aws/execute-api/{self.resources['HttpApi']}/$default"
            connection.request(method, prefix + path, content, sent)
            response = connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )

    def set_environment(self, function: str, **variables: str) -> None:
        """Add variables to a function: a simulator's address is in no template."""
        functions = self.client("lambda")
        name = self.resources[function]
        present = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**present, **variables}})


def wait_until(condition: Any, what: str, seconds: float = WAIT_SECONDS) -> Any:
    """The first true value of ``condition()``."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        if found := condition():
            return found
        sleep(0.3)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def tool(environment: str) -> Path:
    """The folder of programs of an environment that ``setup_tools.sh`` makes."""
    script = ROOT / "infra/local/setup_tools.sh"
    return Path(subprocess.run([script, environment], check=True, capture_output=True, text=True).stdout.strip())


_FINDINGS = pytest.StashKey[list[str]]()


@pytest.fixture
def findings(pytestconfig: pytest.Config) -> list[str]:
    """Lines that the run says in the end."""
    return pytestconfig.stash.setdefault(_FINDINGS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was found out about the artefacts."""
    for line in config.stash.get(_FINDINGS, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    """One emulator for the run; its log is kept beside the tests' other files."""
    with AwsEmulator(tool("emulator"), tmp_path_factory.mktemp("emulator") / "emulator.log") as running:
        yield running


@pytest.fixture(scope="session")
def deployment(emulator: AwsEmulator) -> Deployment:
    """The stack as `sam deploy` makes it from what `make build` built."""
    command = [
        *(str(tool("sam") / "sam"), "deploy", "--stack-name", STACK, "--resolve-s3", "--no-confirm-changeset"),
        *("--no-progressbar", "--capabilities", "CAPABILITY_IAM", "--parameter-overrides"),
        *("Stage=test", f"OperatorContact={CONTACT}", f"AlarmEmail={CONTACT}"),
    ]
    environment = emulator.environment() | {"SAM_CLI_TELEMETRY": "0"}
    deployed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert deployed.returncode == 0, deployed.stdout[-3000:] + deployed.stderr[-3000:]
    bare = Deployment(emulator, {}, {})
    stacks = bare.client("cloudformation")
    outputs = stacks.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    resources = stacks.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    return Deployment(
        emulator,
        {output["OutputKey"]: output["OutputValue"] for output in outputs},
        {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources},
    )
