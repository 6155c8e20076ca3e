"""A catalogue small enough to work out every answer by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from daltonify_core.catalogue.track import Track
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.playlists import Half, PlaylistRow, Playlists, playlists_of_half
from daltonify_core.index.bundle import LoadedIndex
from tests.builders import build_index_folder, make_track, open_index, track_id

# Name, title, artists, the primary artist's popularity, genres.
_TRACKS = (
    ("seed", "Night Drive - Zed Remix", ("Seed",), 20, ("pop",)),
    ("own", "Another of Mine", ("Seed",), 20, ("pop",)),
    ("guest", "Duet (feat. Seed)", ("Gus",), 60, ("pop",)),
    ("ann1", "First", ("Ann",), 50, ("pop",)),
    ("ann2", "Second", ("Ann",), 50, ("pop",)),
    ("bob", "Third", ("Bob",), 40, ("pop",)),
    ("cat", "Fourth", ("Cat",), 60, ("pop",)),
    ("equal", "Fifth", ("Eve",), 20, ("pop",)),
    ("low", "Sixth", ("Lou",), 10, ("pop",)),
    ("weak", "Seventh", ("Will", "Lou"), 70, ("pop",)),
    ("version", "Night Drive", ("Zed",), 65, ("pop",)),
    ("unknown", "Eighth", ("Una",), None, ("pop",)),
    ("nobody", "Duo", ("Noa", "Ann"), None, ("pop",)),
    ("rock", "Ninth", ("Roc",), 80, ("rock",)),
    ("both", "Tenth", ("Ben",), 55, ("pop", "rock")),
)
PLAYLIST = ("seed", "own", "guest", "ann1", "ann2", "bob", "equal", "low", "weak", "version", "nobody", "rock")
OTHER_PLAYLIST = ("seed", "bob", "unknown", "both")


@dataclass(frozen=True)
class Small:
    """The catalogue's index, and the item of each track by name."""

    index: LoadedIndex
    ground: Ground
    item: Mapping[str, int]
    ids: Mapping[str, str]

    def items(self, *names: str) -> list[int]:
        return sorted(self.item[name] for name in names)

    def names(self, items: object) -> set[str]:
        name_of = {item: name for name, item in self.item.items()}
        return {name_of[item] for item in np.asarray(items).tolist()}

    def playlists(self, *playlists: tuple[str, ...], genre: str | None = None) -> Playlists:
        rows = [
            PlaylistRow(f"playlist {number}", self.ids[name], genre)
            for number, names in enumerate(playlists)
            for name in names
        ]
        return playlists_of_half(rows, Half.ALL, self.ground.item_of)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    tracks: list[Track] = [
        make_track(
            track_id=track_id(number),
            title=title,
            artists=artists,
            popularity=popularity,
            artist_popularity=popularity,
            genres=genres,
            energy=0.1 + number / 20,
        )
        for number, (_, title, artists, popularity, genres) in enumerate(_TRACKS)
    ]
    index = open_index(build_index_folder(tmp_path_factory.mktemp("small"), tracks))
    ground = Ground.of_index(index)
    ids = {name: track_id(number) for number, (name, *_) in enumerate(_TRACKS)}
    yield Small(index, ground, {name: ground.item_of[one] for name, one in ids.items()}, ids)
    index.close()
