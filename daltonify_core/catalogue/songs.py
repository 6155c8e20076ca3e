"""Which recordings are the same song: alternate versions must not stand in one list.

Titles are compared without what marks a version ("- 2011 Remaster", "(Live at …)", "- Radio Edit", "feat. …"), without
a subtitle in brackets, accents, case and punctuation; what tells one piece from another ("Pt. 2", "(Interlude)") stays.
Equal titles alone prove nothing ("Home" is many songs), so two tracks are versions of one song only when an artist ties
them: credited on both, or credited on one and named by the other's title. A remix is a version of the song that it
remixes; a cover is a song of its own, even when its title names the artist whom it covers.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from daltonify_core.catalogue.track import artist_key_of_name

_VERSION_WORDS: Final = (
    r"live|(?:digital )?re-?master(?:s|ed)?|\w*-?mix(?:ed|es)?|rmx|re-?edit|edit(?:ed|ion)?|ver|versions?|"
    r"mono|stereo|acoustic|unplugged|instrumentals?|karaoke|demo|explicit|clean|dirty|(?:un)?censored|bonus|deluxe|"
    r"single|album|radio|extended|original(?:ly)?|re-?recorded|recorded|recording|re-?work(?:ed)?|re-?make|re-?fix|"
    r"re-?boot|re-?vamp(?:ed)?|redux|revisited|bootleg|flip(?:ped)?|vip|sessions?|performance|take|anniversary|"
    r"sped[ -]up|slowed|reverb|nightcore|daycore|8d|bass boosted|lo-?fi|chopped|screwed|dub|stripped|commentary|"
    r"a ?cappella|reprise|cover|tribute|from|soundtrack|orchestral|piano|(?:un)?cut|street|main|international|club|"
    r"festival|anthem|theme|colors show|blank|in the style of|made famous by|"
    r"english|spanish|french|german|italian|portuguese|japanese|korean|chinese|mandarin|hindi|arabic|spanglish|"
    r"espa[ñn]ol|fran[çc]ais|deutsch|italiano|portugu[êe]s|"
    r"ao vivo|en vivo|en directo|en concert|dal vivo|remasteri[zs](?:ad[oa]|[ée]e?)|rimasterizzat[oa]|"
    r"vers[ií][oó]n|versão|versione|ac[uú]stic[oa]|acoustique|ремикс|версия|концерт\w*|акустик\w*|инструментал\w*"
)
# Scripts without spaces have no word boundaries to look for.
_VERSION_CHARACTERS: Final = (
    r"ライブ|ライヴ|バージョン|ヴァージョン|リミックス|リマスター|カラオケ|アコースティック|日本語|英語|伴奏|现场|現場|"
    r"国语|國語|粤语|粵語|라이브|버전|리믹스|리마스터|어쿠스틱"
)
_VERSION: Final = re.compile(rf"\b(?:{_VERSION_WORDS})\b|{_VERSION_CHARACTERS}", re.IGNORECASE)
# At the end of a title only words that hardly ever belong to one mark a version without bracket or dash.
_BARE_VERSION: Final = re.compile(
    r"(?<=\S)\s+(?:remix|rmx|remastered|acoustic|['’]\d\d|karaoke(?: version)?|nightcore|sped up|radio edit|"
    r"slowed(?:\s*(?:\+|&|and|n)\s*reverb)?|(?:acoustic|instrumental|live|radio|album|single) version|"
    r"prod(?:uced)?\.?\s(?:by\s)?.+)\s*$",
    re.IGNORECASE,
)
# Brackets and what follows a dash may tell pieces apart instead of versions: by number, live or not, ...
_NUMBERED: Final = re.compile(
    r"\b(?:pt|part|parte|partie|teil|vol|volume|chapter|episode|movement)\b|\b(?:no|nr|act|op)\.?\s?[\divx]+\b|"
    r"^[ivx]+(?:$|[.:])|^(?:\d{1,3}|one|two|three|four|five|un|deux|trois|uno|dos|tres|eins|zwei|drei)$",
    re.IGNORECASE,
)
# ... or by kind, unless a version mark says more ("Intro Edit").
_PIECE: Final = re.compile(r"\b(?:interlude|interludio|intro|outro|skit|prelude|prologu?e?|epilogue)\b", re.IGNORECASE)
# Under such a title the subtitle names the piece.
_GENERIC: Final = re.compile(
    r"(?:the )?(?:intro(?:duction)?|outro|interlude|skit|prelude|overture|untitled|medley|freestyle|bonus|theme|"
    r"hidden|voice memo|reprise|unknown|instrumental|live|part|chapter|act|movement)(?: track)?(?: \d+)?"
)
# "with" names a guest only inside brackets; elsewhere it is a word of the title ("Dancing with Myself").
_FEATURED: Final = re.compile(
    r"[\(\[]\s*(?:(?:feat|ft|featuring)(?:\.\s*|\s+)|with\s+)([^\(\)\[\]]+)[\)\]]|"
    r"(?<!\d )\b(?:feat|ft|featuring)(?:\.\s*|\s+)(\S.*?)(?=\s+[-–—]\s|[\(\[\)\]]|$)",
    re.IGNORECASE,
)
_MAY_BE_FEATURED: Final = re.compile(r"\b(?:feat|ft|featuring)[.\s]|[\(\[]\s*with\s")
_BRACKETED: Final = re.compile(r"[\(\[]([^\(\)\[\]]*)[\)\]]")
_WAVED: Final = re.compile(r"[~〜]([^~〜]+)[~〜]\s*$")
_SUBTITLE: Final = re.compile(r"(.*\S)\s*\{([^{}]*)\}[^\w{}]*", re.DOTALL)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MAXIMUM_NAME_PARTS: Final = 3  # "Earth, Wind & Fire"
_MAXIMUM_MENTION_WORDS: Final = 5
_DASH: Final = re.compile(r"\s+[-–—]\s+")
_WITH: Final = re.compile(r"(?:with|con|avec|w/)\s", re.IGNORECASE)
_VERSUS: Final = re.compile(r"\bvs\b", re.IGNORECASE)
_COVERS: Final = re.compile(r"\b(?:cover|tribute)\b|^by\b", re.IGNORECASE)
_NAME_SEPARATORS: Final = re.compile(
    r"[,\s]\s*(?:feat|ft|featuring)\b\.?\s*|\s*(?:,|&|\+|\band\b|\bx\b|;)\s*", re.IGNORECASE
)
_BAND_SEPARATORS: Final = re.compile(
    r"\s*[,&+/;]\s*|\s+(?:and|x|y|e|et|und|con|with|vs\.?|feat\.?|ft\.?|featuring|fka|aka|a\.k\.a\.)\s+", re.IGNORECASE
)
# Titles in Chinese, Japanese or Korean often carry an English one, and other releases have that alone.
_EAST_ASIAN: Final = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af]")
_LATIN_TITLE: Final = re.compile(r"[a-z]{4}|[a-z]+ [a-z]+", re.IGNORECASE)

_LETTERS: Final = re.compile(r"[a-z0-9]+")
# Two titles of three hold no more than this, and most of what follows is not for them.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ]+")
_IN_FOR_ING: Final = re.compile(r"in['’](?!\w)", re.IGNORECASE)
_APOSTROPHE: Final = re.compile(r"(?<=\w)['’](?=\w)")
_ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "one": "1", "two": "2", "three": "3"}
_SPELLINGS: Final = {"n": "and", "u": "you", "pt": "part"}


class Song(NamedTuple):
    """What tells whether two tracks are versions of one song, in numbers that stand for texts.

    ``key``: 63 bits, equal for equal ``song_title``, wherever its spaces stand ("Love Song", "Lovesong"). ``marks``, of
    31 bits, because they only count between equal keys: a number for everybody credited or named as a guest and, as
    ``~number``, for what else the title may name beside the song itself, such as whoever remixed it. Equal sets of
    names give equal marks.
    """

    key: int
    marks: tuple[int, ...]

    def is_version_of(self, other: "Song") -> bool:
        """Whether both are recordings of one song: equal titles, and an artist who ties them.

        What is only mentioned ties with a name, and never with what the other one mentions.
        """
        theirs = other.marks
        return self.key == other.key and any(~mark in theirs or (mark >= 0 and mark in theirs) for mark in self.marks)


def song_of(title: str, artists: Sequence[str]) -> Song:
    """The song that a track with this title and these credited names is a version of."""
    own, beside = _split(title)
    key, may_name_guests = _key(_title_of(own, title)), _may_name_guests(title)
    if len(artists) == 1 and not beside and not may_name_guests:
        # Most tracks of a catalogue.
        return Song(key, _marks_of_credit(artists[0]))
    numbers = {number for name in artists for number in _marks_of_credit(name)}
    if may_name_guests:
        numbers |= _numbers(linked_artists(title, ()))
    mentioned = sorted([~_number(run) for run in set(_mentions(beside))]) if beside else ()
    return Song(key, (*sorted(numbers), *mentioned))


# A catalogue names most artists several times.
@lru_cache(maxsize=1 << 18)
def _marks_of_credit(name: str) -> tuple[int, ...]:
    """Those of a credited name and of its parts, which may be members: "Simon & Garfunkel"."""
    return tuple(sorted(_numbers({name, *_BAND_SEPARATORS.split(name)})))


def _numbers(names: Iterable[str]) -> set[int]:
    return {_number(letters) for name in names if (letters := _name_letters(name))}


def _number(letters: str) -> int:
    return int.from_bytes(hashlib.blake2b(letters.encode(), digest_size=4).digest()) >> 1


def song_title(title: str) -> str:
    """The title without version marks, subtitle, featured artists, case, accents and punctuation; never empty for one.

    >>> song_title("Dreams - 2004 Remaster")
    'dreams'
    >>> song_title("WAP (feat. Megan Thee Stallion)")
    'wap'
    """
    return _title_of(_split(title)[0], title)


def _title_of(own: str, title: str) -> str:
    return _words(own) or _letters(title) or title.strip().casefold()


def _key(plain_title: str) -> int:
    digest = hashlib.blake2b(plain_title.replace(" ", "").encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def _split(title: str) -> tuple[str, list[str]]:
    """The song's own title, and what was said beside it: version marks and subtitles, guests aside."""
    if _PLAIN.fullmatch(title) and not _may_name_guests(title):
        return _BARE_VERSION.sub("", title.strip()), []
    # Japanese releases write full-width brackets.
    text = _FEATURED.sub(" ", unicodedata.normalize("NFKC", title.strip()))
    text = _WAVED.sub(r"(\1)", text)
    beside: list[str] = []

    def without_version(bracket: re.Match[str]) -> str:
        said = bracket.group(1)
        if _VERSION.search(said) and not _NUMBERED.search(said.strip()):
            beside.append(said)
            return " "
        # Kept brackets change their shape, so that brackets around them can be looked at next.
        return f" {{{said}}} "

    while (inner := _BRACKETED.sub(without_version, text)) != text:
        text = inner
    head, *tails = _DASH.split(text)
    # What follows a version mark belongs to it ("- Live Acoustic - 2015"), and so does a year before it ("- 2012 -
    # Remaster").
    first = next((place for place, tail in enumerate(tails) if _marks_version(tail)), len(tails))
    if 0 < first < len(tails) and _YEAR.fullmatch(tails[first - 1].strip()):
        first -= 1
    beside += tails[first:]
    kept, subtitles = _without_subtitle(" ".join([head, *tails[:first]]))
    return _BARE_VERSION.sub("", kept), beside + subtitles


