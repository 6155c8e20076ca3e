"""The stages that ``samconfig.toml`` names, each with a stack and parameters of its own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.local.deploy.faults import DeploymentFault

SAMCONFIG: Final = Path(__file__).parents[3] / "samconfig.toml"


@dataclass(frozen=True, slots=True)
class Stage:
    """One installation; ``table`` is what SAM calls its configuration environment."""

    name: str
    table: str
    stack_name: str
    parameters: Mapping[str, str]


def read_stage(name: str, path: Path = SAMCONFIG) -> Stage:
    """The stage whose table sets the parameter ``Stage`` to this name.

    Raises ``DeploymentFault`` with the names that there are.
    """
    with path.open("rb") as stream:
        tables = {table: values for table, values in tomllib.load(stream).items() if isinstance(values, dict)}
    stages = {stage.name: stage for stage in (_stage(table, values) for table, values in tables.items())}
    if name not in stages:
        raise DeploymentFault(f"{path.name} has no stage {name!r}, only {', '.join(stages)}. Add a table for it there.")
    return stages[name]


def _stage(table: str, values: Mapping[str, Any]) -> Stage:
    settings = values["deploy"]["parameters"]
    parameters = dict(pair.split("=", 1) for pair in settings["parameter_overrides"])
    return Stage(parameters["Stage"], table, settings["stack_name"], parameters)
