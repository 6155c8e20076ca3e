"""The page draws how a list flows, and counts its steps by itself; here both sides are held to the same numbers.

``tests/site/flow_cases.json`` holds pairs of tracks and what the sequencer makes of them; Node's tests read it, too.
"""

import json
import random
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.playlist.sequencer import camelot_jump, jump, jumps, tempo_jump

CASES = Path(__file__).parents[2] / "site" / "flow_cases.json"
DIGITS = 9
PAIRS = 60


def expected() -> dict[str, Any]:
    """Every pair of keys, and tracks of all kinds: far apart, alike, beyond an octave, and with values missing."""
    numbers = random.Random(7)

    def track() -> dict[str, float]:
        known = {
            "energy": round(numbers.random(), 3),
            "tempo": round(numbers.uniform(40, 220), 2),
            "key": numbers.randrange(12),
            "mode": numbers.randrange(2),
        }
        return {name: value for name, value in known.items() if numbers.random() > 0.1}

    signs = list(product(range(12), range(2)))
    keys = [
        [*one, *other, round(camelot_jump(*one, *other), DIGITS)]
        for one, other in product(signs, signs)
        if one <= other
    ]
    tempos = [
        [one, other, round(tempo_jump(one, other), DIGITS)]
        for one, other in (
            (70, 140),
            (35, 140),
            (100, 141.4),
            (120, 124),
            (92, 130),
            (174, 87),
            (20, 400),
            (61.3, 61.3),
        )
    ]
    tracks = [track() for _ in range(2 * PAIRS)]
    pairs = [
        {"first": one, "second": other, "felt": round(jump(_features(one), _features(other)), DIGITS)}
        for one, other in zip(tracks[::2], tracks[1::2], strict=True)
    ]
    shuffled = [{"energy": 0.5, "tempo": 120.0, "key": 0, "mode": 1} | track() for _ in range(30)]
    means = jumps([_features(one) for one in shuffled])
    of_list = {
        part: [round(getattr(means.mean, part), DIGITS), round(getattr(means.worst, part), DIGITS)]
        for part in ("energy", "tempo", "key", "felt")
    }
    return {"keys": keys, "tempos": tempos, "pairs": pairs, "list": {"tracks": shuffled, "mean_and_worst": of_list}}


def _features(values: dict[str, float]) -> AudioFeatures:
    return AudioFeatures.from_mapping(values)


def test_page_is_tested_with_what_the_sequencer_counts():
    kept = json.loads(CASES.read_text(encoding="utf-8"))
    wanted = expected()
    assert kept["keys"] == wanted["keys"]
    assert kept["tempos"] == wanted["tempos"]
    assert [(one["first"], one["second"]) for one in kept["pairs"]] == [
        (one["first"], one["second"]) for one in wanted["pairs"]
    ]
    # Other processors may differ in the last digit of a logarithm.
    assert [one["felt"] for one in kept["pairs"]] == pytest.approx([one["felt"] for one in wanted["pairs"]], abs=1e-8)
    assert kept["list"]["tracks"] == wanted["list"]["tracks"]
    for part, numbers in wanted["list"]["mean_and_worst"].items():
        assert kept["list"]["mean_and_worst"][part] == pytest.approx(numbers, abs=1e-8)
