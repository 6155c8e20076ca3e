"""Looks for what is unsafe in the template as CloudFormation sees it, with checkov.

    python -m infra.local.scan_template CHECKOV

Has to run in the environment of the SAM command line (infra/local/setup_tools.sh sam); CHECKOV is the program of the
other one (infra/local/setup_tools.sh scan). Every finding is mended, or stands with its reason in
infra/accepted_findings.toml. Ends with 1 where one does neither, where an accepted finding is none any more, and where
the scanner did not look at every resource.

The raw template is not scanned: it has the same findings, and hides the roles that SAM makes.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.local.sam_template import read_template

ACCEPTED: Final = Path(__file__).parents[1] / "accepted_findings.toml"

_LEAST_REASON: Final = 40
"""In characters: a sentence, not a word that stands for one."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What one rule says of one resource; ``about`` is the rule in words."""

    check: str
    resource: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Why one rule is not followed by these resources."""

    check: str
    about: str
    resources: tuple[str, ...]
    reason: str


class ScanFailed(Exception):
    """The scanner did not look at everything that it was given."""


def read_accepted(path: Path = ACCEPTED) -> list[Accepted]:
    """Parse the accepted findings. Raises ``TypeError`` for keys that are missing or unknown."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["accepted"]
    return [Accepted(**{**entry, "resources": tuple(entry["resources"])}) for entry in entries]


def findings(report: Mapping[str, Any], resource_count: int) -> list[Finding]:
    """What a report of checkov complains of. Raises ``ScanFailed`` when it is not about so many resources."""
    summary = report.get("summary", report)
    if summary.get("parsing_errors", 0) or summary.get("resource_count") != resource_count or not summary.get("passed"):
        raise ScanFailed(f"checkov was given {resource_count} resources and says: {json.dumps(summary)}")
    return [
        Finding(one["check_id"], one["resource"].rpartition(".")[2], one["check_name"])
        for one in report["results"]["failed_checks"]
    ]


def faults(found: Iterable[Finding], accepted: Sequence[Accepted]) -> list[str]:
    """Findings without a reason, and reasons without a finding."""
    explained = {(one.check, resource) for one in accepted for resource in one.resources}
    present = {(one.check, one.resource): one for one in found}
    return [
        *(f"{one.resource}: {one.about} ({one.check})" for key, one in sorted(present.items()) if key not in explained),
        *(
            f"{resource}: {check} is accepted, but no finding any more; take it out of {ACCEPTED.name}"
            for check, resource in sorted(explained - present.keys())
        ),
        *(
            f"{one.check}: say in a sentence why it is accepted"
            for one in accepted
            if len(one.reason.strip()) < _LEAST_REASON
        ),
    ]


def scan(template: Mapping[str, Any], checkov: Path) -> Mapping[str, Any]:
    """Checkov's report on a transformed template. Raises ``ScanFailed`` when it makes none."""
    with tempfile.TemporaryDirectory() as folder:
        # In a folder of its own, with none of our variables: both can tell checkov what to leave out.
        path = Path(folder) / "template.json"
        path.write_text(json.dumps(template, indent=1), encoding="utf-8")
        process = subprocess.run(  # noqa: S603 - our own pinned program
            [checkov, "-f", path, "--framework", "cloudformation", "--skip-download", "--output", "json"],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": folder},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    # It ends with 1 when it has found something, and with 2 when it has broken down.
    if process.returncode not in (0, 1):
        raise ScanFailed(f"checkov ended with {process.returncode}:\n{process.stderr.rstrip()}")
    report: Mapping[str, Any] = json.loads(process.stdout)
    return report


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong; 1 when anything is."""
    # Here, because only SAM's environment has the transform, and the rest of this is tested in ours.
    from infra.local.sam_transform import transformed

    (checkov,) = arguments
    template = transformed(dict(read_template().values))
    found = findings(scan(template, Path(checkov).absolute()), len(template["Resources"]))
    wrong = faults(found, read_accepted())
    for fault in wrong:
        print(f"scan: {fault}", file=sys.stderr)
    if not wrong:
        print(f"scan: {len(template['Resources'])} resources, {len(found)} findings, each with its reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
