import gzip
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.canonical_csv import read_rows
from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.catalogue.links import is_spotify_id
from infra.local import synthetic_catalogue
from infra.local.make_genre_figures import within_group_ratio
from infra.local.synthetic_catalogue import (
    ARTIST_ID_PREFIX,
    MAX_COUNT,
    TRACK_ID_PREFIX,
    SyntheticSettings,
    synthetic_artist_popularity,
    synthetic_features,
    synthetic_genres,
    synthetic_tracks,
    write_synthetic_catalogue,
)

FIGURES = json.loads(Path(synthetic_catalogue.__file__).with_name("genre_figures.json").read_text(encoding="utf-8"))
COUNT = 6_000
BLOCK_BORDER = 27_000  # more than one block of tracks


@pytest.fixture(scope="module")
def tracks():
    return tuple(synthetic_tracks(COUNT, seed=7))


@pytest.fixture(scope="module")
def arrays():
    return synthetic_features(120_000, seed=7)


def test_every_track_is_complete_and_recognisably_synthetic(tracks):
    # `Track` itself refuses values out of range.
    assert len(tracks) == COUNT
    for track in tracks:
        assert is_spotify_id(track.track_id)
        assert track.track_id.startswith(TRACK_ID_PREFIX)
        assert all(
            credit.artist_id is not None and is_spotify_id(credit.artist_id) and ARTIST_ID_PREFIX in credit.artist_id
            for credit in track.artists
        )
        assert track.source == "synthetic"
        assert track.snapshot == "2026-01"
        assert track.album
        assert track.release_date is not None
        assert track.release_date <= "2026-01-15"
        assert track.duration_ms is not None
        assert track.popularity is not None
        assert track.artist_popularity is not None
        assert not track.features.missing()
        assert None not in (track.features.key, track.features.mode, track.features.time_signature, track.explicit)


def test_ids_are_unique_and_an_artist_id_has_one_name_and_one_popularity(tracks):
    assert len({track.track_id for track in tracks}) == COUNT
    names, popularity = defaultdict(set), defaultdict(set)
    for track in tracks:
        popularity[track.artists[0].artist_id].add(track.artist_popularity)
        for credit in track.artists:
            names[credit.artist_id].add(credit.name)
    assert all(len(values) == 1 for values in (*names.values(), *popularity.values()))


def test_nobody_is_credited_twice_on_a_track(tracks):
    assert all(len({credit.artist_id for credit in track.artists}) == len(track.artists) for track in tracks)


def test_equal_arguments_give_equal_tracks_and_another_seed_gives_others(tracks):
    assert tuple(synthetic_tracks(COUNT, seed=7)) == tracks
    others = tuple(synthetic_tracks(COUNT, seed=8))
    assert not {track.track_id for track in others} & {track.track_id for track in tracks}
    assert {track.title for track in others} != {track.title for track in tracks}
    assert others[0].features != tracks[0].features


def test_arrays_describe_the_same_tracks(tracks):
    features, artists, genres = synthetic_features(COUNT, seed=7)
    popularity = synthetic_artist_popularity(COUNT, seed=7)
    names = synthetic_genres()
    assert features.shape == (COUNT, 9)
    assert features.dtype == np.float64
    assert len(popularity) == artists.max() + 1
    for row in range(0, COUNT, 97):
        track = tracks[row]
        assert features[row].tolist() == [getattr(track.features, name) for name in CONTINUOUS_FEATURES]
        assert names[genres[row]] in track.genres
        assert popularity[artists[row]] == track.artist_popularity


@pytest.mark.parametrize("count", [0, 1, 2, BLOCK_BORDER])
def test_any_count_is_met_exactly_and_artists_stay_whole_across_blocks(count):
    features, artists, genres = synthetic_features(count, seed=3)
    assert len(features) == len(artists) == len(genres) == count
    assert np.array_equal(np.unique(artists), np.arange(len(synthetic_artist_popularity(count, seed=3))))
    assert (np.diff(artists) >= 0).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_tiny_catalogues_have_tracks_too(count):
    assert all(len(list(synthetic_tracks(count, seed))) == count for seed in range(20))


