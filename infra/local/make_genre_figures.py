"""Derives ``genre_figures.json`` from statistics of real catalogues, so that nobody has to believe its numbers.

    python -m infra.local.make_genre_figures FEATURE_STATS.json SPOTIFY_SONGS.csv.gz

FEATURE_STATS.json holds distributions per genre (of the data sets that ``SOURCE`` names); SPOTIFY_SONGS.csv.gz is
tidytuesday's table of 2020-01-21. Only aggregates are kept; no track and no artist of either gets into the figures.
"""

import argparse
import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.genres import normalise_genre

FEATURES: Final = (*CONTINUOUS_FEATURES, "duration_ms")

SOURCE: Final = {
    "genres": "Quantiles, rank correlations and shares of 1,000 rows per genre. Contains information from the Spotify "
    "Tracks Dataset by Maharshi Pandya (2022-10), which is made available under the Open Database License (ODbL) 1.0.",
    "within_artist_ratio": "tidytuesday 2020-01-21, spotify_songs.csv (MIT), collected with spotifyr by Kaylin Pavlik",
    "artists": "spotify_song_popularity_prediction by Cristhianrg1 (2024-11): popularity of 12,341 artists and 63,354 "
    "of their tracks, https://github.com/Cristhianrg1/spotify_song_popularity_prediction",
    "weight": "chosen: relative catalogue sizes, so that large genres look large; the data set has equal ones",
    "values": "The values described are Spotify's audio features; these are aggregates only.",
}

# Name in the data set: (relative size, name in the artist figures). The data set holds 1,000 rows of every genre, so
# the sizes are ours; the artist figures lack some genres and lend them their nearest relative.
GENRES: Final[Mapping[str, tuple[float, str]]] = {
    "pop": (10, "pop"),
    "hip-hop": (8, "hip hop"),
    "rock": (8, "rock"),
    "r-n-b": (5, "r&b"),
    "latin": (5, "latin"),
    "indie-pop": (4, "indie"),
    "alt-rock": (4, "alternative"),
    "country": (4, "country"),
    "edm": (4, "dance"),
    "electronic": (4, "electronic"),
    "house": (4, "house"),
    "metal": (4, "metal"),
    "jazz": (4, "jazz"),
    "classical": (4, "classical"),
    "techno": (3, "techno"),
    "punk-rock": (3, "punk"),
    "folk": (3, "folk"),
    "singer-songwriter": (3, "singer-songwriter"),
    "ambient": (3, "ambient"),
    "reggaeton": (3, "reggaeton"),
    "soul": (2.5, "soul"),
    "k-pop": (2.5, "k-pop"),
    "j-pop": (2, "j-pop"),
    "funk": (2, "funk"),
    "blues": (2, "blues"),
    "reggae": (2, "reggae"),
    "disco": (1.5, "disco"),
    "synth-pop": (1.5, "synth-pop"),
}


def make_figures(stats: Mapping[str, Any], within_artist_ratio: Sequence[float]) -> dict[str, Any]:
    """The figures as one JSON object; ``within_artist_ratio`` comes from ``measure_within_artist_ratio``."""
    if tuple(stats["continuous_features"]) != FEATURES:
        raise ValueError("The statistics hold other features, or the same in another order.")
    tracks, artists = stats["datasets"]["tracks114k_2022"], stats["artists_2024"]
    genres = {}
    for label, (weight, popularity_label) in GENRES.items():
        figures = tracks["genres"][label]
        name = normalise_genre(label)
        assert name is not None, label  # noqa: S101 - the table above holds names only
        genres[name] = {
            "weight": weight,
            "mean": _rounded(figures["mean"]),
            "std": _rounded(figures["std"]),
            "quantiles": [_rounded(quantiles) for quantiles in figures["q"]],
            "spearman": _rounded(figures["spearman"], digits=2),
            "instrumentalness_zero": figures["zero_instrumentalness_p"],
            "key": figures["key_p"],
            "mode_major": figures["mode_major_p"],
            # A time signature of 0 means that the analysis found none; the catalogue does not know such a value.
            "time_signature": {beats: share for beats, share in figures["ts_p"].items() if beats != "0"},
            "explicit": figures["explicit_p"],
            "artist_popularity_median": artists["by_genre"][popularity_label]["artist_pop_q"][1],
        }
    bands = artists["track_pop_given_artist_pop"]
    return {
        "format_version": 1,
        "source": SOURCE,
        "features": list(FEATURES),
        "quantile_levels": stats["quantile_levels"],
        "overall_std": _rounded(tracks["overall"]["std"]),
        "within_artist_ratio": _rounded(within_artist_ratio, digits=3),
        "artists_per_track": tracks["artists_per_track_p"],
        "genres_per_track": _at_most_three(tracks["genres_per_track_p"]),
        # Decades of popularity: 0..9, 10..19, ..., 90..100.
        "artists_by_decade": [artists["log10_followers_given_artist_pop"][band]["n"] for band in bands],
        "tracks_by_artist_decade": [figures["n"] for figures in bands.values()],
        "track_popularity_by_artist_decade": {
            "mean": [figures["mean"] for figures in bands.values()],
            "std": [figures["std"] for figures in bands.values()],
            "zero": [figures["zero_p"] for figures in bands.values()],
        },
        "genres": genres,
    }


