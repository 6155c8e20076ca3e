"""What seeds lack that only outside services may know: nothing, mostly, and then nobody needs whoever looks it up."""

from collections.abc import Sequence
from typing import Final

from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.playlist.request import Seed, fuller_seeds

FEATURES: Final = "features"
TITLE: Final = "title"
ARTISTS: Final = "artists"


def facts_to_look_up(seeds: Sequence[Seed], index: LoadedIndex) -> dict[str, frozenset[str]]:
    """What is not known of each track that only an outside service may know: features, title, artists.

    Empty for tracks of the catalogue, for seeds that came with everything, and for those that come back from an answer.
    """
    lacking: dict[str, frozenset[str]] = {}
    for seed in fuller_seeds(seeds):
        facts = {
            fact
            for fact, is_lacking in (
                (FEATURES, seed.wants_features), (TITLE, not seed.title), (ARTISTS, not seed.artists)
            )
            if is_lacking
        }  # fmt: skip
        if seed.track_id is not None and facts and not seed.came_back:
            lacking[seed.track_id] = frozenset(facts)
    known = index.tracks.find(list(lacking)) if lacking else {}
    return {track_id: facts for track_id, facts in lacking.items() if track_id not in known}