@pytest.mark.parametrize("count", [-1, MAX_COUNT + 1])
def test_a_count_out_of_range_is_refused(count):
    with pytest.raises(ValueError, match="count is"):
        synthetic_features(count, seed=1)


@pytest.mark.parametrize(
    "settings", [{"artist_share": 1.1}, {"version_share": -0.1}, {"max_tracks_per_artist": 0}], ids=str
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="must"):
        SyntheticSettings(**settings)


def test_genre_names_are_normalised():
    assert 24 <= len(synthetic_genres()) <= 30
    assert all(normalise_genre(name) == name for name in synthetic_genres())


def test_genres_have_the_means_and_sizes_of_the_figures(arrays):
    features, _, genres = arrays
    overall = np.array(FIGURES["overall_std"][:9])
    weights = np.array([genre["weight"] for genre in FIGURES["genres"].values()])
    shares = np.bincount(genres) / len(genres)
    for number, genre in enumerate(FIGURES["genres"].values()):
        drawn = features[genres == number]
        assert np.abs((drawn.mean(axis=0) - genre["mean"][:9]) / overall).max() < 0.25
        assert shares[number] == pytest.approx(weights[number] / weights.sum(), rel=0.35)


def test_features_go_together_as_in_the_figures(arrays):
    features, _, genres = arrays
    pop = features[genres == synthetic_genres().index("pop")]
    energy, loudness, acousticness = (CONTINUOUS_FEATURES.index(n) for n in ("energy", "loudness", "acousticness"))
    ranks = pop.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    correlations = np.corrcoef(ranks, rowvar=False)
    # Rows of the upper triangle hold nine, eight, ... values; row 1 belongs to energy.
    figures = FIGURES["genres"]["pop"]["spearman"]
    assert correlations[energy, loudness] == pytest.approx(figures[9], abs=0.08)
    assert correlations[energy, acousticness] == pytest.approx(figures[11], abs=0.08)


def test_artists_are_as_narrow_as_in_the_real_set_they_were_calibrated_on(arrays):
    features, artists, genres = arrays
    shared = [synthetic_genres().index(name) for name in ("edm", "hip hop", "pop", "r&b", "latin", "rock")]
    rows = np.isin(genres, shared)
    ratios = within_group_ratio(features[rows], artists[rows])
    expected = np.array(FIGURES["within_artist_ratio"][:9])
    # Instrumentalness is calibrated on ranks instead; the module says why.
    differences = np.delete(ratios - expected, CONTINUOUS_FEATURES.index("instrumentalness"))
    assert np.abs(differences).max() < 0.06
    assert abs(differences.mean()) < 0.02
    assert (ratios < 1).all()


def test_artist_share_sets_how_much_an_artists_tracks_resemble_each_other():
    spreads = []
    for share in (0.0, 0.4, 0.8):
        features, artists, _ = synthetic_features(20_000, seed=5, settings=SyntheticSettings(artist_share=share))
        spreads.append(within_group_ratio(features, artists).mean())
    assert spreads[0] > spreads[1] + 0.1 > spreads[2] + 0.2


def test_tracks_per_artist_have_a_long_tail(arrays):
    sizes = np.bincount(arrays[1])
    assert np.median(sizes) <= 2
    assert 2.3 < sizes.mean() < 3.2
    assert np.quantile(sizes, 0.9) <= 6
    assert 60 < sizes.max() <= 130


