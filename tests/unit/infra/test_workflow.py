"""The workflow for forks runs what .ci/run runs, with as few rights as that needs."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[3]
WORKFLOW: Final = ROOT / ".github" / "workflows" / "ci.yml"
# The variables by which .ci/run calls its interpreters.
VERSIONS: Final = {"python": "3.13", "older": "3.12"}


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    values: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return values


def test_it_runs_the_targets_of_ci_run_on_the_same_pythons(workflow):
    wanted = {
        (target, VERSIONS[variable])
        for target, variable in re.findall(
            r'^[^#\n]*\bmake ([a-z-]+) PYTHON="\$(\w+)"', (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.M
        )
    }
    assert len(wanted) > 4
    run = set()
    for job in workflow["jobs"].values():
        (version,) = {step["with"]["python-version"] for step in job["steps"] if "setup-python" in step.get("uses", "")}
        assert job["env"]["PYTHON"] == f"python{version}"
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert all(command.startswith("make ") for command in commands)
        run |= {(command.removeprefix("make "), version) for command in commands}
    # There the check runs in one piece, of which .ci/run tries a part beside it.
    assert run == wanted - {("test", "3.13")}


def test_it_may_only_read_and_knows_no_secret(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())
    assert "{{ secrets" not in WORKFLOW.read_text(encoding="utf-8")
    # Pull requests of strangers run with the rights of the target only under the other name.
    assert set(workflow[True]) == {"push", "pull_request"}


def test_every_action_is_githubs_own_and_pinned_to_a_major_version(workflow):
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used)


def test_every_job_ends_in_time(workflow):
    assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())
