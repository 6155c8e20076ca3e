"""What every kind of test shares: real data when the machine has them, and no wall-clock verdicts."""

import os
from pathlib import Path

import hypothesis
import pytest

REAL_DATA_VARIABLE = "DALTONIFY_DATA"
# Stands for the whole folder, so that a path to something else is noticed before a test fails for an obscure reason.
REAL_DATA_FILE = "spotify_songs_tidytuesday.csv.gz"
NO_REAL_DATA = f"real data not found: set {REAL_DATA_VARIABLE} to a folder that holds {REAL_DATA_FILE}"

# Measures instead of asserting; `make bench` runs it.
collect_ignore = ["benchmark"]

# Hypothesis fails an example that takes over 200 ms; on a busy machine that says nothing about the code.
hypothesis.settings.register_profile("daltonify", deadline=None, print_blob=True)
hypothesis.settings.load_profile("daltonify")


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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fixture implies the marker, so that `-m "not real_data"` finds every such test."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker("real_data")


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
    count = sum(NO_REAL_DATA in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    if count:
        terminalreporter.write_line(f"{NO_REAL_DATA}; {count} {'test' if count == 1 else 'tests'} skipped")
