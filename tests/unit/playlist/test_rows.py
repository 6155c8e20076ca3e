"""Rows of whole lists: their reasons hold, follow from the ranking, and do not repeat themselves."""

from collections import Counter
from collections.abc import Iterator

import pytest

from daltonify_core.playlist.recommendation import Recommendation
from daltonify_core.playlist.request import RecommendationRequest, Seed
from daltonify_core.use_cases.recommend import Recommender
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.builders import build_index_folder, open_index
from tests.reason_claims import Comparison, assert_true, spoken

TRACKS = tuple(synthetic_tracks(3_000, 5))
SMALL = [track.track_id for track in TRACKS if track.artist_popularity is not None and track.artist_popularity < 30]
SEEDS = SMALL[:: len(SMALL) // 8][:8]


@pytest.fixture(scope="module")
def recommender(tmp_path_factory) -> Iterator[Recommender]:
    index = open_index(build_index_folder(tmp_path_factory.mktemp("synthetic"), TRACKS))
    yield Recommender(index, "2026-01-15T12:00:00Z")
    index.close()


def ask(recommender: Recommender, *seeds: str, **wishes) -> Recommendation:
    return recommender.recommend(RecommendationRequest(tuple(Seed(track_id=seed) for seed in seeds), **wishes))


@pytest.mark.parametrize("wishes", [{}, {"era": False}, {"targets": {"energy": 1.0, "valence": -1.0}}], ids=str)
def test_every_word_of_a_list_holds_against_the_numbers(recommender, wishes):
    claims = 0
    for seed in SEEDS:
        answer = ask(recommender, seed, **wishes)
        own = answer.seeds[0]
        newest = max(int(track.release_date[:4]) for track in TRACKS if track.release_date)
        for row in (*answer.tracks, *answer.reserves):
            if not row.own:
                compared = Comparison(
                    own.features,
                    row.features,
                    row.lift,
                    targets=wishes.get("targets", {}),
                    seed_year=own.release_year,
                    track_year=row.release_year,
                    newest_year=newest,
                )
                for name, claim in spoken(row.reason):
                    assert_true(name, claim, compared)
                    claims += 1
    assert claims > 300


def test_a_list_does_not_repeat_itself(recommender):
    for seed in SEEDS:
        rows = [row for row in ask(recommender, seed).tracks if not row.own]
        sounds = [row.reason.rpartition(";")[0] for row in rows]
        phrases = Counter(phrase for sound in sounds for phrase in sound.split(", "))
        assert Counter(sounds).most_common(1)[0][1] <= 3
        assert phrases.most_common(1)[0][1] <= len(rows) / 3


def test_the_era_is_named_only_where_it_counts(recommender):
    def eras(**wishes) -> int:
        answers = [ask(recommender, seed, **wishes) for seed in SEEDS]
        rows = [row for answer in answers for row in answer.tracks]
        return sum(part.feature == "release_year" for row in rows for part in row.reason_parts)

    assert eras() > 0
    assert eras(era=False) == 0


def test_what_was_asked_for_is_said_of_tracks_that_have_it(recommender):
    asked = []
    for seed in SEEDS:
        answer = ask(recommender, seed, targets={"energy": 1.0})
        asked += [part for row in answer.tracks for part in row.reason_parts if part.asked]
    assert asked
    assert {(part.feature, part.kind.endswith("more")) for part in asked} == {("energy", True)}


def test_equal_requests_are_worded_equally(recommender):
    for seed in SEEDS[:3]:
        assert ask(recommender, seed).tracks == ask(recommender, seed).tracks


def test_with_several_seeds_each_reason_names_one_of_them(recommender):
    answer = ask(recommender, *SEEDS[:3])
    titles = {seed.title for seed in answer.seeds}
    for row in answer.tracks:
        if not row.own:
            assert any(row.reason.startswith(f"beside “{title}”: ") for title in titles)
