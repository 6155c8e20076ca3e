"""What the README says about AWS against what is there: every command, output, parameter, alarm, file and figure."""

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from scheduled_jobs.handler import JOBS

from daltonify_core import errors
from daltonify_core.errors import DaltonifyError
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.use_cases.submit_audio import AudioSettings
from infra.cli.login import DEFAULT_PORT
from infra.cli.main import app
from infra.local import costs
from infra.local.deploy.stages import SAMCONFIG, read_stage
from infra.local.sam_template import TEMPLATE, read_template

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README[README.index("## From an empty AWS account") : README.index("## Is it any good?")]
WORDS = " ".join(SECTION.split())
RUNBOOK = SECTION[SECTION.index("### When an alarm comes") :]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

template = read_template()
parameters = set(template.values["Parameters"])
outputs = set(template.values["Outputs"])
resources = set(template.values["Resources"])
alarms = {name for name, one in template.values["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}

PROGRAM = dict(vars(typer.main.get_command(app))["commands"])

# CloudFront's own words for what a person would add.
NAMES_OF_AWS = {"Aliases", "ViewerCertificate"}


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)))


def commands() -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```", SECTION, flags=re.DOTALL | re.MULTILINE)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    inline = [text for text in quoted(SECTION) if text.startswith(("make ", "daltonify "))]
    return [line for line in [*lines, *inline] if line]


def test_every_command_of_the_section_exists():
    assert len(commands()) > 8
    for command in commands():
        program, name, *words = command.split()
        if program == "make":
            assert re.search(rf"^{name}:", MAKEFILE, flags=re.MULTILINE), command
            for variable in [word.partition("=")[0] for word in words if "=" in word]:
                assert re.search(rf"\b{variable}\b", MAKEFILE), command
        elif program == "daltonify":
            assert name in PROGRAM, command
            options = {option for parameter in PROGRAM[name].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options, command
        else:
            assert command in ("export AWS_REGION=eu-central-1", 'export PATH="$PWD/.venv/bin:$PATH"'), command


def test_what_make_setup_puts_on_the_path_is_where_the_section_looks_for_it():
    assert "VENV ?= .venv\n" in MAKEFILE
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert "daltonify" in scripts


def test_every_stage_that_a_command_names_is_in_samconfig():
    for name in set(re.findall(r"STAGE=([a-z]+)", SECTION)):
        assert read_stage(name).name == name
    for name in set(re.findall(r"daltonify-[a-z]+", SECTION)):
        assert f'stack_name = "{name}"' in SAMCONFIG.read_text(encoding="utf-8")


def names() -> set[str]:
    """What is written like a name in the template."""
    return {name for name in quoted(SECTION) if re.fullmatch(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*", name)}


def test_every_name_is_an_output_a_parameter_or_a_resource():
    assert len(names()) > 25
    assert not names() - parameters - outputs - resources - NAMES_OF_AWS


def test_every_output_and_every_parameter_of_the_template_is_explained():
    assert outputs <= names()
    assert parameters <= names()


def test_every_parameter_that_is_to_be_set_in_samconfig_exists():
    settings = SECTION[SECTION.index("**6. Settings**") : SECTION.index("| output")]
    assert {name for name in quoted(settings) if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name)} <= parameters
    examples = dict(re.findall(r"`'?\"?([A-Z]\w+)=\"?([^\"'`]+)\"?'?`", settings))
    assert len(examples) == 2
    for name, value in examples.items():
        declared = template.values["Parameters"][name]
        assert value in declared.get("AllowedValues", [value])
        assert re.fullmatch(declared.get("AllowedPattern", ".*"), value)


def test_every_file_exists():
    # Neither folders of a bucket nor addresses nor the operator's own data.
    written = {name for name in quoted(SECTION) if re.fullmatch(r"[a-z][\w/-]*\.[a-z]+", name)}
    assert len(written) > 2
    for path in written:
        assert (ROOT / path).exists(), path


def test_the_runbook_has_a_row_for_each_alarm_and_no_other():
    rows = set(re.findall(r"^\| `(\w+Alarm)` \|", RUNBOOK, flags=re.MULTILINE))
    assert len(rows) > 5
    assert rows == alarms


def test_the_redirect_uri_is_the_one_that_login_listens_on():
    assert f"`ssh -L {DEFAULT_PORT}:127.0.0.1:{DEFAULT_PORT}`" in SECTION
    assert re.findall(r"`(http://127\.0\.0\.1:\d+/callback)`", SECTION) == [f"http://127.0.0.1:{DEFAULT_PORT}/callback"]


def test_who_may_publish_and_where_codes_are_kept_is_as_the_template_has_it():
    (row,) = re.findall(r"^\| `PublishAccess` \|(.*)\|$", SECTION, flags=re.MULTILINE)
    assert quoted(row) == set(template.values["Parameters"]["PublishAccess"]["AllowedValues"])
    secret = json.loads(template.resource("PublishingSecret")["GenerateSecretString"]["SecretStringTemplate"])
    assert {name for name in quoted(SECTION) if name in secret} == set(secret)


