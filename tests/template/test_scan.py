"""What the scanner finds is mended or explained: findings, reasons and reports that do not fit are noticed."""

import pytest

from infra.local.scan_template import Accepted, Finding, ScanFailed, faults, findings, read_accepted, scan
from tests.template.transformed import deployed_template

REASON = "Only the operator reads it, and a key of our own would cost a dollar a month."
LOGS = Finding("CKV_AWS_158", "ApiLogs", "Ensure that CloudWatch Log Group is encrypted by KMS")


def accepted(*resources, check="CKV_AWS_158", reason=REASON):
    return Accepted(check, "A key of our own for logs", resources, reason)


def report(*failed, **summary):
    checks = [
        {"check_id": one.check, "resource": f"AWS::Logs::LogGroup.{one.resource}", "check_name": one.about}
        for one in failed
    ]
    counts = {"passed": 9, "failed": len(failed), "parsing_errors": 0, "resource_count": 3}
    return {"results": {"failed_checks": checks}, "summary": counts | summary}


def test_a_finding_with_its_reason_is_no_fault():
    assert faults([LOGS], [accepted("ApiLogs")]) == []


def test_a_finding_without_a_reason_is_a_fault():
    assert faults([LOGS], []) == [f"ApiLogs: {LOGS.about} (CKV_AWS_158)"]


def test_a_reason_is_for_the_resources_that_it_names():
    (fault,) = faults([LOGS, Finding("CKV_AWS_158", "NewLogs", LOGS.about)], [accepted("ApiLogs")])
    assert fault.startswith("NewLogs: ")


def test_a_reason_is_for_the_check_that_it_names():
    assert len(faults([LOGS], [accepted("ApiLogs", check="CKV_AWS_66")])) == 2


def test_a_reason_that_outlived_its_finding_is_a_fault():
    (fault,) = faults([LOGS], [accepted("ApiLogs", "OldLogs")])
    assert fault.startswith("OldLogs: CKV_AWS_158 is accepted, but no finding any more")


@pytest.mark.parametrize("reason", ["", "   ", "Not needed.", " " * 80])
def test_a_word_is_no_reason(reason):
    assert faults([LOGS], [accepted("ApiLogs", reason=reason)]) == ["CKV_AWS_158: say in a sentence why it is accepted"]


def test_an_entry_without_a_reason_is_not_even_read(tmp_path):
    path = tmp_path / "accepted.toml"
    path.write_text('[[accepted]]\ncheck = "CKV_AWS_18"\nabout = "Logs"\nresources = ["Bucket"]\n', encoding="utf-8")
    with pytest.raises(TypeError, match="reason"):
        read_accepted(path)


def test_the_findings_of_a_report_are_told_by_resource():
    assert findings(report(LOGS), 3) == [LOGS]


@pytest.mark.parametrize(
    "summary", [{"resource_count": 2}, {"parsing_errors": 1}, {"passed": 0}], ids=["resources", "errors", "nothing"]
)
def test_a_report_on_less_than_the_template_is_no_report(summary):
    with pytest.raises(ScanFailed, match="3 resources"):
        findings(report(**summary), 3)


def test_a_report_that_says_that_nothing_was_found_to_scan_is_no_report():
    # What checkov prints for a file that it takes for no template.
    empty = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0, "checkov_version": "3"}
    with pytest.raises(ScanFailed):
        findings(empty, 3)


@pytest.fixture
def scanner(tmp_path):
    """A program in checkov's place."""

    def write(body):
        path = tmp_path / "checkov"
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


def test_the_scanner_sees_none_of_our_variables_and_settings(scanner, monkeypatch):
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_AWS_158")
    monkeypatch.setenv("CKV_FRAMEWORK", "terraform")
    monkeypatch.setenv("BC_API_KEY", "NEVERLOGME-key")
    program = scanner('printf \'{"variables": "%s", "files": "%s"}\' "$(env | cut -d= -f1 | tr "\\n" " ")" "$(ls -A)"')
    seen = scan({"Resources": {}}, program)
    assert set(seen["variables"].split()) <= {"PATH", "HOME", "PWD", "SHLVL", "_", "OLDPWD"}
    assert seen["files"] == "template.json"


def test_a_scanner_that_broke_down_is_no_clean_bill(scanner):
    with pytest.raises(ScanFailed, match="ended with 2"):
        scan({"Resources": {}}, scanner("exit 2"))


def test_what_is_accepted_is_about_resources_that_exist_and_once_each():
    pairs = [(one.check, resource) for one in read_accepted() for resource in one.resources]
    assert len(pairs) == len(set(pairs))
    assert {resource for _, resource in pairs} <= deployed_template().resources.keys()
    assert faults([Finding(*pair) for pair in pairs], read_accepted()) == []
