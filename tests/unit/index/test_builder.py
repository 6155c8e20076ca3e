"""The builder: numbering, what the rules need, genres on offer, and equal bytes from equal rows."""

from pathlib import Path

import numpy as np
import pytest

from daltonify_core.catalogue.merging import TrackMerger
from daltonify_core.catalogue.songs import song_of
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import CatalogueEmpty
from daltonify_core.index.builder import BuildSettings, IndexBuilder
from daltonify_core.index.bundle import LoadedIndex, load_bundle
from daltonify_core.index.feature_space import row_of
from daltonify_core.index.manifest import IndexManifest
from tests.builders import WITH_NEIGHBOURS, make_features, make_track, track_id
from tests.bundles import make_tracks, write_bundle
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_tracks import MemoryTracksFormat


@pytest.fixture
def build(tmp_path):
    def build_and_load(tracks, settings: BuildSettings | None = None) -> LoadedIndex:
        folder = tmp_path / f"bundle-{len(list(tmp_path.iterdir()))}"
        manifest = write_bundle(tracks, folder, ExactFormat(), MemoryTracksFormat(), settings)
        return load_bundle(folder, manifest.version, ExactFormat(), MemoryTracksFormat())

    return build_and_load


def everything_in(index: LoadedIndex) -> list[Track]:
    return index.tracks.tracks(range(index.manifest.items))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_items_are_numbered_by_artist_popularity_then_track_popularity_then_id(build):
    def track(number: int, artist: str, artist_popularity: int, popularity: int | None) -> Track:
        return make_track(
            track_id=track_id(number),
            artists=(artist,),
            artist_popularity=artist_popularity,
            popularity=popularity,
        )

    index = build(
        [
            track(1, "Small", 20, 90),
            track(2, "Big", 80, 10),
            track(3, "Big", 80, 60),
            track(4, "Equal", 80, 60),
            track(5, "Big", 80, None),
            track(6, "Small", 20, 95),
            make_track(track_id=track_id(7), artists=("Nobody knows",), popularity=None),
        ]
    )
    assert [track.track_id for track in everything_in(index)] == [track_id(n) for n in (3, 4, 2, 5, 6, 1, 7)]
    assert index.arrays.artist_popularity.tolist() == [80, 80, 80, 80, 20, 20, -1]
    assert index.arrays.track_popularity.tolist() == [60, 60, 10, -1, 95, 90, -1]


def test_arrays_metadata_and_vectors_speak_of_the_same_tracks(build):
    index = build(make_tracks(80))
    arrays, tracks = index.arrays, everything_in(index)
    rows = np.array([row_of(track.features, track.duration_ms, track.release_date) for track in tracks])
    primary = np.array([arrays.artists_of(item)[0] for item in range(len(tracks))])
    assert np.array_equal(index.vectors, index.space.vectors(rows, primary))
    assert index.vectors.flags.f_contiguous, "a scan of all tracks reads them column by column"
    for item, track in enumerate(tracks):
        assert arrays.track_ids[item].decode() == track.track_id
        assert arrays.release_year[item] == (track.release_year or 0)
        assert arrays.explicit[item] == (-1 if track.explicit is None else track.explicit)
        assert arrays.song(item) == song_of(track.title, [credit.name for credit in track.artists])
        credited = index.tracks.artists(arrays.artists_of(item))
        assert [artist.name for artist in credited] == [credit.name for credit in track.artists]
        assert arrays.artist_popularity[item] == (-1 if credited[0].popularity is None else credited[0].popularity)
        for number in arrays.artists_of(item):
            assert item in arrays.items_by(number)
        for number, genre in enumerate(index.genres):
            assert (item in arrays.items_of_genre(number)) == (genre in track.genres)


