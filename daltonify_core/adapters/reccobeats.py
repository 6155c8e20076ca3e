"""ReccoBeats: how published tracks sound, how popular they are, and how a file sounds.

It is free and promises nothing: no service level, no published limits, rows in any order, tracks that it does not know
left out, and now and then rows of other tracks that share a recording code. So rows are joined by the Spotify id at the
end of their ``href``, every field may be absent or odd, and a call takes a bounded time whatever the other side does.

Each call has a connection of its own, made by the standard library. Handshakes are few, since one call asks for up to
40 tracks, and nothing is left that could be found dead after a pause, come from the environment (proxies, ``.netrc``),
or follow a redirect.
"""

import email.utils
import hashlib
import http.client
import json
import math
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from daltonify_core.adapters.bounded import FAULTS, exchange, within
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_NAMES, AudioFeatures
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH
from daltonify_core.errors import (
    AudioRefused,
    InvalidTrack,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.ports.look_ups import FEATURE_BATCH, IdentitySource, TrackIdentity

MAX_UPLOAD_BYTES: Final = 5_000_000
"""The most that ReccoBeats takes in one file."""

_MAX_ANSWER_BYTES: Final = 1_000_000  # 40 rows with every country take about 60 KB
_MOST_ARTISTS: Final = 50  # of one track; with the longest names they still fit into a field of CSV
_RETRY_SECONDS: Final = 5  # where it does not say; what other clients wait
_MOST_RETRY_SECONDS: Final = 24 * 3600
_NOT_FOUND: Final = 4041  # its own codes, finer than the status beside them
_TOO_MANY_REQUESTS: Final = 4291
_BAD_FILE: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
_BLOCKED: Final = re.compile(rb"error code:? ?10[0-9]{2}\b", re.IGNORECASE)
_TITLE: Final = "trackTitle"
_ISRC: Final = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_WAIT_IN_WORDS: Final = re.compile(rb"retry after ([0-9]{1,9}) second", re.IGNORECASE)

_UNAVAILABLE: Final = "ReccoBeats cannot be reached or fails at the moment. Try again in some minutes."
_UNREADABLE: Final = "ReccoBeats answered something that cannot be read. Try again in some minutes."
_FILE_ADVICE: Final = (
    "ReccoBeats could make nothing of this file. Send another part of the track, one in which everybody plays: a WAV "
    "file of at most 30 seconds."
)
_FILE_TOO_LARGE: Final = (
    "This file is larger than the 5 MB that ReccoBeats takes. Send at most 30 seconds of the track."
)


class ReccoBeatsService:
    """Port ``FeatureService`` on ReccoBeats's API; it remembers nothing, so threads may share it.

    ``api_url`` ends in the version (``https://api.reccobeats.com/v1/``). ``user_agent`` should name the project and
    where to find its operator: libraries' default ones are turned away. A look-up takes at most ``connect_seconds`` and
    ``read_seconds`` together, however slowly the answer drips in, the analysis of a file ``connect_seconds`` and
    ``upload_seconds``. A look-up whose connection breaks is repeated once within its time; an upload never.
    """

    def __init__(
        self,
        api_url: str,
        connect_seconds: float = 2,
        read_seconds: float = 4,
        upload_seconds: float = 60,
        user_agent: str = "Daltonify",
    ) -> None:
        self._address = urlsplit(f"{api_url.rstrip('/')}/")
        self._host, self._port = self._address.hostname or "", self._address.port
        self._headers = {"User-Agent": user_agent, "Accept": "application/json", "Connection": "close"}
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._upload_seconds = upload_seconds

    def features(self, track_ids: Sequence[str]) -> dict[str, AudioFeatures]:
        """Features of at most 40 tracks by Spotify id; absent are those that ReccoBeats does not know.

        A value that cannot be true is left out. A track whose nine continuous features are all ``null`` is as good as
        unknown; one of which none can be read is nonsense, and ``UpstreamUnavailable`` for all. ``ValueError`` for more
        than 40 tracks.
        """
        found: dict[str, AudioFeatures] = {}
        unreadable: set[str] = set()
        for track_id, row in self._rows("audio-features", track_ids):
            features = _features(row, FEATURE_NAMES)
            if any(getattr(features, name) is not None for name in CONTINUOUS_FEATURES):
                found.setdefault(track_id, features)
            elif not _says_nothing(row, CONTINUOUS_FEATURES):
                unreadable.add(track_id)
        _refuse_nonsense(unreadable - found.keys())
        return found

    def identities(self, track_ids: Sequence[str]) -> dict[str, TrackIdentity]:
        """Titles, artists, duration and popularity of at most 40 tracks by Spotify id; ``ValueError`` for more.

        Popularity is ReccoBeats's stored copy. A track whose title is empty, or cannot be shown, is left out; one whose
        title is no text is nonsense, and ``UpstreamUnavailable`` for all.
        """
        found: dict[str, TrackIdentity] = {}
        unreadable: set[str] = set()
        for track_id, row in self._rows("track", track_ids):
            identity = _identity(track_id, row)
            if identity is not None:
                found.setdefault(track_id, identity)
            elif not isinstance(row.get(_TITLE), str) and not _says_nothing(row, (_TITLE,)):
                unreadable.add(track_id)
        _refuse_nonsense(unreadable - found.keys())
        return found

    def analyse(self, wav: bytes) -> AudioFeatures:
        """The nine continuous features of a WAV file, as far as ReccoBeats tells them.

        Raises ``AudioRefused`` for a file that it turns down, and for one above its 5 MB without sending it.
        """
        content_type, body = _form_with(wav)
        if len(body) > MAX_UPLOAD_BYTES:
            raise AudioRefused(_FILE_TOO_LARGE)
        answer = self._ask("POST", "analysis/audio-features", self._upload_seconds, body, content_type)
        if answer.status in _BAD_FILE and answer.code != _TOO_MANY_REQUESTS:
            raise AudioRefused(_FILE_ADVICE)
        answer.raise_for_status()
        features = _features(_mapping(answer.content), CONTINUOUS_FEATURES)
        if not features.present():
            raise UpstreamUnavailable(_UNREADABLE)
        return features

    def _rows(self, path: str, track_ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The rows of the tracks that were asked for, each with its Spotify id; other rows are dropped."""
        if len(track_ids) > FEATURE_BATCH:
            raise ValueError(f"{len(track_ids)} tracks were asked for at once; {FEATURE_BATCH} are the most")
        # One odd id would make it refuse the whole batch, and what is no Spotify id cannot be known by it.
        asked = {track_id: None for track_id in track_ids if is_spotify_id(track_id)}
        if not asked:
            return
        answer = self._ask("GET", f"{path}?ids={','.join(asked)}", self._read_seconds)
        if answer.status == HTTPStatus.NOT_FOUND and answer.code == _NOT_FOUND:
            return  # what it says to one unknown id in other places
        answer.raise_for_status()
        rows = _mapping(answer.content).get("content")
        if not isinstance(rows, list):
            raise UpstreamUnavailable(_UNREADABLE)
        for row in map(_mapping, rows):
            track_id = _spotify_id(row.get("href"))
            if track_id in asked:
                yield track_id, row

    def _ask(
        self, method: str, path: str, seconds: float, body: bytes | None = None, content_type: str | None = None
    ) -> "_Answer":
        """The answer, whatever its status; raises ``UpstreamUnavailable`` when there is none in time."""
        headers = self._headers if content_type is None else {**self._headers, "Content-Type": content_type}

        def ask_once() -> _Answer:
            target = f"{self._address.path}{path}"
            found = exchange(self._connect(), method, target, headers, seconds, _MAX_ANSWER_BYTES, body)
            return _Answer(found.status, found.headers, found.body)

        def ask() -> _Answer:
            try:
                return ask_once()
            except (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError) as error:
                # One that is refused was not broken: nobody is there, and nobody will be a moment later.
                if method != "GET" or isinstance(error, ConnectionRefusedError):
                    raise
            return ask_once()

        try:
            return within(self._connect_seconds + seconds, ask)
        except FAULTS as error:
            raise UpstreamUnavailable(_UNAVAILABLE) from error

    def _connect(self) -> http.client.HTTPConnection:
        if self._address.scheme == "https":
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self._connect_seconds, context=self._trust
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._connect_seconds)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        # Reading the system's certificates takes long enough to be left out of a cold start that looks nothing up.
        return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer with as much of its body as is ever read."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def content(self) -> object:
        """The parsed body; ``None`` when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def code(self) -> object:
        """ReccoBeats's own error code, which tells more than the HTTP status."""
        return _mapping(self.content).get("status")

    def raise_for_status(self) -> None:
        """Raise what anything but success means."""
        if not HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._trouble()

    def _trouble(self) -> UpstreamError:
        if self.status == HTTPStatus.TOO_MANY_REQUESTS or self.code == _TOO_MANY_REQUESTS:
            message = "ReccoBeats asks for a pause, because it was asked too often."
            return UpstreamRateLimited(message, self._retry_seconds(), quota=False)
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.REQUEST_TIMEOUT:
            return UpstreamUnavailable(_UNAVAILABLE)
        if self.status == HTTPStatus.FORBIDDEN and _BLOCKED.search(self.body):
            message = (
                "ReccoBeats's protection against bots blocks this installation (status 403). Its operator should check "
                "that requests leave with Daltonify's own User-Agent, and otherwise write to ReccoBeats."
            )
        elif self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            message = f"ReccoBeats refuses this installation (status {self.status}). Its operator should ask them why."
        else:
            message = f"ReccoBeats does not accept what was asked of it (status {self.status})."
        return UpstreamRefused(message, self.status)

    def _retry_seconds(self) -> int:
        seconds = _seconds_of(self.headers.get("Retry-After"), self.headers.get("Date"))
        if seconds is None and (said := _WAIT_IN_WORDS.search(self.body)):
            seconds = float(said[1])
        if seconds is None:
            seconds = _RETRY_SECONDS
        return min(max(math.ceil(seconds), 1), _MOST_RETRY_SECONDS)


def _form_with(wav: bytes) -> tuple[str, bytes]:
    """Content type and body of the upload form."""
    boundary = f"daltonify-{hashlib.sha256(wav).hexdigest()}"  # not in the file: that would have to hold its own hash
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="audioFile"; filename="clip.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return f"multipart/form-data; boundary={boundary}", b"".join(
        (head.encode(), wav, f"\r\n--{boundary}--\r\n".encode())
    )


def _seconds_of(retry_after: str | None, date: str | None) -> float | None:
    """Seconds from a ``Retry-After`` header in either form; a time is compared with the answer's own ``Date``."""
    text = (retry_after or "").strip()
    if re.fullmatch("[0-9]{1,64}([.][0-9]{1,64})?", text):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
        return (until - email.utils.parsedate_to_datetime(date or "")).total_seconds()
    except (TypeError, ValueError, OverflowError):  # not a date, or one of them without its zone
        return None


def _says_nothing(row: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Whether a row says of each name that nothing is known, which is an answer; a name that is not there is none."""
    return all(name in row and row[name] is None for name in names)


def _refuse_nonsense(track_ids: set[str]) -> None:
    # As unknown they would be remembered, and nobody would ask again for weeks.
    if track_ids:
        raise UpstreamUnavailable(_UNREADABLE)


def _features(row: Mapping[str, Any], names: Sequence[str]) -> AudioFeatures:
    """What of a row can be true; ``key`` -1 stands for "not detected" and is out of range like any other nonsense."""
    values: dict[str, float | int] = {}
    for name in names:
        value = row.get(name)
        if isinstance(value, int | float):
            try:
                values |= AudioFeatures.from_mapping({name: value}).present()
            except InvalidTrack:
                continue
    return AudioFeatures.from_mapping(values)


def _identity(track_id: str, row: Mapping[str, Any]) -> TrackIdentity | None:
    title = _text(row.get(_TITLE))
    if title is None:
        return None
    listed = row.get("artists")
    credits = [
        (name, _spotify_id(artist.get("href")))
        for artist in map(_mapping, listed if isinstance(listed, list) else [])
        if (name := _text(artist.get("name")))
    ][:_MOST_ARTISTS]
    isrc = _text(row.get("isrc"))
    artist_ids = tuple(artist_id for _, artist_id in credits if artist_id)
    return TrackIdentity(
        track_id=track_id,
        title=title,
        artists=tuple(name for name, _ in credits),
        source=IdentitySource.RECCOBEATS,
        artist_ids=artist_ids if len(artist_ids) == len(credits) else (),
        duration_ms=_whole_number(row.get("durationMs"), 1, MAX_DURATION_MS),
        isrc=isrc if isrc and _ISRC.fullmatch(isrc) else None,
        popularity=_whole_number(row.get("popularity"), 0, 100),
    )


def _spotify_id(href: object) -> str | None:
    """The last path segment of an address at Spotify."""
    if not isinstance(href, str):
        return None
    try:
        address = urlsplit(href)
    except ValueError:
        return None
    last = address.path.rstrip("/").rpartition("/")[2]
    return last if is_spotify_id(last) else None


def _text(value: object) -> str | None:
    """A name that can be stored and shown; half a surrogate pair could be neither."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    is_sound = text and len(text) <= MAX_NAME_LENGTH and not re.search("[\x00-\x1f\ud800-\udfff]", text)
    return text if is_sound else None


def _whole_number(value: object, low: int, high: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is converted: infinity and NaN cannot be.
    return int(value) if low <= value <= high and value == int(value) else None


def _mapping(value: object) -> Mapping[str, Any]:
    """Every part of an answer may be absent or of another kind."""
    return value if isinstance(value, Mapping) else {}