def test_artist_popularity_falls_into_decades_as_in_the_figures(arrays):
    popularity = synthetic_artist_popularity(120_000, seed=7)
    for numbers, name in (
        (popularity, "artists_by_decade"),
        (popularity[arrays[1]], "tracks_by_artist_decade"),
    ):
        expected = np.array(FIGURES[name]) / sum(FIGURES[name])
        drawn = np.bincount(np.minimum(numbers // 10, 9), minlength=10) / len(numbers)
        assert np.abs(drawn - expected).max() < 0.05
    assert popularity.min() >= 0
    assert popularity.max() <= 100


def test_every_genre_has_unknown_and_famous_artists():
    _, artists, genres = synthetic_features(20_000, seed=7)
    popularity = synthetic_artist_popularity(20_000, seed=7)[artists]
    for genre in range(len(synthetic_genres())):
        members = popularity[genres == genre]
        assert members.min() < 30
        assert members.max() > 65


def test_track_popularity_follows_the_artists(tracks):
    track = np.array([track.popularity for track in tracks])
    artist = np.array([track.artist_popularity for track in tracks])
    assert np.corrcoef(track, artist)[0, 1] == pytest.approx(0.68, abs=0.1)
    means = FIGURES["track_popularity_by_artist_decade"]["mean"]
    for decade in (2, 3, 4, 5, 6, 7):
        assert track[artist // 10 == decade].mean() == pytest.approx(means[decade], abs=5)


def test_credits_genres_and_dates_vary_as_in_public_sets(tracks):
    credits = np.array([len(track.artists) for track in tracks])
    genres = np.array([len(track.genres) for track in tracks])
    assert (credits >= 2).mean() == pytest.approx(0.25, abs=0.04)
    assert genres.max() == 3
    assert (genres == 1).mean() == pytest.approx(FIGURES["genres_per_track"]["1"], abs=0.03)
    assert {len(track.release_date) for track in tracks} == {4, 7, 10}
    years = np.array([track.release_year for track in tracks])
    assert np.median(years) >= 2015
    assert years.min() < 1985


def test_versions_stand_beside_their_original_and_sound_like_it(tracks):
    version = re.compile(r"(.+?)(?: - | \()(?:\d{4} )?(Live|Remaster|feat\.|with|Radio Edit|Single Version).*")
    originals = {(track.artists[0].artist_id, track.title): track for track in tracks}
    pairs, kinds = [], set()
    for track in tracks:
        match = version.fullmatch(track.title)
        original = originals.get((track.artists[0].artist_id, match[1])) if match else None
        if match and original:
            pairs.append((track, original))
            kinds.add(match[2])
    assert kinds == {"Live", "Remaster", "feat.", "with", "Radio Edit", "Single Version"}
    assert 0.03 < len(pairs) / len(tracks) < 0.1
    differences = [abs(one.features.energy - other.features.energy) for one, other in pairs]
    assert np.mean(differences) < 0.1
    # An artist may use a title twice, so a few of these pairs are chance.
    assert np.mean([one.features.key == other.features.key for one, other in pairs]) > 0.95


def test_some_titles_and_names_are_awkward_or_in_other_scripts(tracks):
    titles = {track.title for track in tracks}
    assert any(not title.isascii() for title in titles)
    assert any("," in title for title in titles)
    names = {credit.name for track in tracks for credit in track.artists}
    assert any(";" in name for name in names)
    assert any(not name.isascii() for name in names)
    assert len(names) > 0.9 * len({credit.artist_id for track in tracks for credit in track.artists})


@pytest.mark.parametrize("name", ["catalogue.csv", "catalogue.csv.gz"])
def test_a_written_catalogue_reads_back_equal_and_is_the_same_every_time(tmp_path, name):
    count = 1_500
    path = tmp_path / name
    write_synthetic_catalogue(path, count, seed=11)
    first = path.read_bytes()
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8", newline="") as stream
    ):
        assert list(read_rows(stream, name)) == list(synthetic_tracks(count, seed=11))
    write_synthetic_catalogue(path, count, seed=11)
    assert path.read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="count is"):
        write_synthetic_catalogue(tmp_path / "catalogue.csv", -1, seed=1)
    assert list(tmp_path.iterdir()) == []


def test_the_figures_are_small_and_name_their_sources():
    path = Path(synthetic_catalogue.__file__).with_name("genre_figures.json")
    assert path.stat().st_size < 60_000
    sources = " ".join(FIGURES["source"].values())
    for name in ("Maharshi Pandya", "Open Database License", "tidytuesday", "MIT", "Cristhianrg1"):
        assert name in sources
