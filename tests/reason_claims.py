"""What the words of a reason claim, written down apart from the code that writes them."""

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pytest

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.index.feature_space import COLUMNS
from daltonify_core.playlist.reasons import Comparisons

_NOTHING: Mapping[str, float] = MappingProxyType({})

# Feature, and +1 for more of it.
CLAIMS = {
    "more energetic": ("energy", 1),
    "calmer": ("energy", -1),
    "faster": ("tempo", 1),
    "slower": ("tempo", -1),
    "more danceable": ("danceability", 1),
    "less danceable": ("danceability", -1),
    "brighter": ("valence", 1),
    "darker": ("valence", -1),
    "more acoustic": ("acousticness", 1),
    "less acoustic": ("acousticness", -1),
    "more instrumental": ("instrumentalness", 1),
    "more vocal": ("instrumentalness", -1),
    "wordier": ("speechiness", 1),
    "less wordy": ("speechiness", -1),
    "louder": ("loudness", 1),
    "quieter": ("loudness", -1),
    "more live-sounding": ("liveness", 1),
    "more studio-like": ("liveness", -1),
}
NOUNS = {
    "energy": "energy",
    "tempo": "tempo",
    "groove": "danceability",
    "mood": "valence",
    "acoustic sound": "acousticness",
    "share of vocals": "instrumentalness",
    "share of spoken words": "speechiness",
    "loudness": "loudness",
    "live feel": "liveness",
}
# "also calm": both tracks lie at least so low, or at least so high.
LEVEL_WORDS = {
    "calm": ("energy", "low", 0.35),
    "energetic": ("energy", "high", 0.75),
    "dark": ("valence", "low", 0.35),
    "bright": ("valence", "high", 0.65),
    "hardly acoustic": ("acousticness", "low", 0.1),
    "acoustic": ("acousticness", "high", 0.6),
    "with vocals": ("instrumentalness", "low", 0.1),
    "instrumental": ("instrumentalness", "high", 0.6),
    "quiet": ("loudness", "low", -12.0),
    "loud": ("loudness", "high", -5.0),
}
# The largest difference that may be called the same, similar, and a bit; tempo in octaves, loudness in dB.
THRESHOLDS = {
    "energy": (0.05, 0.12, 0.25),
    "tempo": (0.04, 0.1, 0.25),
    "danceability": (0.05, 0.12, 0.25),
    "valence": (0.06, 0.15, 0.3),
    "acousticness": (0.06, 0.15, 0.35),
    "instrumentalness": (0.1, 0.3, 0.6),
    "speechiness": (0.03, 0.1, 0.2),
    "loudness": (0.75, 2.0, 4.0),
    "liveness": (0.08, 0.25, 0.5),
}
ERA_YEARS = 3
LIKENESSES = {
    r"(?:same|matches your) (?P<what>.+)": "same",
    r"(?P<what>.+) just like yours": "same",
    r"(?:similar|much the same) (?P<what>.+)": "similar",
    r"(?P<what>.+) close to yours": "similar",
    r"also (?P<what>.+)": "level",
}
ERAS = {
    r"same era|released around the same time": "years",
    r"among the newest here, like yours|one of the newest here": "newest",
    r"from the (\d+)s, like yours|also from the (\d+)s": "decade",
}


class Comparison(NamedTuple):
    """One track beside its seed, as ``Comparisons`` holds many; what is not given counts for nothing."""

    seed: AudioFeatures
    track: AudioFeatures
    lift: int
    closeness: Mapping[str, float] = _NOTHING
    targets: Mapping[str, float] = _NOTHING
    seed_year: int | None = None
    track_year: int | None = None
    newest_year: int | None = None


def one_list(rows: Sequence[Comparison]) -> Comparisons:
    """The tracks of one list, each with a seed of its own; targets and the newest year are the first one's."""
    closeness = np.array([[one.closeness.get(name, 0.0) for name in COLUMNS] for one in rows])
    return Comparisons(
        seeds=[one.seed for one in rows],
        seed_years=[one.seed_year for one in rows],
        nearest=list(range(len(rows))),
        tracks=[one.track for one in rows],
        track_years=[one.track_year for one in rows],
        lifts=[one.lift for one in rows],
        closeness=closeness.reshape(-1, len(COLUMNS)),
        targets=rows[0].targets if rows else _NOTHING,
        newest_year=rows[0].newest_year if rows else None,
    )


