"""The account under which playlists are published."""

import html
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from daltonify_core.adapters.spotify.app_access import read_app_secret
from daltonify_core.adapters.spotify.fields import mapping
from daltonify_core.adapters.spotify.scopes import PUBLISHING_SCOPES, refuse_narrow
from daltonify_core.adapters.spotify.web_api import (
    EARLY_SECONDS,
    NO_QUERY,
    UNCERTAIN,
    DeadGrant,
    Grant,
    Page,
    TokenRefused,
    WebApi,
)
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.errors import (
    ConsentNeeded,
    UnknownPlaylist,
    UpstreamUnavailable,
    UpstreamUncertain,
)
from daltonify_core.ports.publishing import FoundPlaylists, ListedItem, PlaylistText
from daltonify_core.ports.surroundings import Clock, SecretStore

_PAGE: Final = 50  # the most that Spotify gives at once
_MOST_LIST_PAGES: Final = 40  # 2,000 playlists: a bound on time and quota, far beyond where a new playlist stands
_MOST_ITEM_PAGES: Final = 200  # Spotify's own limit of 10,000 rows


class SpotifyPlaylistService:
    """Port ``PlaylistService`` on Spotify's Web API.

    The secret holds what ``SpotifyConsent.redeem`` gives: ``client_id``, ``client_secret``, ``refresh_token``,
    ``consented_at`` and ``scopes``. It is read whenever an access token has to be fetched, about once an hour, so a new
    consent counts without a restart.

    Should Spotify send a new refresh token, it is stored before the access token that came with it is used. If that
    fails, every call raises ``SecretUnavailable`` before anything is sent to Spotify, and tries to store it again: the
    old token may be dead already, and only this process knows the new one.

    One reading request that fails at Spotify or on the way is repeated once, a write never.
    """

    def __init__(
        self,
        secrets: SecretStore,
        secret_name: str,
        api_url: str,
        accounts_url: str,
        market: str,
        is_real: bool,
        clock: Clock,
        connect_seconds: float = 3,
        read_seconds: float = 8,
    ) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._market = market
        self._is_real = is_real
        self._clock = clock
        self._http = WebApi(api_url, accounts_url, clock, (connect_seconds, read_seconds))
        self._lock = threading.Lock()
        self._access_token: str | None = None
        self._valid_until = clock()
        self._unsaved: tuple[str, str] | None = None  # the refresh token that was used and the one that replaces it

    @property
    def is_real(self) -> bool:
        """Whether real listeners meet what is published there; false for a simulator."""
        return self._is_real

    def create_playlist(self, text: PlaylistText) -> str:
        """Make an empty playlist; its id. A success that does not name the playlist is ``UpstreamUncertain``."""
        made = self._ask("POST", "me/playlists", _details(text))
        playlist_id = mapping(made).get("id")
        if not isinstance(playlist_id, str) or not is_spotify_id(playlist_id):
            raise UpstreamUncertain(UNCERTAIN)
        return playlist_id

    def change_details(self, playlist_id: str, text: PlaylistText) -> None:
        """Replace what a playlist says about itself."""
        self._ask("PUT", _playlist_path(playlist_id), _details(text))

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Put exactly these tracks into a playlist, at most 100, in this order; all or nothing."""
        # spotipy's own method sends a bare array; this object is the documented form.
        self._write_items("PUT", playlist_id, uris)

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        """Add at most 100 tracks at the end, all or nothing; an empty list asks nothing of Spotify."""
        if uris:
            self._write_items("POST", playlist_id, uris)

    def read_items(self, playlist_id: str) -> list[ListedItem]:
        """Every row of a playlist, in order.

        A track that Spotify plays from elsewhere appears under the URI that was put in, where Spotify names that.
        """
        path = f"{_playlist_path(playlist_id)}/items"
        rows: list[ListedItem] = []
        for page in self._pages(path, _MOST_ITEM_PAGES, {"market": self._market, "additional_types": "track"}):
            rows.extend(_listed_item(row) for row in page.rows)
            if page.is_last:
                return rows
        raise UpstreamUnavailable("Spotify's list of the playlist's tracks does not end. Try again.")

    def find_playlists(self, reference: str) -> FoundPlaylists:
        """The account's playlists whose description holds ``reference``, newest entries of its list first.

        Reads at most 2,000 entries, and no further than the page after the first that holds one: twins were made one
        after the other, and reading on would cost quota.
        """
        found: dict[str, None] = {}  # once each: a page repeats an entry when a playlist is made meanwhile
        for page in self._pages("me/playlists", _MOST_LIST_PAGES, {}):
            is_page_after = bool(found)
            found.update(dict.fromkeys(_ids_with(reference, page.rows)))
            if page.is_last or is_page_after:
                return FoundPlaylists(tuple(found), page.is_last)
        return FoundPlaylists(tuple(found), False)

    def _write_items(self, method: str, playlist_id: str, uris: Sequence[str]) -> None:
        answer = self._ask(method, f"{_playlist_path(playlist_id)}/items", {"uris": list(uris)})
        if not isinstance(answer, Mapping):
            # An empty or foreign success comes from something in between, such as a network's sign-in page.
            raise UpstreamUncertain(UNCERTAIN)

    def _pages(self, path: str, most_pages: int, query: Mapping[str, str]) -> Iterator[Page]:
        """Pages by offset: the address that Spotify names for the next page is data, and would be sent our token."""
        for offset in range(0, most_pages * _PAGE, _PAGE):
            page = Page.read(self._ask("GET", path, query={**query, "limit": _PAGE, "offset": offset}))
            yield page
            if page.is_last:
                return

    def _ask(
        self,
        method: str,
        path: str,
        payload: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] = NO_QUERY,
    ) -> object:
        """One request with a good access token; with a renewed one again when it was refused, so not carried out."""
        token = self._authorise()
        try:
            return self._http.ask(token, method, path, payload, query)
        except TokenRefused:
            token = self._authorise(refused=token)
        try:
            return self._http.ask(token, method, path, payload, query)
        except TokenRefused as error:
            raise ConsentNeeded(
                "Spotify refuses access to the service account although its consent is stored. Run `daltonify login`."
            ) from error

    def _authorise(self, refused: str | None = None) -> str:
        """An access token that is good for another minute and is not ``refused``."""
        with self._lock:
            self._save_new_token()
            if self._access_token in (None, refused) or self._clock() >= self._valid_until:
                self._access_token = None
                self._access_token = self._refresh()
            return self._access_token

    def _refresh(self) -> str:
        now = self._clock()
        secret, grant = self._redeem_refresh_token()
        granted = grant.scopes
        if granted is None and secret.get("scopes"):
            granted = frozenset(secret["scopes"].split())
        if grant.refresh_token not in (None, secret["refresh_token"]):
            self._unsaved = (secret["refresh_token"], grant.refresh_token)
        self._valid_until = now + timedelta(seconds=grant.seconds - EARLY_SECONDS)
        self._save_new_token()
        if granted is not None:
            refuse_narrow(granted, PUBLISHING_SCOPES)
        return grant.access_token

    def _redeem_refresh_token(self) -> tuple[Mapping[str, str], Grant]:
        """The secret that was used and what it gave.

        A dead token is looked up once more: another process, or a person, may have stored a new one this moment.
        """
        secret = self._read_secret()
        try:
            return secret, self._http.refresh(secret)
        except DeadGrant:
            renewed = self._read_secret()
            if renewed["refresh_token"] == secret["refresh_token"]:
                raise
        return renewed, self._http.refresh(renewed)

    def _read_secret(self) -> Mapping[str, str]:
        secret = read_app_secret(self._secrets, self._secret_name)
        if not secret.get("refresh_token"):
            raise ConsentNeeded("Nobody has consented yet to publishing under an account. Run `daltonify login`.")
        return secret

    def _save_new_token(self) -> None:
        if self._unsaved is None:
            return
        used, new = self._unsaved
        stored = self._secrets.read(self._secret_name)
        # Another one there now comes from a later consent or another process, and is the better one.
        if stored.get("refresh_token") == used:
            self._secrets.write(self._secret_name, {**stored, "refresh_token": new})
        self._unsaved = None


def _playlist_path(playlist_id: str) -> str:
    # What has another form could lead to another address of the API.
    if not is_spotify_id(playlist_id):
        raise UnknownPlaylist("This is no id of a Spotify playlist.")
    return f"playlists/{playlist_id}"


def _details(text: PlaylistText) -> dict[str, str | bool]:
    return {"name": text.title, "description": text.description, "public": text.public}


def _listed_item(row: Mapping[str, Any]) -> ListedItem:
    # Some apps still get the name that the field had before February 2026.
    track = mapping(row.get("item") or row.get("track"))
    uri = mapping(track.get("linked_from")).get("uri") or track.get("uri")
    playable = track.get("is_playable")
    if not isinstance(playable, bool):
        playable = False if mapping(track.get("restrictions")) else None
    return ListedItem(uri if isinstance(uri, str) else None, playable)


def _ids_with(reference: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        playlist_id, description = row.get("id"), row.get("description")
        # Spotify escapes descriptions for HTML.
        if isinstance(playlist_id, str) and reference in html.unescape(str(description or "")):
            yield playlist_id