def test_the_codes_of_the_runbook_are_those_of_the_log():
    known = {one.code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, DaltonifyError)}
    named = {name for name in quoted(RUNBOOK) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}
    assert len(named) > 5
    assert named <= known


def test_limits_are_those_of_template_and_code():
    biggest = max(int(one["MemorySize"]) for one in map(template.resource, resources) if "MemorySize" in one)
    assert f"{biggest:,} MB a function" in SECTION
    assert f"may take {template.resource('Api')['Timeout']} seconds" in WORDS
    playlists, files = PublishSettings().daily_creations, AudioSettings().daily_in_all
    assert f"At most {playlists} playlists and {files} audio files a day" in WORDS
    assert "400,000 tracks" in TEMPLATE.read_text(encoding="utf-8")
    assert "about 400,000 tracks" in WORDS
    (rule,) = [
        one
        for one in template.resource("DataBucket")["LifecycleConfiguration"]["Rules"]
        if one.get("Prefix") == "catalogue/"
    ]
    assert (rule["NoncurrentVersionExpiration"]["NoncurrentDays"], "for a month" in WORDS) == (30, True)
    assert AudioSettings().record_lasts == timedelta(hours=1)
    assert "forgotten after an hour" in WORDS


# ---- What it costs -------------------------------------------------------------------------------------------------


def test_the_costs_are_those_that_the_command_prints():
    assert costs.table() in SECTION
    assert costs.formulas() in SECTION
    assert costs.notes() in WORDS
    assert f"{costs.billed(costs.bill(100)):.2f} dollars a month" in WORDS
    assert f"as of {costs.PRICES_OF}" in SECTION


def metrics_of(*functions: str) -> set[str]:
    code = "".join(
        path.read_text(encoding="utf-8") for name in functions for path in (ROOT / "functions" / name).rglob("*.py")
    )
    return set(re.findall(r"(?:add_metric|single_metric|_count)\(\s*(?:name=)?\"(\w+)\"", code))


def test_the_costs_know_the_sizes_and_the_number_of_what_is_deployed():
    assert template.resource("Api")["MemorySize"] == costs.API_GB * 1024
    assert template.resource("BuildIndex")["MemorySize"] == costs.BUILDER_GB * 1024
    for worker in ("AudioWorker", "ScheduledJobs"):
        assert template.resource(worker)["MemorySize"] == costs.WORKER_GB * 1024
    assert len(alarms) <= costs.ALARMS
    assert len(metrics_of("api", "audio_worker", "release_worker")) <= costs.METRICS_OF_VISITS
    regular = metrics_of("build_index", "scheduled_jobs") | {name for _, name in JOBS.values()}
    assert len(regular) <= costs.METRICS_OF_EVERY_DAY + costs.METRICS_OF_EVERY_HOUR + len({"UnknownJobs"})
    assert parameters >= {"BuildRate"}
    assert template.values["Parameters"]["BuildRate"]["Default"] == "rate(1 day)"


@pytest.mark.parametrize("requests", [0, 100, 10_000, 1_000_000])
def test_a_bill_is_its_formula(requests):
    lines = {line.name: line for line in costs.bill(requests)}
    assert lines["HTTP API"].listed == pytest.approx(requests * 1.20 / 1_000_000)
    seconds = (
        requests * costs.WARM_SECONDS
        + costs.playlists(requests) * costs.PUBLISH_SECONDS
        + costs.cold_starts(requests) * costs.COLD_SECONDS
    )
    beside = costs.audio_files(requests) * costs.FILE_SECONDS + costs.JOBS * costs.JOB_SECONDS
    building = costs.BUILDS * costs.BUILD_SECONDS * costs.BUILDER_GB
    computing = (seconds * costs.API_GB + beside * costs.WORKER_GB + building) * 0.0000166667
    assert lines["Lambda, computing"].listed == pytest.approx(computing)
    assert all(0 <= line.billed <= line.listed for line in lines.values())


def test_rare_visits_start_cold_and_frequent_ones_hardly_ever():
    assert costs.cold_starts(100) == pytest.approx(100 / costs.REQUESTS_PER_VISIT, rel=0.01)
    assert costs.cold_starts(10_000_000) < 1


def test_no_bill_counts_more_playlists_or_files_than_a_month_allows():
    assert costs.playlists(100) == pytest.approx(2)
    assert costs.playlists(1_000_000) == 30 * PublishSettings().daily_creations
    assert costs.audio_files(1_000_000_000) == 30 * AudioSettings().daily_in_all


def test_a_visit_now_and_then_makes_few_hours_and_many_visits_make_all():
    assert costs.hours_with_visits(0) == 0
    assert costs.hours_with_visits(100) == pytest.approx(10, rel=0.01)
    assert costs.hours_with_visits(10_000_000) == pytest.approx(30 * 24)
