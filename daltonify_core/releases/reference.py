"""Which release a hook's body means.

Senders differ: a curl line of the artist's, a no-code tool with fixed fields, a distributor's event with codes instead
of links. So a release may be named in several ways, the most exact one counts, and what else a body holds is ignored.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.links import LinkKind, is_spotify_id, parse_link
from daltonify_core.catalogue.track import MAX_NAME_LENGTH, is_release_date
from daltonify_core.errors import InvalidQuery
from daltonify_core.releases.release import ReferenceKind, ReleaseReference

# In the order in which they count: what Spotify itself names first, then codes, then words.
_LINK_FIELDS: Final = ("uri", "url", "link", "spotify_uri", "spotify_url", "track", "album")
_ONLY_LINKS: Final = ("uri", "spotify_uri", "spotify_url")
# Distributors' events have pages of their own in the other fields, or the names of track and album.
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_UPC: Final = re.compile(r"[0-9]{8}|[0-9]{11,14}")
_TURNS_TEXT: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS: Final = re.compile(r"[\s-]+")
_HOW: Final = (
    "Say which release is meant by one of: uri or url (a Spotify track or album), isrc, upc, or title. "
    'An example: {"title": "My single", "isrc": "QZES72400001"}'
)


@dataclass(frozen=True, slots=True)
class AnnouncedRelease:
    """What a body says: how the release is to be found, and what else helps.

    ``artist_id`` is the artist that the body names, if any; whoever receives it compares it with the hook's.
    """

    reference: ReleaseReference
    title: str | None = None
    release_date: str | None = None
    artist_id: str | None = None


def announced_release(body: object) -> AnnouncedRelease:
    """Read a parsed body: an object, or one with an object ``data`` as Standard Webhooks suggests.

    Raises ``InvalidQuery`` with the field that cannot be read, or when nothing names a release.
    """
    if not isinstance(body, Mapping):
        raise InvalidQuery(f"The body must be a JSON object. {_HOW}")
    inner = body.get("data")
    values = inner if isinstance(inner, Mapping) and inner else body
    title = _title(values)
    by_link, unread = _by_link(values)
    reference = by_link or _by_code(values) or _by_title(title)
    if reference is None:
        raise unread or InvalidQuery(f"Nothing in the body names a release. {_HOW}")
    return AnnouncedRelease(reference, title, _date(values), _artist(values) or _artist(body))


def _by_link(values: Mapping[str, object]) -> tuple[ReleaseReference | None, InvalidQuery | None]:
    """The first link to Spotify, and why the first other text in such a field is none."""
    unread = None
    for name in _LINK_FIELDS:
        try:
            text = _text(values, name)
            if text is None:
                continue
            link = parse_link(text)
        except InvalidQuery as error:
            error.field = name
            if name in _ONLY_LINKS:
                raise
            unread = unread or error
            continue
        kind = ReferenceKind.TRACK if link.kind is LinkKind.TRACK else ReferenceKind.ALBUM
        return ReleaseReference(kind, link.id), None
    return None, unread


def _by_code(values: Mapping[str, object]) -> ReleaseReference | None:
    isrc = _text(values, "isrc")
    if isrc is not None:
        code = _SEPARATORS.sub("", isrc).upper()
        # Some letters become two when they are made capitals.
        if not isrc.isascii() or not _ISRC.fullmatch(code):
            raise InvalidQuery("isrc must have 12 letters and digits, as in QZES72400001.", "isrc")
        return ReleaseReference(ReferenceKind.ISRC, code)
    upc = _text(values, "upc") or _text(values, "ean")
    if upc is None:
        return None
    code = _SEPARATORS.sub("", upc)
    if not _UPC.fullmatch(code):
        raise InvalidQuery("upc must have 12 digits, or be an EAN or GTIN of 8, 13 or 14.", "upc")
    # UPC, EAN and GTIN write the same number with more or fewer zeros in front, and a JSON number has none.
    return ReleaseReference(ReferenceKind.UPC, code.lstrip("0").zfill(12))


def _by_title(title: str | None) -> ReleaseReference | None:
    if title is None:
        return None
    # One letter with its accent may be written in two ways, and both name the same release.
    return ReleaseReference(ReferenceKind.TITLE, unicodedata.normalize("NFC", title.casefold()))


def _title(values: Mapping[str, object]) -> str | None:
    given = _text(values, "title") or _text(values, "name")
    if given is None:
        return None
    if len(given) > MAX_NAME_LENGTH:
        raise InvalidQuery(f"title must have at most {MAX_NAME_LENGTH:,} characters.", "title")
    # It is shown and searched for, where what cannot be seen only does harm.
    return " ".join("".join(" " if _is_unseen(character) else character for character in given).split()) or None


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or character in _TURNS_TEXT


def _date(values: Mapping[str, object]) -> str | None:
    # Senders write dates in many ways, numbers among them; one that cannot be read is no reason to lose a release.
    given = values.get("release_date")
    text = given.strip()[:10] if isinstance(given, str) else ""
    return text if is_release_date(text) else None


def _artist(values: Mapping[str, object]) -> str | None:
    for name in ("artist_id", "artist"):
        text = values.get(name)
        if isinstance(text, Mapping):
            # As Spotify itself describes an artist.
            text = text.get("id") or text.get("uri")
        last = re.split("[/:]", text.strip().partition("?")[0].rstrip("/"))[-1] if isinstance(text, str) else ""
        # A name, or what is known of somebody, is no proof of anybody else: labels and tools spell it as they like.
        if is_spotify_id(last):
            return last
    return None


def _text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    if name in ("upc", "ean") and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise InvalidQuery(f"{name} must be text.", name)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidQuery(f"{name} holds half a character; send it anew.", name)
    return value.strip() or None
