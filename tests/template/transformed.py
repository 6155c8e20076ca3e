"""The template as CloudFormation sees it, after SAM's transform, for the checks of what it promises."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from infra.local.sam_template import read_template

LOCAL: Final = Path(__file__).parents[2] / "infra" / "local"


@dataclass(frozen=True)
class Transformed:
    """A transformed template; names of attributes are written ``Resource.Attribute`` throughout."""

    values: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.values["Resources"]
        return found

    def __getitem__(self, name: str) -> Any:
        """The properties of a resource."""
        return self.resources[name].get("Properties", {})

    def of_type(self, kind: str) -> dict[str, Any]:
        """Properties by name. Fails where there is none, so that no check passes for want of anything to check."""
        found = {name: self[name] for name, one in self.resources.items() if one["Type"] == kind}
        assert found, f"there is no {kind}"
        return found

    @property
    def functions(self) -> dict[str, Any]:
        return self.of_type("AWS::Lambda::Function")

    def role_of(self, function: str) -> str:
        """The logical name of a function's role."""
        return attribute(self[function]["Role"]).removesuffix(".Arn")

    def grants(self, role: str) -> set[tuple[str, str]]:
        """Every pair of an action and a resource, as text, that a role allows."""
        return {
            (action, attribute(resource))
            for one in self.statements(role)
            for action in as_list(one["Action"])
            for resource in as_list(one["Resource"])
        }

    def statements(self, role: str) -> list[Any]:
        return [one for policy in self[role]["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def attribute(value: Any) -> str:
    """What a reference refers to, as text."""
    if isinstance(value, str):
        return value
    ((_, meant),) = value.items()
    return str(meant)


def _named(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"Fn::GetAtt"} and isinstance(value["Fn::GetAtt"], list):
            return {"Fn::GetAtt": ".".join(value["Fn::GetAtt"])}
        return {key: _named(one) for key, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, list) else value


def transform(templates: Sequence[Mapping[str, Any]]) -> list[Transformed]:
    """SAM's transform of parsed templates. It runs in SAM's own environment, which is made where it is missing."""
    # That environment has a Python of its own, which need not be the one that these tests run on.
    variables = {key: value for key, value in os.environ.items() if key != "PYTHON"}
    made = subprocess.run([LOCAL / "setup_tools.sh", "sam"], env=variables, stdout=subprocess.PIPE, text=True)
    if made.returncode:
        pytest.fail("the environment of the SAM command line could not be made", pytrace=False)
    answer = subprocess.run(
        [Path(made.stdout.strip()) / "python", "-m", "infra.local.sam_transform"],
        cwd=LOCAL.parents[1],
        env=variables,
        input=json.dumps(templates),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    return [Transformed(_named(one)) for one in json.loads(answer.stdout)]


@cache
def deployed_template() -> Transformed:
    """What template.yaml becomes."""
    (template,) = transform([read_template().values])
    return template
