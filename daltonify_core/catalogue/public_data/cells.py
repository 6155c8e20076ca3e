"""How public data sets write values: lists in three notations, missing values in eight, dates in many.

Names are never coerced: songs called ``True``, ``Nil``, ``NA`` and ``None`` exist.
"""

import re
from functools import lru_cache
from typing import Final

from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.links import LinkKind, is_spotify_id, parse_link
from daltonify_core.errors import InvalidLink, InvalidTrack

_MISSING: Final = frozenset({"", "na", "n/a", "<na>", "nan", "null", "none", "-", r"\n"})

# Line breaks and tabs are left: they are rare but legible parts of titles.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")

_QUOTED: Final = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|(?=['"])|$)""", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|U(0010[0-9A-Fa-f]{4}|000[0-9A-Fa-f]{5})|(.))", re.DOTALL
)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}
_QUOTES_AND_COMMA: Final = re.compile(r"""['"]\s*,\s*['"]""")
_ANY_ID: Final = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{22}(?![0-9A-Za-z])")

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ].*)?)?)?(?:\.0)?", re.DOTALL)
# Day and month may stand either way round, so only the year is certain.
_LOCAL_DATE: Final = re.compile(r"[0-9]{1,2}[/.][0-9]{1,2}[/.]([0-9]{4})")
_FIRST_YEAR: Final = 1860  # the oldest recording of a voice; earlier years stand for "unknown" (0000, 0001-01-01)

_YES: Final = frozenset({"true", "t", "yes", "y", "1", "1.0", "explicit"})
_NO: Final = frozenset({"false", "f", "no", "n", "0", "0.0", "clean"})

_PITCH_CLASSES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_KEY_NAME: Final = re.compile(r"([a-g])([#♯b♭]?)(?:/.*)?")
_METRE: Final = re.compile(r"([0-9]{1,2})/[0-9]{1,2}")


def is_missing(text: str) -> bool:
    """Whether a cell that holds no name says "no value"."""
    return text.strip().casefold() in _MISSING


def clean_name(text: str) -> str:
    """A name without control characters and outer spaces; everything else stays as it is."""
    # Nearly all names are printable, and asking is much cheaper than substituting.
    return (text if text.isprintable() else _CONTROL.sub("", text)).strip()


def optional_text(text: str) -> str | None:
    """A cleaned text such as an album, or ``None`` when the cell says "no value"."""
    return None if is_missing(text) else clean_name(text) or None


def names_are_missing(title: str, artists: str, album: str | None) -> bool:
    """Whether title or artists are empty, or one word for "no value" stands in all name columns.

    In only some of them such a word is a name. ``album`` is ``None`` when there is no such column.
    """
    title, artists = title.strip().casefold(), artists.strip().casefold()
    if not title or not artists:
        return True
    return title in _MISSING and artists == title and (album is None or album.strip().casefold() in ("", title))


def parse_track_id(text: str) -> str:
    """The id in a bare id, a ``spotify:track:`` address or a link; raises ``InvalidTrack`` for anything else."""
    text = text.strip()
    if is_spotify_id(text):
        return text
    try:
        link = parse_link(text)
    except InvalidLink:
        link = None
    if link is None or link.kind is not LinkKind.TRACK:
        raise InvalidTrack("track_id", f"{text[:60]!r} is not a Spotify track id or track link.")
    return link.id


def parse_number(column: str, text: str) -> float | None:
    """A number with decimal point or decimal comma, ``None`` when missing; raises ``InvalidTrack`` for other text."""
    try:
        value = float(text)
    except ValueError:
        if is_missing(text):
            return None
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            raise InvalidTrack("feature_not_a_number", f"{column} is {text[:40]!r}; it must be a number.") from None
    return value if value == value else None


def parse_whole_number(column: str, text: str) -> int | None:
    """Like ``parse_number``, and ``6.0`` is 6; raises ``InvalidTrack`` for fractions as well."""
    value = parse_number(column, text)
    if value is None:
        return None
    if not value.is_integer():
        raise InvalidTrack("feature_not_a_number", f"{column} is {text[:40]!r}; it must be a whole number.")
    return int(value)


