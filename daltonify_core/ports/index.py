"""Ports around an index: the parts that a bundle is made of, and where bundles are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from daltonify_core.catalogue.artists import KnownArtist
    from daltonify_core.catalogue.plain_rows import PlainRow
    from daltonify_core.catalogue.track import ListedTrack, Track
    from daltonify_core.index.manifest import FileDigest


class NeighbourIndex(Protocol):
    """Approximate nearest neighbours over the vectors of one index."""

    def nearest(self, query: NDArray[np.float32], count: int, share: float = 1.0) -> NDArray[np.int64]:
        """Item numbers of at most ``count`` neighbours, nearest first. ``query``: shape ``(dimension,)``.

        With a ``share`` only that much of the usual entries is inspected, which overlooks more and takes less time.
        """

    def effort(self, count: int) -> int:
        """How many entries ``nearest`` inspects for so many neighbours: what its time grows with."""

    def vector(self, item: int) -> NDArray[np.float32]:
        """What was stored for an item, so that a reader can tell whether the file belongs to its vectors."""

    def __len__(self) -> int: ...


class NeighbourIndexFormat(Protocol):
    """Writes and opens neighbour index files of one kind."""

    def build(self, vectors: NDArray[np.float32], path: Path, seed: int) -> None:
        """Write an index of ``vectors``, shape ``(n, dimension)``; equal input and seed give equal bytes."""

    def tune(self, path: Path, queries: NDArray[np.float32], nearest: NDArray[np.int64]) -> dict[str, int]:
        """How a file is to be searched so that almost all ``nearest`` are found, for the manifest.

        ``queries``: shape ``(m, dimension)``; ``nearest``: ``(m, k)``, the true nearest items of each, nearest first.
        """

    def open(self, path: Path, dimension: int, tuning: Mapping[str, str | int] | None = None) -> NeighbourIndex:
        """Open a file; raises ``IndexCorrupt`` when it cannot be one of that dimension.

        ``tuning``: what ``tune`` said, among whatever else.
        """

    def describe(self) -> dict[str, str | int]:
        """What the manifest must remember to open the file again: kind, metric and parameters."""


class TrackStore(Protocol):
    """Metadata of the tracks and artists of one index, by number."""

    def tracks(self, items: Sequence[int]) -> list[Track]:
        """The tracks of these items, in the same order; raises ``IndexCorrupt`` when one is missing."""

    def listed(self, items: Sequence[int]) -> list[ListedTrack]:
        """As ``tracks``, what a list tells of them; many times a request, so it must be cheap."""

    def find(self, track_ids: Sequence[str]) -> dict[str, int]:
        """Item numbers of the ids that the index knows."""

    def known(self, track_ids: Sequence[str]) -> dict[str, tuple[int, Track]]:
        """As ``find``, with the tracks themselves."""

    def search(self, text: str, limit: int, smallest_first: bool = False) -> list[int]:
        """Items whose title or artists match the words of ``text``, by popularity of the artist, highest first.

        ``smallest_first`` turns the order round, and with it which items a limit cuts off.
        """

    def artists(self, numbers: Sequence[int]) -> list[KnownArtist]:
        """The artists of these numbers, in the same order."""

    def find_artists(self, keys: Sequence[str]) -> dict[str, int]:
        """Artist numbers of the keys (see ``catalogue.artists.artist_key``) that the index knows."""

    def count(self) -> tuple[int, int]:
        """Numbers of tracks and of artists."""

    def close(self) -> None: ...


class TrackStoreFormat(Protocol):
    """Writes and opens track stores of one kind."""

    def build(self, tracks: Iterable[PlainRow], artists: Sequence[KnownArtist], path: Path) -> None:
        """Write tracks in item order and artists in number order; equal input gives equal bytes."""

    def open(self, path: Path) -> TrackStore:
        """Open read-only; raises ``IndexCorrupt`` when the file is no track store."""


class CurrentIndex(NamedTuple):
    """Which index is current. ``built_at`` is UTC in ISO form; ``previous`` holds older versions, newest first."""

    version: str
    built_at: str
    previous: tuple[str, ...] = ()


class ActivationState(NamedTuple):
    """What was current when it was read. ``tag`` changes with every activation; ``None`` means there was none."""

    current: CurrentIndex | None
    tag: str | None


class IndexStore(Protocol):
    """Where built indexes live. A version is immutable, and at most one is current."""

    def read_state(self) -> ActivationState:
        """Raises ``PointerCorrupt`` when it is unreadable; its tag may be activated over."""

    def upload(self, version: str, bundle: Path) -> None:
        """Store every file of a bundle folder under its version, complete or not at all.

        A version names one content, so one that is stored already is left alone, or replaced if it was damaged since.
        """

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        """Make a stored version current; raises ``ActivationConflict`` when the state's tag is another one."""

    def fetch(
        self,
        version: str,
        scratch: Path,
        names: Collection[str] | None = None,
        digests: Mapping[str, FileDigest] | None = None,
    ) -> Path:
        """A local folder that holds the version's files, in ``scratch`` if it must be copied.

        ``names`` limits what is copied to the manifest and these files, as far as there are any. With ``digests``
        instead, the files that they name are copied, no others, and compared with them as they arrive. Raises
        ``IndexUnavailable`` when there is no such version, and ``IndexCorrupt`` naming a file that differs from its
        digest.
        """

    def prune(self, keep: Collection[str]) -> list[str]:
        """Remove all versions but these and those that the state names; the names of those removed.

        A version that was stored only recently may stay: another build may be about to activate it.
        """
