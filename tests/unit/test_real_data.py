"""Missing real data are one line, not a silent pass; a wrong folder is a failure, not a skip."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = """
import pytest

@pytest.mark.real_data
def test_marked(): pass

@pytest.mark.parametrize("n", [1, 2])
def test_taking_the_fixture(real_data, n): assert real_data.is_absolute()

def test_another(): pass
"""


@pytest.fixture
def run(tmp_path):
    """Run pytest on planted tests that share the real conftest.py."""
    (tmp_path / "conftest.py").write_bytes((Path(__file__).parents[1] / "conftest.py").read_bytes())
    (tmp_path / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers = real_data\naddopts = -q --strict-markers", encoding="utf-8"
    )

    def run(*arguments: str, data: Path | None = None) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "DALTONIFY_DATA"}
        if data:
            environment["DALTONIFY_DATA"] = str(data)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        ).stdout

    return run


def test_without_the_variable_one_line_says_how_many_tests_were_skipped(run):
    output = run()
    assert output.count("real data not found: set DALTONIFY_DATA") == 1
    assert "; 3 tests skipped" in output
    assert "1 passed, 3 skipped" in output


def test_a_wrong_folder_fails(run, tmp_path):
    output = run(data=tmp_path)
    assert "does not hold spotify_songs_tidytuesday.csv.gz" in output
    assert "1 passed, 3 errors" in output


def test_with_the_data_everything_runs(run, tmp_path):
    (tmp_path / "spotify_songs_tidytuesday.csv.gz").touch()
    assert "4 passed" in run(data=tmp_path)


def test_the_marker_deselects_tests_that_only_take_the_fixture(run):
    output = run("-m", "not real_data")
    assert "1 passed, 3 deselected" in output
    assert "not found" not in output