@lru_cache(maxsize=256)
def parse_key(text: str) -> int | None:
    """A pitch class from its number or name (``C#``, ``Bb``, ``C#/Db``); -1 is Spotify's "no key found"."""
    name = _KEY_NAME.fullmatch(text.strip().casefold())
    if name:
        return (_PITCH_CLASSES[name[1]] + _ACCIDENTALS[name[2]]) % 12
    number = parse_whole_number("key", text)
    return None if number == -1 else number


@lru_cache(maxsize=256)
def parse_mode(text: str) -> int | None:
    """1 for major and 0 for minor, from a number or the word."""
    word = text.strip().casefold()
    if word in ("major", "minor"):
        return int(word == "major")
    return parse_whole_number("mode", text)


@lru_cache(maxsize=256)
def parse_time_signature(text: str) -> int | None:
    """Beats per bar, from a number or a fraction such as ``4/4``."""
    metre = _METRE.fullmatch(text.strip())
    return int(metre[1]) if metre else parse_whole_number("time_signature", text)


def parse_explicit(text: str) -> bool | None:
    """Whether a track is marked explicit; ``None`` for missing and unknown words."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else None


@lru_cache(maxsize=8_192)
def parse_date(text: str) -> str | None:
    """``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; times are cut off, and what is no date counts as absent."""
    text = text.strip()
    local = _LOCAL_DATE.fullmatch(text)
    if local:
        text = local[1]
    date = _DATE.fullmatch(text)
    if date is None or int(date[1]) < _FIRST_YEAR:
        return None
    month, day = date[2], date[3]
    if (month and not 1 <= int(month) <= 12) or (day and not 1 <= int(day) <= 31):
        return None
    return "-".join(part for part in date.groups() if part)


def parse_list(text: str) -> list[str] | None:
    """The elements of ``['A', "B"]`` or ``["A"]``, also without commas; ``None`` when the text is no such list.

    Quotes that should have been escaped are survived: the list is then cut where a comma stands between quotes.
    """
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    inner = text[1:-1].strip()
    if not inner:
        return []
    elements, end = [], 0
    while match := _QUOTED.match(inner, end):
        elements.append(_unescape(match[1] if match[1] is not None else match[2]))
        end = match.end()
        if end == len(inner):
            return elements
    if len(inner) > 1 and inner[0] in "'\"" and inner[-1] in "'\"":
        return _QUOTES_AND_COMMA.split(inner[1:-1])
    return None


def split_artists(text: str, joined: bool, id_count: int | None) -> list[str]:
    """Artist names in order, cleaned; a list, ``A;B``, or one name.

    ``joined`` says that the column is known to write ``A, B``. There, ``id_count`` (if known) settles how many names
    a comma separates.
    """
    names = parse_list(text)
    if names is None:
        names = text.split(";") if ";" in text else _split_joined(text, id_count) if joined else [text]
    return [cleaned for name in names if (cleaned := clean_name(name))]


def find_ids(text: str) -> list[str]:
    """Every Spotify id in a cell, in order, whatever separates or wraps them."""
    return _ANY_ID.findall(text)


def first_value(text: str) -> str:
    """The first of several numbers (``[70, 65]``, ``70;65``), which belongs to the primary artist."""
    return text.strip(" []").replace(",", ";").partition(";")[0] if text else text


@lru_cache(maxsize=8_192)
def split_genres(text: str, plural: bool) -> tuple[str, ...]:
    """Normalised genres of a list, ``a;b`` or ``a|b``; ``a, b`` too when the column is ``plural``."""
    if is_missing(text):
        return ()
    labels = parse_list(text)
    if labels is None:
        labels = re.split("[;|,]" if plural else "[;|]", text)
    return normalise_genres(label for label in labels if not is_missing(label))


def _split_joined(text: str, id_count: int | None) -> list[str]:
    if id_count is None:
        return text.split(", ")
    for separator in (", ", ","):
        names = text.split(separator)
        if len(names) == id_count:
            return names
    return [text] if id_count == 1 else text.split(", ")


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_unescaped, text)
    # JSON writes characters beyond the first 65,536 as two surrogates; a lone one could never be stored.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    return chr(int(code, 16)) if code else _ESCAPED.get(escape[4], escape[4])
