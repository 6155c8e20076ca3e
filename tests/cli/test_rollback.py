"""``daltonify rollback`` on a folder and on the bucket of a stack."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.local.synthetic_catalogue import write_synthetic_catalogue
from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, run: Run) -> tuple[Path, list[str]]:
    """An index folder that was built twice, and its versions in order."""
    folder = tmp_path_factory.mktemp("rollback")
    versions = []
    for seed in (1, 2):
        write_synthetic_catalogue(folder / "catalogue" / "synthetic.csv.gz", 400, seed=seed)
        built = run("build", "--catalogue", folder / "catalogue", "--index", folder / "index", "--json")
        assert built.code == 0, built.err
        versions.append(json.loads(built.out)["version"])
    return folder / "index", versions


@pytest.fixture
def folder(grown: tuple[Path, list[str]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(grown[0], tmp_path / "index"))


def test_without_a_version_they_are_listed(run, folder, grown):
    listed = run("rollback", "--index", folder)
    assert listed.code == 0
    first, second = (line for line in listed.out.splitlines() if "400" in line)
    assert first.startswith(f"{grown[1][1]} (current)")
    assert second.startswith(grown[1][0])
    values = json.loads(run("rollback", "--index", folder, "--json").out)["indexes"]
    assert [(one["version"], one["current"], one["tracks"]) for one in values] == [
        (grown[1][1], True, 400),
        (grown[1][0], False, 400),
    ]


def test_the_older_one_serves_again(run, folder, grown):
    done = run("rollback", grown[1][0], "--index", folder)
    assert (done.code, "mend the catalogue" in done.out) == (0, True)
    assert json.loads((folder / "current.json").read_text())["version"] == grown[1][0]
    assert run("find", "a", "--index", folder).code in (0, 3)


def test_an_unknown_version_is_told_with_those_that_are_kept(run, folder, grown):
    refused = run("rollback", "nothing", "--index", folder)
    assert refused.code == 2
    assert grown[1][0] in refused.err.replace("\n", "")
    assert json.loads((folder / "current.json").read_text())["version"] == grown[1][1]


def test_where_nothing_was_built_there_is_nothing(run, tmp_path):
    assert run("rollback", "--index", tmp_path / "none").code == 4


@pytest.fixture
def stack(aws, folder) -> tuple[str, str]:
    """A stack that has a data bucket with the folder's indexes: its name and the bucket's."""
    bucket = aws.make_bucket()
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            aws.s3.put_object(Bucket=bucket, Key=f"index/{path.relative_to(folder)}", Body=path.read_bytes())
    name = f"stack-of-{bucket}"
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"DataBucketName": {"Value": bucket}},
    }
    aws.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))
    return name, bucket


def test_a_deployed_stack_is_named_instead_of_its_bucket(run, aws, stack, grown):
    name, bucket = stack
    done = run("rollback", grown[1][0], "--stack", name)
    assert done.code == 0, done.err
    pointer = json.loads(aws.s3.get_object(Bucket=bucket, Key="index/current.json")["Body"].read())
    assert (pointer["version"], pointer["previous"]) == (grown[1][0], [grown[1][1]])
    assert run("rollback", "--bucket", bucket).out.startswith("version")


def test_an_unknown_stack_and_two_places_are_refused(run, aws):
    assert "There is no stack nowhere" in run("rollback", "--stack", "nowhere").err
    assert run("rollback", "--stack", "a", "--bucket", "b").code == 2


def test_without_a_region_it_says_what_to_set(monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["rollback", "--stack", "any"])
    assert (result.exit_code, "AWS_REGION" in result.stderr) == (6, True)


def test_a_region_in_aws_region_is_enough(run, aws, stack, grown, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert run("rollback", "--stack", stack[0]).out.startswith("version")
