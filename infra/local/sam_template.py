"""What one machine takes from ``template.yaml``, so that routes, limits and tables are the deployed service's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from infra.local.lambda_function import FunctionSettings

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"

# Lambda's own, for functions that do not say.
_DEFAULT_TIMEOUT_SECONDS: Final = 3
_DEFAULT_MEMORY_MB: Final = 128

_SECONDS: Final = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0}

_STACK_NAME: Final = "AWS::StackName"
_LOCAL_STACK: Final = "daltonify"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (``!Ref X``) as its long ones (``{"Ref": "X"}``)."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise yaml.constructor.ConstructorError(None, None, f"!{suffix} stands before nothing", node.start_mark)


_Loader.add_multi_constructor("!", _long_form)


@dataclass(frozen=True, slots=True)
class SamTemplate:
    """A parsed template; asking for what it does not declare raises ``KeyError``."""

    values: Mapping[str, Any]

    def resource(self, name: str) -> Mapping[str, Any]:
        """The properties of a resource."""
        properties: Mapping[str, Any] = self.values["Resources"][name].get("Properties", {})
        return properties

    def route_keys(self) -> list[str]:
        """The keys of every route of the HTTP API, such as ``GET /api/health``."""
        resources = self.values["Resources"].values()
        return [
            resource["Properties"]["RouteKey"]
            for resource in resources
            if resource["Type"] == "AWS::ApiGatewayV2::Route"
        ]

    def function(self, name: str) -> FunctionSettings:
        """The settings of a function."""
        merged = {**self._function_globals(), **self.resource(name)}
        return FunctionSettings(
            name=name,
            timeout_seconds=float(merged.get("Timeout", _DEFAULT_TIMEOUT_SECONDS)),
            memory_mb=int(merged.get("MemorySize", _DEFAULT_MEMORY_MB)),
        )

    def schedules(self, name: str) -> dict[str, float]:
        """Seconds between the calls of each job of a function, for those whose rate the template itself says."""
        events = [one["Properties"] for one in self.resource(name)["Events"].values() if one["Type"] == "ScheduleV2"]
        return {
            json.loads(one["Input"])["job"]: _seconds_of(one["ScheduleExpression"])
            for one in events
            if isinstance(one["ScheduleExpression"], str)
        }

    def environment(self, names: Sequence[str], references: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of these functions together.

        ``references`` says what ``!Ref`` of a resource or parameter stands for; parameters fall back on their defaults.
        """
        variables: dict[str, str] = {}
        for declared in (self._function_globals(), *map(self.resource, names)):
            for variable, value in declared.get("Environment", {}).get("Variables", {}).items():
                variables[variable] = self._resolved(value, references)
        return variables

    def _function_globals(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.values.get("Globals", {}).get("Function", {})
        return found

    def _resolved(self, value: object, references: Mapping[str, str]) -> str:
        if not isinstance(value, dict):
            return str(value)
        name = value["Ref"]
        if name == _STACK_NAME:
            return _LOCAL_STACK
        return references[name] if name in references else str(self.values["Parameters"][name]["Default"])


def _seconds_of(rate: str) -> float:
    number, unit = rate.removeprefix("rate(").removesuffix(")").split()
    return int(number) * _SECONDS[unit.removesuffix("s")]


def read_template(path: Path = TEMPLATE) -> SamTemplate:
    """Parse a template file."""
    with path.open(encoding="utf-8") as stream:
        return SamTemplate(yaml.load(stream, Loader=_Loader))  # noqa: S506 - the loader is a SafeLoader