def test_the_weakest_credit_is_the_lowest_known_popularity_of_all_credited_artists(build):
    index = build(
        [
            make_track(track_id=track_id(1), artists=("Star",), artist_popularity=90),
            make_track(track_id=track_id(2), artists=("Small",), artist_popularity=15),
            make_track(track_id=track_id(3), artists=("Star", "Small", "Unknown"), popularity=None),
            make_track(track_id=track_id(4), artists=("Unknown", "Unknown too"), popularity=None),
            make_track(track_id=track_id(5), artists=("Unknown", "Small"), popularity=None),
        ]
    )
    weakest = dict(
        zip((track.track_id for track in everything_in(index)), index.arrays.weakest_credit.tolist(), strict=True)
    )
    assert weakest == {track_id(1): 90, track_id(2): 15, track_id(3): 15, track_id(4): -1, track_id(5): 15}


def test_an_artist_who_is_credited_twice_counts_once(build):
    index = build([make_track(artists=("Same", "same ", "Other"))])
    assert len(index.arrays.artists_of(0)) == 2
    assert index.manifest.artists == 2


def test_a_genre_needs_one_percent_in_a_small_catalogue_and_never_more_than_200_tracks(build):
    def genres(tracks: int, in_genre: int, **settings) -> dict[str, int]:
        rows = (
            make_track(track_id=track_id(number), genres=("rare", "pop") if number < in_genre else ("pop",))
            for number in range(tracks)
        )
        return dict(build(rows, BuildSettings(**settings)).manifest.genres)

    assert genres(301, 4) == {"pop": 301, "rare": 4}
    assert genres(301, 3) == {"pop": 301}
    assert genres(1, 1) == {"pop": 1, "rare": 1}
    # 10 % of 100 tracks would be 10.
    assert genres(100, 5, minimum_genre_tracks=5, minimum_genre_share=0.1) == {"pop": 100, "rare": 5}
    assert genres(100, 4, minimum_genre_tracks=5, minimum_genre_share=0.1) == {"pop": 100}
    assert BuildSettings().minimum_genre_tracks == 200
    assert BuildSettings().minimum_genre_share == 0.01


def test_genres_come_largest_first(build):
    index = build(
        [
            make_track(track_id=track_id(1), genres=("hip hop", "zydeco")),
            make_track(track_id=track_id(2), genres=("ambient", "hip hop")),
            make_track(track_id=track_id(3), genres=()),
        ]
    )
    assert list(index.manifest.genres.items()) == [("hip hop", 2), ("ambient", 1), ("zydeco", 1)]


def test_each_genre_on_offer_has_the_medians_of_its_own_tracks(build):
    energies = {"ambient": (0.1, 0.2, 0.9), "zydeco": (0.123456789, 0.6)}
    tracks = [
        make_track(track_id=track_id(number), genres=(genre,), features=make_features(energy=energy, tempo=120.0))
        for number, (genre, energy) in enumerate((genre, one) for genre, many in energies.items() for one in many)
    ]
    # A track of both counts in both.
    index = build([*tracks, make_track(track_id=track_id(9), genres=("ambient", "zydeco"), features=make_features())])
    middle = make_features().energy
    for genre, known in energies.items():
        typical = index.typical_features(genre)
        assert typical.energy == pytest.approx(np.median([*known, middle]), rel=1e-5)
        assert typical.missing() == ()
    assert index.typical_features("ambient").tempo == 120.0
    with pytest.raises(KeyError):
        index.typical_features("polka")


def test_a_catalogue_without_any_genre_can_be_indexed(build):
    index = build([make_track(track_id=track_id(number), genres=()) for number in range(3)])
    assert index.genres == ()
    assert index.arrays.genre_items.tolist() == []


def test_the_manifest_names_the_newest_snapshot_and_all_sources(build):
    index = build(
        [
            make_track(track_id=track_id(1), snapshot="2023-05", source="b"),
            make_track(track_id=track_id(2), snapshot="2024", source="a"),
            make_track(track_id=track_id(3)),
        ]
    )
    assert (index.manifest.snapshot, index.manifest.source) == ("2024", "a, b, unknown")
    assert build([make_track()]).manifest.snapshot is None


