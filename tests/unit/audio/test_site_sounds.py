"""The page measures as the service does: its model is the same file, and what it is held to is up to date."""

import json
from pathlib import Path

import pytest

from tests.unit.audio.site_sounds import EXPECTED, expected

ROOT = Path(__file__).parents[3]
HOW = "Write it anew with `python -m tests.unit.audio.site_sounds`."


def test_the_page_reads_the_model_from_the_same_bytes():
    served = ROOT / "infra/site/audio/local_model.json"
    assert served.read_bytes() == (ROOT / "daltonify_core/audio/local_model.json").read_bytes()


def test_what_the_page_is_held_to_is_what_the_service_measures(tmp_path):
    stored, now = flat(json.loads(EXPECTED.read_text(encoding="utf-8"))), flat(expected(tmp_path))
    assert stored.keys() == now.keys(), HOW
    for name, value in now.items():
        # Libraries may round the last digits otherwise from one version to the next.
        wanted = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
        assert stored[name] == wanted, f"{name}. {HOW}"


def flat(value: object, path: str = "") -> dict[str, object]:
    """Every number and text by where it stands."""
    if isinstance(value, dict):
        return {name: one for key, inner in value.items() for name, one in flat(inner, f"{path}.{key}").items()}
    if isinstance(value, (list, tuple)):
        return {name: one for key, inner in enumerate(value) for name, one in flat(inner, f"{path}.{key}").items()}
    return {path: value}
