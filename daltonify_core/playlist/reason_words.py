"""The words of a reason: statements as one line of plain English, worded afresh where a list would repeat itself."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from daltonify_core.playlist.reasons import SAYINGS, Comparisons, Level, Likeness, ReasonPart, Reasons

_GREATER: Final = (Likeness.MORE, Likeness.A_BIT_MORE)
_SLIGHT: Final = (Likeness.A_BIT_MORE, Likeness.A_BIT_LESS)

FEATURE_NOUNS: Final = {
    "energy": "energy",
    "tempo": "tempo",
    "danceability": "groove",
    "valence": "mood",
    "acousticness": "acoustic sound",
    "instrumentalness": "share of vocals",
    "speechiness": "share of spoken words",
    "loudness": "loudness",
    "liveness": "live feel",
}
FEATURE_COMPARATIVES: Final = {
    # feature: (the track has more of it, the track has less of it)
    "energy": ("more energetic", "calmer"),
    "tempo": ("faster", "slower"),
    "danceability": ("more danceable", "less danceable"),
    "valence": ("brighter", "darker"),
    "acousticness": ("more acoustic", "less acoustic"),
    "instrumentalness": ("more instrumental", "more vocal"),
    "speechiness": ("wordier", "less wordy"),
    "loudness": ("louder", "quieter"),
    "liveness": ("more live-sounding", "more studio-like"),
}
_LEVEL_WORDS: Final = {
    "energy": {Level.LOW: "calm", Level.HIGH: "energetic"},
    "valence": {Level.LOW: "dark", Level.HIGH: "bright"},
    "acousticness": {Level.LOW: "hardly acoustic", Level.HIGH: "acoustic"},
    "instrumentalness": {Level.LOW: "with vocals", Level.HIGH: "instrumental"},
    "loudness": {Level.LOW: "quiet", Level.HIGH: "loud"},
}
# The first wording of each is the plainest; a list that has used it takes the next.
_LIKENESS_WORDINGS: Final = {
    Likeness.SAME: ("same {nouns}", "matches your {nouns}", "{nouns} just like yours"),
    Likeness.SIMILAR: ("similar {nouns}", "{nouns} close to yours", "much the same {nouns}"),
}
_LEVEL_WORDING: Final = "also {words}"
_SLIGHT_WORDINGS: Final = ("a bit {word}", "slightly {word}", "a little {word}")
_ASKED_WORDINGS: Final = ("{words}, as you asked", "{words} as asked", "{words}, as you wished")
_CLEAR_WORDINGS: Final = ("{word}", "clearly {word}", "noticeably {word}")
# A pattern that has served this often makes room for the next, whatever it was filled with.
_WORN_AFTER: Final = 3
_MARKS: Final = {"also": 1, "yours": 2}
"""Words that are clumsy twice in one line, each with a bit of its own."""
# What counts most against a wording is a word that the line has heard, then a phrase that the list has; no list has so
# many rows that something less would weigh as much.
_CLUMSY: Final = 1_000_000
_REPEATED: Final = 1_000
_ERA_WORDINGS: Final = ("same era", "released around the same time")
_SHORT_DECADES: Final = range(1930, 2000)
"""Those that people call by two digits."""
_DECADE_WORDINGS: Final = ("from the {decade}s, like yours", "also from the {decade}s")
_NEWEST_WORDINGS: Final = ("among the newest here, like yours", "one of the newest here")

type _Wordings = list[tuple[str, str, int]]
"""Ways to say one thing: the pattern, the phrase that it gives, and the bits of its marks; the plainest first.

