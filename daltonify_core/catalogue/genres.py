"""Genre names: the many spellings of public data meet in one.

Case, hyphens, underscores and outer spaces never tell genres apart. Names that are also written as one word, or with
"and", "n" or "&", meet through the table below, which is looked up by letters and digits alone.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

_ALIASES: Final = {
    # squeezed spelling -> name shown
    "rnb": "r&b",
    "rb": "r&b",
    "randb": "r&b",
    "rhythmandblues": "r&b",
    "contemporaryrnb": "contemporary r&b",
    "contemporaryrb": "contemporary r&b",
    "hiphop": "hip hop",
    "triphop": "trip hop",
    "drumandbass": "drum & bass",
    "drumnbass": "drum & bass",
    "drumbass": "drum & bass",
    "dnb": "drum & bass",
    "rocknroll": "rock & roll",
    "rockandroll": "rock & roll",
    "rockroll": "rock & roll",
    # Files that are named after a genre often lose its spaces.
    "popindie": "pop indie",
    "indiepop": "indie pop",
    "indierock": "indie rock",
    "altrock": "alt rock",
    "deephouse": "deep house",
    "kpop": "k-pop",
    "jpop": "j-pop",
    "jrock": "j-rock",
    "synthpop": "synth-pop",
    "lofi": "lo-fi",
}

MAX_GENRE_LENGTH: Final = 60


def _squeeze(label: str) -> str:
    decomposed = unicodedata.normalize("NFKD", label.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def normalise_genre(label: str) -> str | None:
    """The one name of a genre, or ``None`` when the label names none (empty, punctuation only, or a sentence).

    >>> normalise_genre(" Hip-Hop ")
    'hip hop'
    >>> normalise_genre("R&B")
    'r&b'
    """
    squeezed = _squeeze(label)
    if not squeezed or len(label.strip()) > MAX_GENRE_LENGTH:
        return None
    if squeezed in _ALIASES:
        return _ALIASES[squeezed]
    words = unicodedata.normalize("NFKC", label).casefold().replace("_", " ").replace("-", " ").split()
    return " ".join(words)


def normalise_genres(labels: Iterable[str]) -> tuple[str, ...]:
    """Normalised names, each once, sorted; labels that name no genre are left out."""
    return tuple(sorted({name for label in labels if (name := normalise_genre(label)) is not None}))
