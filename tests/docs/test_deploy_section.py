"""What the README says about AWS against what is there: every command, output, parameter, alarm, file and figure."""

import re
from pathlib import Path

import pytest

from infra.cli.login import DEFAULT_PORT
from infra.local import costs
from infra.local.deploy.stages import SAMCONFIG, read_stage
from infra.local.sam_template import read_template

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README[README.index("## From an empty AWS account") : README.index("## Is it any good?")]
RUNBOOK = SECTION[SECTION.index("### When an alarm comes") :]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

template = read_template()
parameters = set(template.values["Parameters"])
outputs = set(template.values["Outputs"])
resources = set(template.values["Resources"])
alarms = {name for name, one in template.values["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}

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
        else:
            assert program == "daltonify", command
            main = (ROOT / "infra" / "cli" / "main.py").read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", main, flags=re.MULTILINE), command


def test_every_stage_that_a_command_names_is_in_samconfig():
    for name in set(re.findall(r"STAGE=([a-z]+)", SECTION)):
        assert read_stage(name).name == name
    for name in set(re.findall(r"daltonify-[a-z]+", SECTION)):
        assert f'stack_name = "{name}"' in SAMCONFIG.read_text(encoding="utf-8")


def test_every_name_is_an_output_a_parameter_or_a_resource():
    named = {name for name in quoted(SECTION) if re.fullmatch(r"[A-Z][a-z]+([A-Z][a-z]*)+|Aliases", name)}
    assert len(named) > 15
    assert not named - parameters - outputs - resources - NAMES_OF_AWS


def test_every_output_of_the_template_is_explained():
    assert outputs <= quoted(SECTION)


def test_every_parameter_that_is_to_be_set_in_samconfig_exists():
    settings = SECTION[SECTION.index("**6. Settings**") : SECTION.index("| output")]
    assert {name for name in quoted(settings) if re.fullmatch(r"[A-Z]\w+", name)} <= parameters


def test_every_file_exists():
    for path in {name for name in quoted(SECTION) if "/" in name and not name.endswith("/")}:
        if not path.startswith(("/", "http")):
            assert (ROOT / path).exists(), path


def test_the_runbook_has_a_row_for_each_alarm_and_no_other():
    rows = set(re.findall(r"^\| `(\w+Alarm)` \|", RUNBOOK, flags=re.MULTILINE))
    assert len(rows) == 6
    assert rows == alarms


def test_the_redirect_uri_is_the_one_that_login_listens_on():
    assert re.findall(r"`(http://127\.0\.0\.1:\d+/callback)`", SECTION) == [f"http://127.0.0.1:{DEFAULT_PORT}/callback"]


def test_limits_are_the_templates():
    biggest = max(int(one["MemorySize"]) for one in map(template.resource, resources) if "MemorySize" in one)
    assert f"{biggest:,} MB a function" in SECTION
    assert f"may take {template.resource('Api')['Timeout']} seconds" in SECTION


# ---- What it costs -------------------------------------------------------------------------------------------------


def test_the_costs_are_those_that_the_command_prints():
    assert costs.table() in SECTION
    assert costs.formulas() in SECTION
    assert f"as of {costs.PRICES_OF}" in SECTION


def test_the_costs_know_the_sizes_and_the_number_of_what_is_deployed():
    assert template.resource("Api")["MemorySize"] == costs.API_GB * 1024
    assert template.resource("BuildIndex")["MemorySize"] == costs.BUILDER_GB * 1024
    assert len(alarms) <= costs.ALARMS
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "functions").rglob("*.py"))
    assert len(set(re.findall(r"add_metric\(\s*(?:name=)?\"(\w+)\"", code))) <= costs.METRICS
    assert parameters >= {"BuildRate"}
    assert template.values["Parameters"]["BuildRate"]["Default"] == "rate(1 day)"


@pytest.mark.parametrize("requests", [0, 100, 10_000, 1_000_000])
def test_a_bill_is_its_formula(requests):
    lines = {line.name: line for line in costs.bill(requests)}
    assert lines["HTTP API"].listed == pytest.approx(requests * 1.20 / 1_000_000)
    seconds = (
        requests * costs.WARM_SECONDS
        + requests * costs.PUBLISHED_SHARE * costs.PUBLISH_SECONDS
        + costs.cold_starts(requests) * costs.COLD_SECONDS
    )
    building = costs.BUILDS * costs.BUILD_SECONDS * costs.BUILDER_GB
    computing = (seconds * costs.API_GB + building) * 0.0000166667
    assert lines["Lambda, computing"].listed == pytest.approx(computing)
    assert all(0 <= line.billed <= line.listed for line in lines.values())


def test_rare_visits_start_cold_and_frequent_ones_hardly_ever():
    assert costs.cold_starts(100) == pytest.approx(100 / costs.REQUESTS_PER_VISIT, rel=0.01)
    assert costs.cold_starts(10_000_000) < 1