def _marks_version(tail: str) -> bool:
    plain = tail.replace("{", " ").replace("}", " ").strip()
    if _NUMBERED.search(plain):
        return False
    return bool(_VERSION.search(plain) or _WITH.match(plain) or _VERSUS.search(plain))


def _without_subtitle(text: str) -> tuple[str, list[str]]:
    """The title without brackets at its end, unless they tell pieces apart or hold the title in plain letters."""
    subtitles: list[str] = []
    while bracket := _SUBTITLE.fullmatch(text):
        before, said = bracket.group(1), bracket.group(2).strip()
        if _NUMBERED.search(said) or _PIECE.search(said) or _GENERIC.fullmatch(_words(before)) or not _words(before):
            break
        subtitles.append(said)
        english = _EAST_ASIAN.search(before) and not _EAST_ASIAN.search(said) and _LATIN_TITLE.search(said)
        text = said if english else before
    return _plain_letters_only(text), subtitles


def _plain_letters_only(text: str) -> str:
    """Of a title in an East Asian script followed or preceded by one in plain letters, the latter."""
    if not _EAST_ASIAN.search(text):
        return text
    runs: list[list[str]] = []
    for word in text.split():
        if runs and bool(_EAST_ASIAN.search(runs[-1][0])) == bool(_EAST_ASIAN.search(word)):
            runs[-1].append(word)
        else:
            runs.append([word])
    plain = [" ".join(run) for run in runs if not _EAST_ASIAN.search(run[0])]
    if len(runs) == 2 and len(plain) == 1 and _LATIN_TITLE.search(plain[0]):
        return plain[0]
    return text