def measure_within_artist_ratio(path: Path) -> list[float]:
    """How much narrower an artist is than the whole table, per feature in the order of ``FEATURES``; 0..1.

    Other versions of a song (same artist, same title up to " - " or " (") count once: the generator makes such
    versions on top.
    """
    songs: dict[tuple[str, str], Mapping[str, str]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["track_artist"] != "NA" and float(row["tempo"]) > 0:
                title = row["track_name"].split(" - ")[0].split(" (")[0].casefold()
                songs.setdefault((row["track_artist"], title), row)
    values = np.array([[float(row[feature]) for feature in FEATURES] for row in songs.values()])
    artists = np.unique([row["track_artist"] for row in songs.values()], return_inverse=True)[1]
    return [float(ratio) for ratio in within_group_ratio(values, artists)]


def within_group_ratio(values: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pooled standard deviation within groups over the overall one, per column of ``values`` (rows, columns)."""
    groups = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(groups)
    means = np.stack([np.bincount(groups, column) for column in values.T], axis=1) / sizes[:, None]
    within = ((values - means[groups]) ** 2).sum(axis=0) / (len(values) - len(sizes))
    ratios: NDArray[np.float64] = np.sqrt(within) / values.std(axis=0)
    return ratios


def _at_most_three(shares: Mapping[str, float]) -> dict[str, float]:
    return {"1": shares["1"], "2": shares["2"], "3": round(1 - shares["1"] - shares["2"], 4)}


def _rounded(values: Sequence[float], digits: int = 4) -> list[float]:
    # Whole numbers lose their ".0": the file is read by people too.
    return [int(value) if value == int(value) else value for value in (float(f"{v:.{digits}g}") for v in values)]


def _lines(values: Mapping[str, Any]) -> str:
    # A line per genre: short, and a change of one genre is a change of one line.
    rows = (f'"{name}": {json.dumps(value, separators=(",", ":"))}' for name, value in values.items())
    return "{\n" + ",\n".join(rows) + "\n}"


def main() -> None:
    """Write ``genre_figures.json`` beside this module."""
    parser = argparse.ArgumentParser(description="Derive genre_figures.json from statistics of real catalogues.")
    parser.add_argument("feature_stats", type=Path, help="distributions per genre (JSON)")
    parser.add_argument("spotify_songs", type=Path, help="tidytuesday's spotify_songs.csv, gzip")
    arguments = parser.parse_args()
    stats = json.loads(arguments.feature_stats.read_text(encoding="utf-8"))
    figures = make_figures(stats, measure_within_artist_ratio(arguments.spotify_songs))
    genres = figures.pop("genres")
    target = Path(__file__).with_name("genre_figures.json")
    head = _lines(figures).removesuffix("\n}")
    target.write_text(f'{head},\n"genres": {_lines(genres)}\n}}\n', encoding="utf-8")
    print(f"{target.name}: {len(genres)} genres, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
