"""A playlist service that lives in memory: it refuses, loses tracks and fails as Spotify does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from daltonify_core.errors import UnknownPlaylist, UpstreamRefused
from daltonify_core.ports.publishing import FoundPlaylists, ListedItem, PlaylistText
from daltonify_core.ports.surroundings import Clock
from tests.fakes.faults import FaultPlan

MOST_PER_CALL = 100


@dataclass
class MemoryPlaylist:
    """One playlist and every content that it ever had, the latest last."""

    text: PlaylistText
    uris: list[str] = field(default_factory=list)
    history: list[tuple[str, ...]] = field(default_factory=list)


class MemoryPlaylistService:
    """``unknown`` tracks are refused, ``unplayable`` and ``gone`` ones are taken and read back as such.

    ``relinked`` tracks are taken and read back under another uri. With a ``clock``, a new playlist is listed only
    ``listed_after`` its creation. ``list_is_cut`` lets the account's list end before it is complete. ``faults`` strikes
    calls by number or by name; ``playlists`` holds what exists, by id, oldest first.
    """

    def __init__(
        self, is_real: bool = True, clock: Clock | None = None, listed_after: timedelta = timedelta(0)
    ) -> None:
        self.is_real = is_real
        self.playlists: dict[str, MemoryPlaylist] = {}
        self.unknown: set[str] = set()
        self.unplayable: set[str] = set()
        self.gone: set[str] = set()
        self.relinked: dict[str, str] = {}
        self.list_is_cut = False
        self.faults = FaultPlan()
        self._clock = clock
        self.listed_after = listed_after
        self._created_at: dict[str, float] = {}
        self._made = 0

    def create_playlist(self, text: PlaylistText) -> str:
        with self.faults.step("create_playlist"):
            self._made += 1
            playlist_id = f"Playlist{self._made:014}"
            self.playlists[playlist_id] = MemoryPlaylist(text)
            self._created_at[playlist_id] = self._seconds()
        return playlist_id

    def change_details(self, playlist_id: str, text: PlaylistText) -> None:
        with self.faults.step("change_details"):
            self._playlist(playlist_id).text = text

    def replace_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        with self.faults.step("replace_items"):
            self._write(playlist_id, [], uris)

    def append_items(self, playlist_id: str, uris: Sequence[str]) -> None:
        with self.faults.step("append_items"):
            self._write(playlist_id, self._playlist(playlist_id).uris, uris)

    def read_items(self, playlist_id: str) -> list[ListedItem]:
        with self.faults.step("read_items"):
            return [self._listed(uri) for uri in self._playlist(playlist_id).uris]

    def find_playlists(self, reference: str) -> FoundPlaylists:
        with self.faults.step("find_playlists"):
            listed = [name for name, at in self._created_at.items() if self._is_listed(at)]
            found = [name for name in reversed(listed) if reference in self.playlists[name].text.description]
            return FoundPlaylists(() if self.list_is_cut else tuple(found), not self.list_is_cut)

    def remove(self, playlist_id: str) -> None:
        """As somebody does by hand in the account."""
        del self.playlists[playlist_id], self._created_at[playlist_id]

    def _playlist(self, playlist_id: str) -> MemoryPlaylist:
        if playlist_id not in self.playlists:
            raise UnknownPlaylist("There is no such playlist.")
        return self.playlists[playlist_id]

    def _write(self, playlist_id: str, before: list[str], uris: Sequence[str]) -> None:
        playlist = self._playlist(playlist_id)
        if len(uris) > MOST_PER_CALL or not self.unknown.isdisjoint(uris):
            raise UpstreamRefused("Invalid track uri", 400)
        playlist.uris = [*before, *uris]
        playlist.history.append(tuple(playlist.uris))

    def _listed(self, uri: str) -> ListedItem:
        if uri in self.gone:
            return ListedItem(None, None)
        return ListedItem(self.relinked.get(uri, uri), uri not in self.unplayable)

    def _is_listed(self, created_at: float) -> bool:
        return self._seconds() >= created_at + self.listed_after.total_seconds()

    def _seconds(self) -> float:
        return self._clock().timestamp() if self._clock else 0.0