Made once and never changed.
"""


class ReasonWriter:
    """Writes the reasons of one list: the same for the same tracks in the same order, and varied among them."""

    def __init__(self, comparisons: Comparisons, with_parts: bool = True) -> None:
        """Without parts, ``write`` gives the line alone and no statements, which take as long as the words."""
        self._reasons, self._with_parts = Reasons(comparisons), with_parts
        self._lifts = comparisons.lifts
        # How often the list has used each pattern and phrase: of several that say the same, the one that was used least
        # is taken, and the plainest first.
        self._worded: dict[str, int] = {}

    def write(self, place: int, seed_title: str | None = None) -> tuple[tuple[ReasonPart, ...], str]:
        """The statements about the list's next track, by its place among the compared ones, and the same as one line.

        ``seed_title`` is named when there are several seeds. The last statement is the lift; the text tells it after
        the only semicolon.
        """
        said = self._reasons.next_of(place)
        alike, era, granted, changed = said
        wordings = [*_likeness_wordings(alike)]
        if era is not None:
            wordings.append(_era_wordings(era.kind, era.decade, era.level))
        if granted:
            wordings.append(_wish_wordings(granted))
        if changed is not None:
            wordings.append(_change_wordings(changed))
        sound = ", ".join(self._phrases(wordings)) or "the nearest sound within reach"
        if seed_title is not None:
            sound = f"beside “{seed_title}”: {sound}"
        points = self._lifts[place]
        parts = self._reasons.parts(place, said) if self._with_parts else ()
        return parts, f"{sound}; {points} {'point' if points == 1 else 'points'} more popular"

    def _phrases(self, sayings: Sequence[_Wordings]) -> list[str]:
        """Of each saying the phrase that the list has used least; of these, one whose pattern is not yet worn.

        None repeats a mark that the line has before it, if that can be helped.
        """
        worded, times = self._worded, self._worded.get
        phrases: list[str] = []
        heard = 0
        for wordings in sayings:
            chosen, least = wordings[0], 2 * _CLUMSY
            for one in wordings:
                pattern, phrase, marks = one
                against = times(phrase, 0) * _REPEATED + times(pattern, 0) // _WORN_AFTER
                if heard & marks:
                    against += _CLUMSY
                if against < least:
                    chosen, least = one, against
                    if against == 0:
                        break
            pattern, phrase, marks = chosen
            worded[phrase] = times(phrase, 0) + 1
            if pattern != phrase:
                worded[pattern] = times(pattern, 0) + 1
            phrases.append(phrase)
            heard |= marks
        return phrases


@cache
def _likeness_wordings(alike: tuple[int, ...]) -> list[_Wordings]:
    """Those of what is the same, if anything is, and those of what is similar."""
    found = []
    sayings = [SAYINGS[one] for one in alike]
    for likeness, patterns in _LIKENESS_WORDINGS.items():
        features = [(name, level) for name, kind, level, _ in sayings if kind is likeness]
        nouns = _listed([FEATURE_NOUNS[name] for name, _ in features])
        wordings = [_wording(pattern, nouns=nouns) for pattern in patterns]
        words = [_LEVEL_WORDS[name][level] for name, level in features if level is not None]
        if len(words) == len(features):
            wordings.insert(1, _wording(_LEVEL_WORDING, words=_listed(words)))
        if features:
            found.append(wordings)
    return found


@cache
def _era_wordings(kind: Likeness, decade: int | None, level: Level | None) -> _Wordings:
    patterns = [*_DECADE_WORDINGS] if decade is not None else []
    patterns += _ERA_WORDINGS if kind is Likeness.SAME else []
    patterns += _NEWEST_WORDINGS if level is Level.HIGH else []
    short = decade % 100 if decade is not None and decade in _SHORT_DECADES else decade
    return [_wording(pattern, decade=short) for pattern in patterns]


@cache
def _change_wordings(change: int) -> _Wordings:
    feature, kind, _, time = SAYINGS[change]
    patterns = _SLIGHT_WORDINGS if kind in _SLIGHT else _CLEAR_WORDINGS
    word = _comparative(feature, kind) + (f" at {time} time" if time else "")
    return [_wording(pattern, word=word) for pattern in patterns]


@cache
def _wish_wordings(changes: tuple[int, ...]) -> _Wordings:
    words = _listed([_change_wordings(change)[0][1] for change in changes])
    return [_wording(pattern, words=words) for pattern in _ASKED_WORDINGS]


def _wording(pattern: str, **words: object) -> tuple[str, str, int]:
    phrase = pattern.format(**words)
    return pattern, phrase, sum(bit for word, bit in _MARKS.items() if word in phrase)


def _comparative(feature: str, kind: Likeness) -> str:
    return FEATURE_COMPARATIVES[feature][0 if kind in _GREATER else 1]


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words)
