"""On the original project's own data our lists sound more like the seed than its own."""

import pytest

from daltonify_core.evaluation.methods import ORIGINAL
from tests.evaluation.original_pools import OURS, compare


@pytest.mark.real_data
def test_our_lists_are_nearer_to_the_demo_tracks_than_the_originals(real_data):
    found = {(row.genre, row.method): row for row in compare(real_data / "original-daltonify" / "data")}
    for genre in ("country", "rock"):
        ours, original = found[genre, OURS], found[genre, ORIGINAL]
        assert ours.tracks == original.tracks == 30
        assert ours.distance < original.distance
    # Nobody is bigger than the third demo's artist, and a list that breaks the first rule would be worse than none.
    assert found["hip hop", OURS].tracks == 0
