"""The small linear model that reads energy, acousticness and danceability from descriptors; its figures are data."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LIMIT: Final = 4.0
"""Standard deviations; further out the model was never checked."""


class Trust(StrEnum):
    """How far a value may be trusted.

    ``MEASURED`` by a rule; ``FAIR`` when the model explains about 70 % of the differences between tracks; ``WEAK`` when
    it explains less than half, so that a person should look at it.
    """

    MEASURED = "measured"
    FAIR = "fair"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    trust: Trust
    intercept: float
    coefficients: NDArray[np.float64]
    curve_scores: NDArray[np.float64]
    curve_values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LocalModel:
    """The figures of ``local_model.json``; ``attribution`` has to be shown wherever the values are explained.

    ``major`` and ``minor`` are the key profiles that two descriptors are defined by.
    """

    attribution: str
    names: tuple[str, ...]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    targets: dict[str, _Target]
    major: NDArray[np.float64]
    minor: NDArray[np.float64]

    def predict(self, descriptors: dict[str, float]) -> dict[str, float]:
        """Value of each target in 0..1; raises ``KeyError`` when a descriptor is missing."""
        values = np.array([descriptors[name] for name in self.names])
        scaled = np.clip((values - self.means) / self.deviations, -_LIMIT, _LIMIT)
        return {
            name: float(
                np.interp(target.intercept + scaled @ target.coefficients, target.curve_scores, target.curve_values)
            )
            for name, target in self.targets.items()
        }

    def trust(self) -> dict[str, Trust]:
        """How far each target may be trusted."""
        return {name: target.trust for name, target in self.targets.items()}


@cache
def local_model() -> LocalModel:
    """The model that comes with the package."""
    figures = json.loads(files(__package__).joinpath("local_model.json").read_text(encoding="utf-8"))
    rows = figures["descriptors"]
    return LocalModel(
        attribution=figures["attribution"],
        names=tuple(name for name, _, _ in rows),
        means=np.array([mean for _, mean, _ in rows]),
        deviations=np.array([deviation for _, _, deviation in rows]),
        targets={
            name: _Target(
                Trust(target["trust"]),
                target["intercept"],
                np.array(target["coef"]),
                np.array(target["curve"]["s"]),
                np.array(target["curve"]["value"]),
            )
            for name, target in figures["targets"].items()
        },
        major=np.array(figures["profiles"]["major"]),
        minor=np.array(figures["profiles"]["minor"]),
    )