def test_an_artists_popularity_that_a_newer_row_only_took_over_does_not_count_as_newer(build):
    index = build(
        [
            make_track(track_id=track_id(1), artist_popularity=90, snapshot="2020"),
            make_track(track_id=track_id(1), snapshot="2024"),
            make_track(track_id=track_id(2), artist_popularity=60, snapshot="2022"),
        ]
    )
    assert index.arrays.artist_popularity.tolist() == [60, 60]


def test_rows_of_one_track_become_one_item(build):
    index = build([make_track(title="Old", snapshot="2020"), make_track(title="New", snapshot="2024")])
    assert [track.title for track in everything_in(index)] == ["New"]


def test_equal_rows_and_seed_give_equal_bytes_and_another_seed_another_version(tmp_path):
    tracks = make_tracks(700)
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        write_bundle(
            tracks,
            tmp_path / name,
            ExactFormat(),
            MemoryTracksFormat(),
            BuildSettings(seed=seed, neighbour_index_from=700),
        )
    one, two, three = (files_of(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert {name for name in one if one[name] != three[name]} == {"all.ann", "manifest.json"}


def test_the_order_of_rows_does_not_matter_where_no_two_tie(tmp_path):
    tracks = make_tracks(100)
    for name, rows in (("one", tracks), ("two", tracks[::-1])):
        write_bundle(rows, tmp_path / name, ExactFormat(), MemoryTracksFormat())
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_bundle_holds_its_files_and_nothing_of_the_work(tmp_path):
    write_bundle(make_tracks(5), tmp_path / "bundle", ExactFormat(), MemoryTracksFormat())
    files = {"arrays.bin", "track_ids.npy", "tracks.sqlite", "vectors.npy"}
    assert set(files_of(tmp_path / "bundle")) == {*files, "manifest.json"}
    assert set(IndexManifest.read(tmp_path / "bundle").files) == files


@pytest.mark.parametrize(("count", "has_one"), [(59, False), (60, True)])
def test_only_an_index_of_enough_tracks_gets_a_neighbour_index(tmp_path, count, has_one):
    settings = BuildSettings(neighbour_index_from=60)
    manifest = write_bundle(make_tracks(count), tmp_path / "bundle", ExactFormat(), MemoryTracksFormat(), settings)
    assert ("all.ann" in manifest.files) == ("all.ann" in files_of(tmp_path / "bundle")) == has_one
    assert manifest.neighbour_index["kind"] == ("exact" if has_one else "none")


def test_no_track_means_no_index(tmp_path):
    with pytest.raises(CatalogueEmpty):
        write_bundle([], tmp_path / "bundle", ExactFormat(), MemoryTracksFormat())
    assert files_of(tmp_path / "bundle") == {}


def test_the_manifest_comes_last_so_that_a_broken_build_has_none(tmp_path):
    class FullDisk(MemoryTracksFormat):
        def build(self, tracks, artists, path):
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_bundle(make_tracks(5), tmp_path / "bundle", ExactFormat(), FullDisk())
    assert "manifest.json" not in files_of(tmp_path / "bundle")


def test_a_neighbour_index_that_cannot_be_written_breaks_the_build_off_too(tmp_path):
    class FullDisk(ExactFormat):
        def build(self, vectors, path, seed):
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_bundle(make_tracks(5), tmp_path / "bundle", FullDisk(), MemoryTracksFormat(), WITH_NEIGHBOURS)
    assert "manifest.json" not in files_of(tmp_path / "bundle")


def test_progress_reaches_the_end_of_every_phase(tmp_path):
    seen: dict[str, tuple[int, int]] = {}
    with TrackMerger() as merger:
        for track in make_tracks(12):
            merger.add(track)
        IndexBuilder(merger, ExactFormat(), MemoryTracksFormat()).write(
            tmp_path, lambda phase, done, total: seen.update({phase: (done, total)})
        )
    assert seen == {"merge tracks": (12, 12), "build neighbour index": (1, 1), "write metadata": (12, 12)}


def test_an_artist_known_by_id_and_by_name_is_one_artist_of_the_index(build):
    index = build(
        [
            make_track(track_id=track_id(1), artists=(ArtistCredit("Adele", "adele1"),), artist_popularity=88),
            make_track(track_id=track_id(2), artists=("ADELE",)),
        ]
    )
    numbers = index.tracks.find_artists(["id:adele1", "name:adele"])
    assert numbers == {"id:adele1": 0, "name:adele": 0}
    assert index.arrays.items_by(0).tolist() == [0, 1]
    assert index.arrays.artist_popularity.tolist() == [88, 88]


def test_a_guest_whom_only_the_title_names_counts_for_the_rules_but_not_for_popularity(build):
    index = build(
        [
            make_track(track_id=track_id(1), title="Hit (feat. Guest)", artists=("Star",), popularity=90),
            make_track(track_id=track_id(2), title="Own", artists=("Guest",), popularity=30),
            make_track(track_id=track_id(3), title="Other (feat. Stranger)", artists=("Star",), popularity=80),
        ]
    )
    hit, other, own = (index.tracks.find([track_id(number)])[track_id(number)] for number in (1, 3, 2))
    star, guest = index.arrays.artists_of(hit)
    assert [artist.name for artist in index.tracks.artists([star, guest])] == ["Star", "Guest"]
    assert index.arrays.artists_of(own) == [guest]
    _, stranger = index.arrays.artists_of(other)
    assert index.tracks.artists([stranger])[0].popularity is None
    assert index.tracks.find_artists(["name:stranger"]) == {"name:stranger": stranger}
    assert set(index.arrays.items_by(guest).tolist()) == {hit, own}
    assert index.arrays.weakest_credit[[hit, other, own]].tolist() == [30, 90, 30]
    assert index.tracks.artists([guest])[0].popularity == 30


def test_a_guest_whose_name_lacks_its_accents_is_the_artist_of_that_name(build):
    index = build(
        [
            make_track(track_id=track_id(1), title="Hit (feat. Lenny Tavarez)", artists=("Star",), popularity=90),
            make_track(track_id=track_id(2), title="Own", artists=("Lenny Tavárez",), popularity=30),
        ]
    )
    hit, own = (index.tracks.find([track_id(number)])[track_id(number)] for number in (1, 2))
    (lenny,) = index.arrays.artists_of(own)
    assert index.arrays.artists_of(hit)[1:] == [lenny]
    assert index.arrays.weakest_credit[[hit, own]].tolist() == [30, 30]
    assert index.tracks.artists([lenny])[0].keys == ("name:lenny tavárez",)


def test_names_that_differ_by_accents_alone_are_kept_apart_as_artists_and_together_by_the_rules(build):
    index = build(
        [
            make_track(track_id=track_id(1), title="One", artists=("Arcangel",), popularity=30),
            make_track(track_id=track_id(2), title="Two", artists=("Arcángel",), popularity=80),
        ]
    )
    one, two = (index.tracks.find([track_id(number)])[track_id(number)] for number in (1, 2))
    plain, accented = (index.tracks.find_artists([f"name:{name}"])[f"name:{name}"] for name in ("arcangel", "arcángel"))
    assert (index.arrays.artists_of(one), index.arrays.artists_of(two)) == ([plain, accented], [accented, plain])
    # Who is how popular stays what each spelling's own tracks say.
    assert index.arrays.artist_popularity[[one, two]].tolist() == [30, 80]
    assert index.arrays.weakest_credit[[one, two]].tolist() == [30, 80]


def test_two_ids_are_two_artists_whose_names_may_differ_by_accents_alone(build):
    index = build(
        [
            make_track(track_id=track_id(1), artists=(ArtistCredit("Zoe", artist_id="zoe1"),), popularity=30),
            make_track(track_id=track_id(2), artists=(ArtistCredit("Zoé", artist_id="zoe2"),), popularity=80),
        ]
    )
    assert [len(index.arrays.artists_of(item)) for item in (0, 1)] == [1, 1]
