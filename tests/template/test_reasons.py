"""What template.yaml says to its readers: a reason beside each number, and no linter that looks away."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.sam_template import TEMPLATE, read_template

ROOT = Path(__file__).parents[2]
LINES = TEMPLATE.read_text(encoding="utf-8").splitlines()
NUMBER = re.compile(r" *(?:- )?(\w+): (\d+)")
ALARMS = [name for name, one in read_template().values["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"]


def is_explained(lines, at):
    """Whether a comment stands before a line, or before the numbers that it follows."""
    above = at - 1
    while NUMBER.fullmatch(lines[above]):
        above -= 1
    return lines[above].strip().startswith("# ")


def unexplained_numbers(lines) -> Iterator[str]:
    """Settings that have a number somewhere, and the reason for it nowhere."""
    places = defaultdict(list)
    for at, line in enumerate(lines):
        if found := NUMBER.fullmatch(line):
            places[found.group(0).strip(" -")].append(at)
    assert len(places) > 40
    return (setting for setting, found in places.items() if not any(is_explained(lines, at) for at in found))


def test_every_number_has_its_reason_beside_it_at_least_once():
    assert not list(unexplained_numbers(LINES))


def test_a_number_without_a_reason_is_noticed():
    (at,) = [at for at, line in enumerate(LINES) if "MaximumWindowInMinutes: 60" in line]
    assert list(unexplained_numbers(LINES[: at - 1] + LINES[at:])) == ["MaximumWindowInMinutes: 60"]


def test_every_wildcard_that_is_no_folder_has_its_reason_beside_it():
    wild = [at for at, line in enumerate(LINES) if re.fullmatch(r' *(- )?\w+: ("\*"|\w+:\*)', line)]
    assert wild
    for at in wild:
        before = at - 1 if at - 1 not in wild else at - 2
        assert LINES[before].strip().startswith("# "), LINES[at]


@pytest.mark.parametrize("name", ALARMS)
def test_threshold_and_silence_of_an_alarm_have_their_reasons_beside_them(name):
    block = "\n".join(LINES)
    block = block[block.index(f"\n  {name}:\n") :]
    for key in ("Threshold", "TreatMissingData"):
        (line,) = re.findall(rf"^(.*)\n +{key}: ", block[: block.index("OKActions")], flags=re.MULTILINE)
        assert line.strip().startswith("# ")


def test_neither_linter_nor_scanner_is_told_to_look_away():
    assert "Metadata" not in read_template().values
    for name, resource in read_template().values["Resources"].items():
        assert not resource.get("Metadata", {}).keys() & {"cfn-lint", "checkov", "cfn_nag", "guard"}, name
    ignored = re.compile(r"#\s*(checkov:skip|cfn-lint:|noqa|nosec)", re.IGNORECASE)
    assert not [line for line in LINES if ignored.search(line)]
    assert not [path.name for pattern in (".cfnlintrc*", ".checkov.y*ml") for path in ROOT.glob(pattern)]