def difference(name: str, seed: AudioFeatures, track: AudioFeatures, times: float = 1.0) -> float:
    """The track's value less the seed's; a tempo in octaves, counted ``times`` as fast as the seed's."""
    ours, theirs = getattr(seed, name), getattr(track, name)
    return math.log2(theirs / times) - math.log2(ours) if name == "tempo" else theirs - ours


def spoken(text: str) -> list[tuple[str, str]]:
    """Feature and claim of every statement of sound or era.

    Claims are ``same``, ``similar``, ``low``, ``high``, ``+``, ``-``, ``a bit +`` or ``a bit -``, the last four ending
    in ``, asked`` where the text says so, and beginning with ``double `` or ``half `` where it says that a tempo is
    counted so; ``years``, or a decade such as ``90``.
    """
    sound, _, _ = text.rpartition("; ")
    found = []
    for phrase in re.split(r", (?!as you |like yours)", sound):
        if phrase == "the nearest sound within reach":
            continue
        era = next((kind for pattern, kind in ERAS.items() if re.fullmatch(pattern, phrase)), None)
        if era:
            found.append(("release_year", "".join(re.findall(r"\d+", phrase)) if era == "decade" else era))
            continue
        wish = re.fullmatch(r"(.+?),? as (?:you asked|asked|you wished)", phrase)
        if wish:
            found += [(name, f"{claim}, asked") for name, claim in map(compared, wish[1].split(" and "))]
            continue
        match, kind = next(
            ((match, kind) for pattern, kind in LIKENESSES.items() if (match := re.fullmatch(pattern, phrase))),
            (None, ""),
        )
        if match is None:
            found.append(compared(phrase))
        elif kind == "level":
            found += [LEVEL_WORDS[word][:2] for word in match["what"].split(" and ")]
        else:
            found += [(NOUNS[noun], kind) for noun in match["what"].split(" and ")]
    return found


def compared(words: str) -> tuple[str, str]:
    slight = "a bit " if re.match("a bit |slightly |a little ", words) else ""
    words, _, time = words.removesuffix(" time").partition(" at ")
    name, sign = CLAIMS[re.sub("^(a bit|slightly|a little|clearly|noticeably) ", "", words)]
    return name, f"{time} {slight}{'-+'[sign > 0]}".lstrip()


def assert_true(name: str, claim: str, one: Comparison) -> None:
    """The claim holds against the raw numbers."""
    if name == "release_year":
        assert one.seed_year is not None
        assert one.track_year is not None
        if claim == "years":
            assert abs(one.seed_year - one.track_year) <= ERA_YEARS
        elif claim == "newest":
            assert one.newest_year is not None
            assert one.seed_year > one.newest_year
            assert one.track_year >= one.newest_year - ERA_YEARS
        else:
            assert {one.seed_year // 10 * 10, one.track_year // 10 * 10} <= {int(claim), 1900 + int(claim)}
        return
    time = next((word for word in ("double ", "half ") if claim.startswith(word)), "")
    claim = claim.removeprefix(time)
    size = difference(name, one.seed, one.track, {"double ": 2.0, "half ": 0.5, "": 1.0}[time])
    same, similar, a_bit = THRESHOLDS[name]
    claim, _, asked = claim.partition(", ")
    if name == "tempo":
        # Or the same tempo, counted in another way, would lie on the other side.
        assert abs(size) <= 0.5 + 1e-9
    if claim in ("same", "similar"):
        assert abs(size) <= (same if claim == "same" else similar) + 1e-9
    elif claim in ("low", "high"):
        bound = next(bound for feature, level, bound in LEVEL_WORDS.values() if (feature, level) == (name, claim))
        values = [getattr(sound, name) for sound in (one.seed, one.track)]
        assert all(value <= bound if claim == "low" else value >= bound for value in values)
        assert abs(size) <= similar + 1e-9
    else:
        assert (size > 0) == claim.endswith("+")
        assert abs(size) > (same if asked else similar) - 1e-9
        assert claim.startswith("a bit") == (abs(size) <= a_bit) or abs(size) == pytest.approx(a_bit)
        assert not asked or one.targets[name] * size > 0
