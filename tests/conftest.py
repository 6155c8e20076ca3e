"""What every kind of test shares: real data when the machine has them, and no wall-clock verdicts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.contract.local_aws import LocalAws
    from tests.contract.spotify_contract import SpotifyContract

from tests import log_watch

REAL_DATA_VARIABLE = "DALTONIFY_DATA"
# Stands for the whole folder, so that a path to something else is noticed before a test fails for an obscure reason.
REAL_DATA_FILE = "spotify_songs_tidytuesday.csv.gz"
NO_REAL_DATA = f"real data not found: set {REAL_DATA_VARIABLE} to a folder that holds {REAL_DATA_FILE}"

CONTRACT_VARIABLE = "DALTONIFY_CONTRACT"
CONTRACT_FILE = "spotify-web-api.yml"
NO_CONTRACT = f"Spotify's contract not found: set {CONTRACT_VARIABLE} to a folder that holds {CONTRACT_FILE}"

# They measure instead of asserting, need what was built, and need a browser: `make bench`, `make test-deploy` and
# `make test-site` run them.
collect_ignore = ["benchmark", "deploy", "e2e"]

# Hypothesis fails an example that takes over 200 ms, and a test whose examples take long to make; on a busy machine
# neither says anything about the code.
hypothesis.settings.register_profile(
    "daltonify", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("daltonify")

# The discard port, where nobody listens: no test can reach the real services, in processes of its own either.
NOBODY = "http://127.0.0.1:9"
os.environ.update({"RECCOBEATS_API": f"{NOBODY}/v1/", "SPOTIFY_OEMBED": f"{NOBODY}/oembed"})

log_watch.start()
LOOKS_BACK = "tests/test_no_secret_in_logs.py"


def find_real_data() -> Path:
    named = os.environ.get(REAL_DATA_VARIABLE)
    if not named:
        pytest.skip(NO_REAL_DATA)
    folder = Path(named)
    if not (folder / REAL_DATA_FILE).is_file():
        pytest.fail(f"{REAL_DATA_VARIABLE}={named} does not hold {REAL_DATA_FILE}", pytrace=False)
    return folder.resolve()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real catalogues; skips when none is named, fails when the name is wrong."""
    return find_real_data()


@pytest.fixture(scope="session")
def aws_server() -> "Iterator[LocalAws]":
    """One local AWS for the run; imported late, because most tests need no server and it takes a second."""
    from tests.contract.local_aws import serve

    with serve() as local_aws:
        yield local_aws


@pytest.fixture
def aws(aws_server: "LocalAws", monkeypatch: pytest.MonkeyPatch) -> "LocalAws":
    """The local AWS, to which every client leads that takes its address and credentials from the environment."""
    for name, value in aws_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return aws_server


@pytest.fixture(scope="session")
def spotify_contract() -> "SpotifyContract":
    """Spotify's OpenAPI document, read once; skips when no folder is named, fails when the name is wrong."""
    named = os.environ.get(CONTRACT_VARIABLE)
    if not named:
        pytest.skip(NO_CONTRACT)
    if not (Path(named) / CONTRACT_FILE).is_file():
        pytest.fail(f"{CONTRACT_VARIABLE}={named} does not hold {CONTRACT_FILE}", pytrace=False)
    # Imported here, because the library takes half a second that only these tests should pay.
    from tests.contract.spotify_contract import SpotifyContract

    return SpotifyContract(Path(named))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fixture implies the marker, so that `-m "not real_data"` finds every such test."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker("real_data")
    items.sort(key=lambda item: item.nodeid.startswith(LOOKS_BACK))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test printed may end in a log as well."""
    for _, text in report.sections:
        log_watch.keep(text)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The marker alone is enough as well, for tests that hand the folder to a command."""
    if item.get_closest_marker("real_data"):
        find_real_data()


def pytest_report_header() -> str | None:
    """Say which real data are used, because they change what a passing run proves."""
    named = os.environ.get(REAL_DATA_VARIABLE)
    return f"real data: {named}" if named else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line instead of one per test; a silent skip would look like a pass."""
    for reason in (NO_REAL_DATA, NO_CONTRACT):
        count = sum(reason in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
        if count:
            terminalreporter.write_line(f"{reason}; {count} {'test' if count == 1 else 'tests'} skipped")
