"""The part of the Web API that Daltonify calls, under /v1, and the refusals of the part that was taken away."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from infra.local.http_answers import json_answer
from infra.local.spotify_simulator.catalogue import SimulatedAlbum, SimulatedTrack, is_id
from infra.local.spotify_simulator.field_filter import InvalidFields, select_fields
from infra.local.spotify_simulator.objects import PLAYLIST_URI, TRACK_URI, JsonObject, ObjectWriter, Window
from infra.local.spotify_simulator.state import AccessGrant, Refused, SimulatedPlaylist, SpotifyState

MAX_ITEMS: Final = 100
"""Tracks in one write."""
MAX_COVER_BYTES: Final = 256 * 1024
"""Counted on the base64 text, not on the picture."""

_MAX_PAGE: Final = 50
_MAX_SEARCH_PAGE: Final = 10
_MAX_SEARCH_OFFSET: Final = 1000
_MAX_LIBRARY_URIS: Final = 40
_MAX_ARTIST_PAGE: Final = 10
_ALBUM_GROUPS: Final = ("album", "single", "appears_on", "compilation")
_SEARCH_TYPES: Final = ("album", "artist", "playlist", "track", "show", "episode", "audiobook")
_MARKET: Final = re.compile("[A-Z]{2}")

_REMOVED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"users/[^/]+(/playlists)?",
        r"playlists/[^/]+/(tracks|followers(/contains)?)",
        r"(tracks|artists|albums|markets)",
        r"artists/[^/]+/(top-tracks|related-artists)",
        r"browse/.+",
        r"recommendations(/.+)?",
        r"audio-(features|analysis)(/.+)?",
    )
)
"""Paths below /v1/ that an app in development mode may not call any more."""

type Handler = Callable[..., Response]


def is_removed(path: str) -> bool:
    """Whether ``path``, without /v1/, was open once and answers 403 to apps in development mode."""
    return any(pattern.fullmatch(path) for pattern in _REMOVED)


class WebApi:
    """The handlers of /v1. Each checks the token, then the scope, then the request, and writes only at the end."""

    def __init__(self, state: SpotifyState, base_url: str) -> None:
        self._state = state
        self._write = ObjectWriter(state, base_url)

    def rules(self) -> Iterator[Rule]:
        """Where each handler answers."""
        for method, path, handler in self._routes():
            yield Rule(f"/v1{path}", methods=[method], endpoint=handler)
        yield Rule("/v1/<path:path>", endpoint=self._elsewhere)

    def endpoints(self) -> Iterator[tuple[str, str]]:
        """Methods and paths below /v1 that are simulated, with names in braces as Spotify writes them."""
        for method, path, _ in self._routes():
            yield method, path.replace("<", "{").replace(">", "}")

    def _routes(self) -> tuple[tuple[str, str, Handler], ...]:
        return (
            ("GET", "/me", self._me),
            ("GET", "/me/playlists", self._library),
            ("POST", "/me/playlists", self._create_playlist),
            ("DELETE", "/me/library", self._remove_from_library),
            ("GET", "/playlists/<playlist_id>", self._playlist),
            ("PUT", "/playlists/<playlist_id>", self._change_details),
            ("GET", "/playlists/<playlist_id>/items", self._items),
            ("POST", "/playlists/<playlist_id>/items", self._add_items),
            ("PUT", "/playlists/<playlist_id>/items", self._replace_or_reorder_items),
            ("DELETE", "/playlists/<playlist_id>/items", self._remove_items),
            ("GET", "/playlists/<playlist_id>/images", self._cover),
            ("PUT", "/playlists/<playlist_id>/images", self._upload_cover),
            ("GET", "/tracks/<track_id>", self._track),
            ("GET", "/artists/<artist_id>", self._artist),
            ("GET", "/artists/<artist_id>/albums", self._albums_by),
            ("GET", "/albums/<album_id>", self._album),
            ("GET", "/albums/<album_id>/tracks", self._album_tracks),
            ("GET", "/search", self._search),
        )

    def _elsewhere(self, request: Request, path: str) -> Response:
        self._grant(request)
        if is_removed(path):
            raise Refused(403, "Forbidden")
        raise Refused(501, "The Spotify simulator does not know this endpoint")

    def _me(self, request: Request) -> Response:
        user_id, _ = self._user(request)
        return json_answer(self._write.me(user_id))

    def _library(self, request: Request) -> Response:
        user_id, scopes = self._user(request)
        _require(scopes, "playlist-read-private")
        limit, offset = _page_asked(request)
        library = self._state.library_of(user_id)
        window = Window(len(library), limit, offset)
        rows = [self._write.simplified_playlist(*entry, reader=user_id) for entry in window.of(library)]
        return json_answer(self._write.page(request.path, request.args, rows, window))

    def _create_playlist(self, request: Request) -> Response:
        user_id, scopes = self._user(request)
        playlist = _with_details(SimulatedPlaylist(name="", owner=user_id), _json_object(request))
        if not playlist.name:
            raise Refused(400, "Missing required field: name")
        _require_modify(scopes, playlist.public)
        playlist_id = self._state.new_playlist(playlist)
        return json_answer(self._full_playlist(request, playlist_id, user_id), 201)

    def _playlist(self, request: Request, playlist_id: str) -> Response:
        grant = self._grant(request)
        return _selected(request, self._full_playlist(request, playlist_id, grant.user_id))

    def _full_playlist(self, request: Request, playlist_id: str, reader: str | None) -> JsonObject:
        playlist = self._state.playlist(playlist_id)
        written = self._write.simplified_playlist(playlist_id, playlist, reader)
        if reader == playlist.owner:
            path = f"/v1/playlists/{playlist_id}/items"
            written["items"] = self._page_of_items(path, request, playlist, Window(len(playlist.uris), MAX_ITEMS, 0))
        return written

    def _change_details(self, request: Request, playlist_id: str) -> Response:
        playlist = self._own_playlist(request, playlist_id)
        _, scopes = self._user(request)
        changed = _with_details(playlist, _json_object(request))
        if not changed.name:
            raise Refused(400, "The name must not be empty")
        _require_modify(scopes, changed.public)
        self._state.playlists[playlist_id] = changed
        return Response(status=200)

    def _items(self, request: Request, playlist_id: str) -> Response:
        user_id, scopes = self._user(request)
        _require(scopes, "playlist-read-private")
        playlist = self._state.playlist(playlist_id)
        if playlist.owner != user_id:
            raise Refused(403, "Forbidden")
        window = Window(len(playlist.uris), *_page_asked(request))
        return _selected(request, self._page_of_items(request.path, request, playlist, window))

    def _page_of_items(self, path: str, request: Request, playlist: SimulatedPlaylist, window: Window) -> JsonObject:
        market = _market(request)
        rows = [self._write.playlist_row(playlist, uri, market) for uri in window.of(playlist.uris)]
        return self._write.page(path, request.args, rows, window)

    def _add_items(self, request: Request, playlist_id: str) -> Response:
        playlist = self._own_playlist(request, playlist_id)
        # With uris in the query the body is not even looked at.
        body = {} if "uris" in request.args else _json_object(request)
        uris = self._known_tracks(_uris_asked(request, body))
        if not uris:
            raise Refused(400, "No uris provided")
        position = _whole_number(request.args.get("position", body.get("position")), "position")
        if position is None:
            position = len(playlist.uris)
        if not 0 <= position <= len(playlist.uris):
            raise Refused(400, "Index out of bounds")
        new_uris = playlist.uris[:position] + uris + playlist.uris[position:]
        return json_answer({"snapshot_id": self._state.change_items(playlist_id, new_uris)}, 201)

    def _replace_or_reorder_items(self, request: Request, playlist_id: str) -> Response:
        playlist = self._own_playlist(request, playlist_id)
        body = {} if "uris" in request.args else _json_object(request)
        replaces = "uris" in request.args or "uris" in body
        if replaces and "range_start" in body:
            raise Refused(400, "Replacing and reordering exclude each other")
        new_uris = self._known_tracks(_uris_asked(request, body)) if replaces else _reordered(playlist, body)
        return json_answer({"snapshot_id": self._state.change_items(playlist_id, new_uris)})

    def _remove_items(self, request: Request, playlist_id: str) -> Response:
        playlist = self._own_playlist(request, playlist_id)
        body = _json_object(request)
        rows = body.get("items")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(400, "Missing required field: items")
        uris = self._known_tracks([row.get("uri") for row in rows])
        left = tuple(uri for uri in playlist.uris if uri not in uris)
        return json_answer({"snapshot_id": self._state.change_items(playlist_id, left)})

    def _cover(self, request: Request, playlist_id: str) -> Response:
        self._grant(request)
        return json_answer(self._write.cover(playlist_id, self._state.playlist(playlist_id)))

    def _upload_cover(self, request: Request, playlist_id: str) -> Response:
        playlist = self._own_playlist(request, playlist_id)
        _, scopes = self._user(request)
        _require(scopes, "ugc-image-upload")
        if request.mimetype != "image/jpeg":
            raise Refused(400, "The content type must be image/jpeg")
        body = request.get_data()
        if len(body) > MAX_COVER_BYTES:
            raise Refused(413, "The picture is too large")
        try:
            picture = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise Refused(400, "The body is not base64 text") from error
        if not picture.startswith(b"\xff\xd8\xff"):
            raise Refused(400, "The body is not a JPEG picture")
        self._state.playlists[playlist_id] = replace(playlist, cover=picture)
        return Response(status=202)

    def _remove_from_library(self, request: Request) -> Response:
        user_id, scopes = self._user(request)
        uris = request.args.get("uris", "").split(",")
        if not uris[0] or len(uris) > _MAX_LIBRARY_URIS:
            raise Refused(400, f"Between 1 and {_MAX_LIBRARY_URIS} uris are needed")
        playlists: dict[str, SimulatedPlaylist] = {}
        for uri in uris:
            if not uri.startswith(PLAYLIST_URI):
                raise Refused(400, f"Unsupported uri: {uri}")
            playlist_id = uri.removeprefix(PLAYLIST_URI)
            playlists[playlist_id] = self._state.playlist(playlist_id)
        for playlist_id, playlist in playlists.items():
            # Which of the three documented scopes a playlist needs is not; the one that could change it is demanded.
            _require_modify(scopes, playlist.public)
            if playlist.owner == user_id:
                self._state.playlists[playlist_id] = replace(playlist, in_library=False)
        return Response(status=200)

    def _track(self, request: Request, track_id: str) -> Response:
        self._grant(request)
        track = _found(track_id, self._state.catalogue.track)
        return json_answer(self._write.track(track_id, track, _market(request)))

    def _artist(self, request: Request, artist_id: str) -> Response:
        self._grant(request)
        return json_answer(self._write.artist(_found(artist_id, self._state.catalogue.artist)))

    def _albums_by(self, request: Request, artist_id: str) -> Response:
        self._grant(request)
        _found(artist_id, self._state.catalogue.artist)
        groups = request.args.get("include_groups", ",".join(_ALBUM_GROUPS)).split(",")
        if not all(group in _ALBUM_GROUPS for group in groups):
            raise Refused(400, "Invalid include_groups")
        limit = _number_between(request, "limit", 5, 1, _MAX_ARTIST_PAGE)
        offset = _number_between(request, "offset", 0, 0, None)
        _market(request)
        found = [album for album in self._state.catalogue.albums_by(artist_id) if album.kind in groups]
        window = Window(len(found), limit, offset)
        rows = [self._write.simplified_album(album) for album in window.of(found)]
        return json_answer(self._write.page(request.path, request.args, rows, window))

    def _album(self, request: Request, album_id: str) -> Response:
        self._grant(request)
        album = _found(album_id, self._state.catalogue.album)
        window = Window(len(album.track_ids), _MAX_PAGE, 0)
        tracks = self._page_of_album(f"/v1/albums/{album_id}/tracks", request, album, window)
        return json_answer(self._write.album(album, tracks))

    def _album_tracks(self, request: Request, album_id: str) -> Response:
        self._grant(request)
        album = _found(album_id, self._state.catalogue.album)
        window = Window(len(album.track_ids), *_page_asked(request))
        return json_answer(self._page_of_album(request.path, request, album, window))

    def _page_of_album(self, path: str, request: Request, album: SimulatedAlbum, window: Window) -> JsonObject:
        market = _market(request)
        rows = [
            self._write.simplified_track(track_id, self._known_track(track_id), market)
            for track_id in window.of(album.track_ids)
        ]
        return self._write.page(path, request.args, rows, window)

    def _search(self, request: Request) -> Response:
        self._grant(request)
        query = request.args.get("q", "")
        if not query.strip():
            raise Refused(400, "No search query")
        kinds = request.args.get("type", "").split(",")
        if not all(kind in _SEARCH_TYPES for kind in kinds):
            raise Refused(400, "Bad search type field")
        limit = _number_between(request, "limit", 5, 1, _MAX_SEARCH_PAGE)
        offset = _number_between(request, "offset", 0, 0, _MAX_SEARCH_OFFSET)
        market = _market(request)
        answer: JsonObject = {}
        for kind in kinds:
            found = self._search_one_kind(kind, query, market)
            window = Window(len(found), limit, offset)
            rows = [write() for write in window.of(found)]
            answer[f"{kind}s"] = self._write.page(request.path, request.args, rows, window)
        return json_answer(answer)

    def _search_one_kind(self, kind: str, query: str, market: str | None) -> Sequence[Callable[[], JsonObject]]:
        # Written only when the page shows them: a common word finds most of a catalogue.
        catalogue = self._state.catalogue
        match kind:
            case "track":
                return [partial(self._found_track, track_id, market) for track_id in catalogue.search_tracks(query)]
            case "artist":
                return [partial(self._write.artist, name) for name in catalogue.search_artists(query)]
            case "album":
                return [partial(self._write.simplified_album, album) for album in catalogue.search_albums(query)]
            case _:
                return []

    def _found_track(self, track_id: str, market: str | None) -> JsonObject:
        return self._write.track(track_id, self._known_track(track_id), market)

    def _grant(self, request: Request) -> AccessGrant:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            raise Refused(401, "No token provided")
        if scheme.lower() != "bearer":
            raise Refused(401, "Only valid bearer authentication supported")
        return self._state.grant_behind(token)

    def _user(self, request: Request) -> tuple[str, frozenset[str]]:
        grant = self._grant(request)
        if grant.user_id is None:
            raise Refused(401, "Valid user authentication required")
        return grant.user_id, grant.scopes

    def _own_playlist(self, request: Request, playlist_id: str) -> SimulatedPlaylist:
        user_id, scopes = self._user(request)
        playlist = self._state.playlist(playlist_id)
        if playlist.owner != user_id:
            raise Refused(403, "You cannot change a playlist you do not own")
        _require_modify(scopes, playlist.public)
        return playlist

    def _known_track(self, track_id: str) -> SimulatedTrack:
        track = self._state.catalogue.track(track_id)
        if track is None:
            raise Refused(404, "Resource not found")
        return track

    def _known_tracks(self, uris: Sequence[object]) -> tuple[str, ...]:
        """One bad URI refuses the whole request."""
        if len(uris) > MAX_ITEMS:
            raise Refused(400, f"Too many ids requested, at most {MAX_ITEMS}")
        checked = []
        for uri in uris:
            if not isinstance(uri, str) or not uri.startswith(TRACK_URI) or not is_id(uri.removeprefix(TRACK_URI)):
                raise Refused(400, f"Invalid track uri: {uri}")
            if self._state.catalogue.track(uri.removeprefix(TRACK_URI)) is None:
                raise Refused(400, "Payload contains a non-existing ID")
            checked.append(uri)
        return tuple(checked)


def _require(scopes: frozenset[str], scope: str) -> None:
    if scope not in scopes:
        raise Refused(403, "Insufficient client scope")


def _require_modify(scopes: frozenset[str], public: bool) -> None:
    _require(scopes, "playlist-modify-public" if public else "playlist-modify-private")


def _found[Found](object_id: str, look_up: Callable[[str], Found | None]) -> Found:
    if not is_id(object_id):
        raise Refused(400, "Invalid base62 id")
    found = look_up(object_id)
    if found is None:
        raise Refused(404, "Resource not found")
    return found


def _number_between(request: Request, name: str, default: int, low: int, high: int | None) -> int:
    number = _whole_number(request.args.get(name), name)
    if number is None:
        return default
    if number < low or (high is not None and number > high):
        raise Refused(400, f"Invalid {name}")
    return number


def _whole_number(value: object, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Refused(400, f"Invalid {name}")


def _page_asked(request: Request) -> tuple[int, int]:
    limit = _number_between(request, "limit", 20, 1, _MAX_PAGE)
    return limit, _number_between(request, "offset", 0, 0, None)


def _market(request: Request) -> str | None:
    market = request.args.get("market")
    if market is not None and not _MARKET.fullmatch(market):
        raise Refused(400, "Invalid market code")
    return market


def _json_object(request: Request) -> JsonObject:
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise Refused(400, "Error parsing JSON.") from error
    if not isinstance(body, dict):
        raise Refused(400, "The body must be a JSON object")
    return body


def _with_details(playlist: SimulatedPlaylist, body: JsonObject) -> SimulatedPlaylist:
    name = body.get("name", playlist.name)
    description = body.get("description", playlist.description)
    public = body.get("public", playlist.public)
    collaborative = body.get("collaborative", playlist.collaborative)
    if not isinstance(name, str) or not isinstance(description, str):
        raise Refused(400, "name and description must be texts")
    if not isinstance(public, bool) or not isinstance(collaborative, bool):
        raise Refused(400, "public and collaborative must be true or false")
    if collaborative and public:
        raise Refused(400, "A collaborative playlist cannot be public")
    return replace(playlist, name=name, description=description, public=public, collaborative=collaborative)


def _uris_asked(request: Request, body: JsonObject) -> Sequence[object]:
    if "uris" in request.args:
        return request.args["uris"].split(",")
    uris = body.get("uris")
    if not isinstance(uris, list):
        raise Refused(400, "Missing required field: uris")
    return uris


def _reordered(playlist: SimulatedPlaylist, body: JsonObject) -> tuple[str, ...]:
    start = _whole_number(body.get("range_start"), "range_start")
    before = _whole_number(body.get("insert_before"), "insert_before")
    length = _whole_number(body.get("range_length", 1), "range_length")
    if start is None or before is None or length is None:
        raise Refused(400, "Either uris or range_start and insert_before are needed")
    end = start + length
    if start < 0 or length < 1 or end > len(playlist.uris) or not 0 <= before <= len(playlist.uris):
        raise Refused(400, "Index out of bounds")
    if "snapshot_id" in body and body["snapshot_id"] != playlist.snapshot_id:
        raise Refused(400, "Invalid snapshot id")
    moved = playlist.uris[start:end]
    if before <= start:
        return playlist.uris[:before] + moved + playlist.uris[before:start] + playlist.uris[end:]
    if before >= end:
        return playlist.uris[:start] + playlist.uris[end:before] + moved + playlist.uris[before:]
    return playlist.uris


def _selected(request: Request, written: JsonObject) -> Response:
    if "fields" not in request.args:
        return json_answer(written)
    try:
        return json_answer(select_fields(written, request.args["fields"]))
    except InvalidFields as error:
        raise Refused(400, "Invalid fields") from error