def _words(text: str) -> str:
    """Letters with spellings of one word made equal: "Nothin' & Pt. II" is "nothing and part 2"."""
    if _PLAIN.fullmatch(text):
        letters = text.lower()
    else:
        letters = _letters(_APOSTROPHE.sub("", _IN_FOR_ING.sub("ing", text.replace("&", " and "))))
    words = [_SPELLINGS.get(word, word) for word in letters.split()]
    words = [
        _ROMAN.get(word, word) if place and words[place - 1] == "part" else word for place, word in enumerate(words)
    ]
    # "The House of …" and "House of …", but "The One" is not "One".
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 2 else words)


def _name_letters(name: str) -> str:
    words = _letters(name).split()
    return "".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def _mentions(beside: Iterable[str]) -> Iterator[str]:
    """Every run of words said beside the song's title, in letters alone: any of them may be an artist's name.

    Whom a cover covers is not named, because that artist does not tie it to the original. A version mark or a year is
    no name either, though artists are called Live and 1975.
    """
    for said in beside:
        if _COVERS.search(said.strip()):
            continue
        words = [letters for word in said.split() if (letters := _letters(word).replace(" ", ""))]
        for first in range(len(words)):
            for last in range(first, min(first + _MAXIMUM_MENTION_WORDS, len(words))):
                run = "".join(words[first : last + 1])
                if not run.isdigit() and not _VERSION.fullmatch(run):
                    yield run


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
    return _may_name_guests(title) and _FEATURED.search(unicodedata.normalize("NFKC", title.strip())) is not None


def _may_name_guests(title: str) -> bool:
    """False only where ``_FEATURED`` finds nothing; many times faster."""
    if not title.isascii():
        return True
    lowered = title.lower()
    # Most titles hold none of these letters, and most of the others as part of a word: "Drift", "Without You".
    has_letters = "ft" in lowered or "feat" in lowered or "with" in lowered
    return has_letters and _MAY_BE_FEATURED.search(lowered) is not None


def _guest_readings(title: str) -> Iterator[list[list[str]]]:
    """For each mention of guests and each place in its list: the names that may begin there, shortest first.

    A separator may belong to a name ("Tyler, The Creator", "Lil Nas X"), so neighbouring parts also count as one.
    """
    if not _may_name_guests(title):
        return
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
    if text.isascii():
        return " ".join(_LETTERS.findall(text.casefold()))
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
