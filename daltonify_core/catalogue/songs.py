"""Which recordings are the same song: alternate versions must not stand in one list.

Titles are compared without what marks a version ("- 2011 Remaster", "(Live at …)", "- Radio Edit", "feat. …"), accents,
case and punctuation. Equal titles alone prove nothing ("Home" is many songs), so two tracks are versions of one song
only when an artist links them, credited or named in a title.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from daltonify_core.catalogue.track import artist_key_of_name

_VERSION_WORDS: Final = (
    r"live|remaster(?:ed)?|re-?master|remix|mix|edit|version|mono|stereo|acoustic|unplugged|instrumental|karaoke|demo|"
    r"explicit|clean|bonus|deluxe|single|album|radio|extended|original|re-?recorded|rework|session[s]?|take|anniversary|"
    r"sped[ -]up|slowed|remixed|rmx|dub|stripped|commentary|reverb|nightcore|a cappella|acapella|reprise|cover|from|"
    r"soundtrack|orchestral|piano|"
    r"ao vivo|en vivo|en directo|remasterizad[oa]|vers[ií]on|versão|ac[uú]stic[oa]"
)
# "with" names a guest only inside brackets; elsewhere it is a word of the title ("Dancing with Myself").
_FEATURED: Final = re.compile(
    r"[\(\[]\s*(?:(?:feat|ft|featuring)(?:\.\s*|\s+)|with\s+)([^\(\)\[\]]+)[\)\]]|"
    r"(?<!\d )\b(?:feat|ft|featuring)(?:\.\s*|\s+)(\S.*?)(?=\s+[-–—]\s|[\(\[\)\]]|$)",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(r"[\(\[]([^\(\)\[\]]*)[\)\]]")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_VERSION: Final = re.compile(rf"\b(?:{_VERSION_WORDS})\b", re.IGNORECASE)
_MAXIMUM_NAME_PARTS: Final = 3  # "Earth, Wind & Fire"
_DASH: Final = re.compile(r"\s+[-–—]\s+")
_NAME_SEPARATORS: Final = re.compile(
    r"[,\s]\s*(?:feat|ft|featuring)\b\.?\s*|\s*(?:,|&|\+|\band\b|\bx\b|;)\s*", re.IGNORECASE
)


def song_title(title: str) -> str:
    """The title without version marks, featured artists, case, accents and punctuation; never empty for a title.

    >>> song_title("Dreams - 2004 Remaster")
    'dreams'
    >>> song_title("WAP (feat. Megan Thee Stallion)")
    'wap'
    """
    # Japanese releases write full-width brackets.
    text = _FEATURED.sub(" ", unicodedata.normalize("NFKC", title.strip()))
    while (inner := _BRACKETED.sub(_without_version, text)) != text:
        text = inner
    head, *tails = _DASH.split(text)
    # What follows a version mark belongs to it ("- Live Acoustic - 2015"), and so does a year before it ("- 2012 -
    # Remaster").
    first = next((place for place, tail in enumerate(tails) if _VERSION.search(tail)), len(tails))
    if 0 < first < len(tails) and _YEAR.fullmatch(tails[first - 1].strip()):
        first -= 1
    return _letters(" ".join([head, *tails[:first]])) or _letters(title) or title.strip().casefold()


def _without_version(bracket: re.Match[str]) -> str:
    if _VERSION.search(bracket.group(1)):
        return " "
    # Kept words lose their brackets, so that brackets around them can be looked at next.
    return f" {bracket.group(1)} "


def song_key(title: str) -> int:
    """A 63-bit number that is equal for equal ``song_title``; different songs share one by chance about never."""
    digest = hashlib.blake2b(song_title(title).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def linked_artists(title: str, artists: Iterable[str]) -> frozenset[str]:
    """Keys of the credited artists and of all whom the title may name after "feat.", "ft." or "with".

    Every reading of a list of names counts, because a link too many only matters between equal titles.
    """
    named = (name for readings in _guest_readings(title) for names in readings for name in names)
    return frozenset(key for name in (*artists, *named) if (key := artist_key_of_name(name)))


def guests(title: str, is_known: Callable[[str], bool]) -> list[str]:
    """Names that the title gives after "feat.", "ft." or "with", each once.

    ``is_known`` says whether somebody bears the key of a name. The longest known reading wins: "Tyler, The Creator" is
    that artist, not somebody called Tyler; where no reading is known, every part is a name. Files that keep only the
    first artist of a track leave its guests nowhere but in the title.
    """
    found: dict[str, str] = {}
    for readings in _guest_readings(title):
        place = 0
        while place < len(readings):
            # A reading of n parts covers the n places from here on.
            known = [length for length, name in enumerate(readings[place], 1) if is_known(artist_key_of_name(name))]
            length = max(known, default=1)
            name = readings[place][length - 1].strip()
            if key := artist_key_of_name(name):
                found.setdefault(key, name)
            place += length
    return list(found.values())


def names_guests(title: str) -> bool:
    """Whether the title names anybody after "feat.", "ft." or "with"."""
    return _FEATURED.search(unicodedata.normalize("NFKC", title.strip())) is not None


def _guest_readings(title: str) -> Iterator[list[list[str]]]:
    """For each mention of guests and each place in its list: the names that may begin there, shortest first.

    A separator may belong to a name ("Tyler, The Creator", "Lil Nas X"), so neighbouring parts also count as one.
    """
    for match in _FEATURED.finditer(unicodedata.normalize("NFKC", title.strip())):
        named = match.group(1) or match.group(2)
        between = list(_NAME_SEPARATORS.finditer(named))
        starts = [0, *(separator.end() for separator in between)]
        ends = [*(separator.start() for separator in between), len(named)]
        yield [
            [named[start:end] for end in ends[place : place + _MAXIMUM_NAME_PARTS]]
            for place, start in enumerate(starts)
        ]


def _letters(text: str) -> str:
    # Styled letters become plain ones first, or their case would stay; what only joins characters or picks the colour
    # of an emoji is no part of the word.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    # Only Latin, Greek and Cyrillic accents go; the marks of other scripts (dakuten, vowel signs) change the word.
    kept = (c for c in decomposed if not ("\u0300" <= c <= "\u036f" or "\ufe00" <= c <= "\ufe0f" or _is_joiner(c)))
    plain = unicodedata.normalize("NFC", "".join(kept))
    if not any(c.isalnum() for c in plain):
        return ""
    return " ".join("".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in plain).split())


def _is_joiner(character: str) -> bool:
    return unicodedata.category(character) == "Cf"
