"""Building an index: any fault leaves the old one serving, and equal input is one version."""

import gc
import gzip
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.local_folder import FolderIndexStore, FolderShards
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.canonical_csv import COLUMNS, format_row
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import ActivationConflict, CatalogueEmpty, DaltonifyError, IndexCorrupt, InvalidDataset
from daltonify_core.index.builder import BuildSettings
from daltonify_core.index.bundle import LoadedIndex, load_bundle
from daltonify_core.ports.catalogue import CatalogueShards
from daltonify_core.ports.index import CurrentIndex, IndexStore
from daltonify_core.ports.surroundings import no_progress
from daltonify_core.use_cases.build_index import BuildReport, build_index
from tests.builders import WITH_NEIGHBOURS, make_track, track_id
from tests.bundles import make_tracks
from tests.catalogues import catalogue_csv as shard
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_index_store import MemoryIndexStore
from tests.fakes.memory_shards import MemoryShards
from tests.fakes.memory_tracks import MemoryTracksFormat

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def row(**cells: str) -> list[str]:
    """A valid row with some cells replaced."""
    return [cells.get(name, cell) for name, cell in zip(COLUMNS, format_row(make_track()), strict=True)]


def build(
    shards: CatalogueShards | dict[str, str],
    store: IndexStore,
    built_at: datetime = NOON,
    settings: BuildSettings | None = None,
    work_folder: Path | None = None,
    real: bool = False,
) -> BuildReport:
    return build_index(
        MemoryShards(shards) if isinstance(shards, dict) else shards,
        store,
        AnnoyFormat() if real else ExactFormat(),
        SqliteTracksFormat() if real else MemoryTracksFormat(),
        built_at,
        no_progress,
        settings or WITH_NEIGHBOURS,
        work_folder,
    )


def current_of(store: IndexStore) -> CurrentIndex:
    current = store.read_state().current
    assert current is not None
    return current


def load_current(store: IndexStore, scratch: Path) -> LoadedIndex:
    version = current_of(store).version
    return load_bundle(store.fetch(version, scratch), version, ExactFormat(), MemoryTracksFormat())


def tracks_of(store: IndexStore, scratch: Path) -> dict[str, Track]:
    index = load_current(store, scratch)
    return {track.track_id: track for track in index.tracks.tracks(range(index.manifest.items))}


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def store() -> MemoryIndexStore:
    return MemoryIndexStore()


@pytest.fixture
def serving() -> tuple[MemoryIndexStore, CurrentIndex]:
    """A store that serves an index of one track."""
    store = MemoryIndexStore()
    build({"old.csv": shard([make_track(title="Old")])}, store)
    return store, current_of(store)


def test_a_build_makes_its_index_current_and_reports_it(store, tmp_path):
    report = build({"a.csv": shard(make_tracks(30)), "b.csv": shard(make_tracks(20, seed=9))}, store)
    assert current_of(store) == CurrentIndex(report.manifest.version, "2026-01-02T12:00:00Z", ())
    assert load_current(store, tmp_path).manifest == report.manifest
    assert report.shards == ("a.csv", "b.csv")
    assert (report.rows_read, report.rows_merged, report.rows_invalid) == (50, 0, 0)
    assert report.manifest.items == 50


@pytest.mark.parametrize("content", [shard(make_tracks(30)), "no catalogue"], ids=["done", "failed"])
def test_garbage_is_searched_for_again_after_a_build(store, content):
    searching: list[bool] = []
    with suppress(DaltonifyError):
        build_index(
            MemoryShards({"a.csv.gz": content}), store, ExactFormat(), MemoryTracksFormat(), NOON,
            lambda *_: searching.append(gc.isenabled()),
        )  # fmt: skip
    assert gc.isenabled()
    assert not any(searching)


def test_the_report_becomes_plain_values(store):
    report = build({"a.csv": shard(make_tracks(30), row(track_id="x"), row(track_id="x"))}, store)
    plain = report.to_dict()
    assert plain["version"] == report.manifest.version
    assert plain["tracks"] == 30
    assert plain["rows"] == {"read": 32, "merged": 0, "invalid": 2}
    assert plain["invalid_by_reason"] == {"track_id": 2}
    assert plain["examples"]["track_id"][0].startswith("a.csv, row 31:")
    assert plain["bytes"] == sum(len(content) for content in store.versions[report.manifest.version].values()) - len(
        store.versions[report.manifest.version]["manifest.json"]
    )


def test_the_time_of_the_build_is_written_in_utc(store):
    zone = timezone(timedelta(hours=5, minutes=30))
    build({"a.csv": shard([make_track()])}, store, datetime(2026, 1, 1, 2, 0, 0, 999_999, tzinfo=zone))
    assert current_of(store).built_at == "2025-12-31T20:30:00Z"


@pytest.mark.parametrize("real", [False, True])
def test_two_builds_from_the_same_input_are_byte_identical(tmp_path, real):
    tracks = make_tracks(700)
    reports = []
    for name in ("one", "two"):
        store = FolderIndexStore(tmp_path / name)
        (tmp_path / f"work of {name}").mkdir()
        reports.append(build({"a.csv": shard(tracks)}, store, work_folder=tmp_path / f"work of {name}", real=real))
    one, two = (files_below(tmp_path / name) for name in ("one", "two"))
    assert reports[0] == reports[1]
    assert reports[0].manifest.feature_space["method"] == "within_artists"
    assert one == two
    assert any(name.endswith("/all.ann") for name in one)


def test_how_rows_are_cut_into_shards_does_not_matter(store, tmp_path):
    old = [make_track(track_id=track_id(n), title="Old", genres=("rock",)) for n in range(40)]
    new = [make_track(track_id=track_id(n), title="New", album=None) for n in range(40)]
    rows = old + new
    one = build({"only.csv": shard(rows)}, MemoryIndexStore())
    other = build({"1.csv": shard(rows[:13]), "2/a.csv": shard(rows[13:50]), "3.csv": shard(rows[50:])}, store)
    assert one.manifest == other.manifest
    assert (one.rows_merged, other.rows_merged) == (40, 40)


def test_packed_and_plain_shards_give_the_same_version(tmp_path):
    text = shard(make_tracks(20))
    (tmp_path / "plain").mkdir()
    (tmp_path / "packed").mkdir()
    (tmp_path / "plain" / "a.csv").write_text(text, encoding="utf-8", newline="")
    (tmp_path / "packed" / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed = (build(FolderShards(tmp_path / name), MemoryIndexStore()) for name in ("plain", "packed"))
    assert plain.manifest == packed.manifest


@pytest.mark.parametrize("real", [False, True])
def test_another_seed_gives_another_version(real):
    shards = {"a.csv": shard(make_tracks(50))}
    one, two, again = (
        build(shards, MemoryIndexStore(), settings=replace(WITH_NEIGHBOURS, seed=seed), real=real) for seed in (1, 2, 1)
    )
    assert one.manifest.version != two.manifest.version
    assert one.manifest.version == again.manifest.version


def test_one_changed_value_gives_another_version():
    tracks = make_tracks(20)
    changed = [*tracks[:-1], make_track(track_id=tracks[-1].track_id, title="Changed")]
    one, two = (build({"a.csv": shard(rows)}, MemoryIndexStore()) for rows in (tracks, changed))
    assert one.manifest.version != two.manifest.version


def test_rebuilding_unchanged_input_keeps_the_version_and_refreshes_its_date(store):
    shards = {"a.csv": shard(make_tracks(10))}
    first = build(shards, store)
    second = build(shards, store, NOON + timedelta(days=1))
    assert first.manifest.version == second.manifest.version
    assert current_of(store) == CurrentIndex(first.manifest.version, "2026-01-03T12:00:00Z", ())
    assert list(store.versions) == [first.manifest.version]


HEADER_ONLY = shard([])


@pytest.mark.parametrize(
    ("shards", "said"),
    [
        ({}, "no files"),
        ({"a.csv": HEADER_ONLY}, "no rows"),
        ({"a.csv": HEADER_ONLY, "b.csv": HEADER_ONLY}, "no rows"),
        ({"a.csv": shard([], row(track_id="short"), row(title=""))}, "None of the catalogue's 2 rows"),
    ],
)
def test_a_catalogue_without_a_valid_track_leaves_the_old_index_serving(serving, shards, said):
    store, before = serving
    with pytest.raises(CatalogueEmpty, match=said):
        build(shards, store)
    assert current_of(store) == before
    assert list(store.versions) == [before.version]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\n",
        "track_name,artist_name\nSong,Artist\n",
        "just some text",
        shard([make_track()]).replace("track_id", "title", 1),
        shard([make_track()]) + '"a quote that never ends',
        shard([make_track()]) + 'x" y,"z"w\n',
    ],
    ids=["empty", "blank", "foreign", "text", "column twice", "open quote", "stray quote"],
)
def test_a_shard_that_is_no_catalogue_file_stops_the_build_and_the_old_index_serves_on(serving, broken):
    store, before = serving
    with pytest.raises(InvalidDataset, match=r"b\.csv"):
        build({"a.csv": shard(make_tracks(5)), "b.csv": broken}, store)
    assert current_of(store) == before
    assert list(store.versions) == [before.version]


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:-1],
        lambda packed: packed[:-8] + b"\0" * 8,
        lambda packed: packed[:200] + b"\xff" * 50 + packed[250:],
        lambda packed: gzip.decompress(packed),
        lambda packed: gzip.compress(gzip.decompress(packed) + b"\xff\xfe"),
    ],
    ids=["half", "one byte short", "wrong checksum", "damaged", "not packed", "not UTF-8"],
)
def test_a_packed_shard_that_is_damaged_stops_the_build(serving, tmp_path, damage):
    store, before = serving
    packed = gzip.compress(shard(make_tracks(300)).encode())
    (tmp_path / "a.csv.gz").write_bytes(packed)
    (tmp_path / "b.csv.gz").write_bytes(damage(packed))
    with pytest.raises(InvalidDataset, match=r"b\.csv\.gz"):
        build(FolderShards(tmp_path), store)
    assert current_of(store) == before


def test_rows_that_cannot_be_tracks_are_counted_with_examples(store):
    good = make_tracks(4)
    invalid = [
        *[row(track_id=f"wrong {number}") for number in range(8)],
        row(energy="loud"),
        row(energy="1.5"),
        row(energy=""),
        row(popularity="101"),
        row(explicit="yes"),
        row(artists=""),
        ["too", "few"],
    ]
    report = build({"a.csv": shard(good, *invalid[:3]), "b.csv": shard(good[:2], *invalid[3:])}, store)
    assert report.rows_read == report.manifest.items + report.rows_merged + report.rows_invalid == 6 + len(invalid)
    assert (report.manifest.items, report.rows_merged, report.rows_invalid) == (4, 2, len(invalid))
    assert report.invalid_by_reason == {
        "track_id": 8,
        "feature_not_a_number": 1,
        "feature_out_of_range": 1,
        "features_missing": 1,
        "popularity": 1,
        "explicit": 1,
        "artists": 1,
        "wrong_width": 1,
    }
    assert next(iter(report.invalid_by_reason)) == "track_id"
    assert {reason: len(examples) for reason, examples in report.examples.items()} == {
        **dict.fromkeys(report.invalid_by_reason, 1),
        "track_id": 5,
    }
    assert report.examples["track_id"][0].startswith("a.csv, row 5: 'wrong 0'")
    assert report.examples["track_id"][3].startswith("b.csv, row 3: 'wrong 3'")


class BusyStore(MemoryIndexStore):
    """Somebody else activates another index while a bundle is uploaded."""

    def __init__(self) -> None:
        super().__init__()
        self.theirs: CurrentIndex | None = None

    def upload(self, version: str, bundle: Path) -> None:
        super().upload(version, bundle)
        if self.theirs:
            self.versions[self.theirs.version] = {}
            super().activate(self.theirs, self.read_state().tag)


@pytest.mark.parametrize("has_old", [False, True])
def test_an_index_that_somebody_else_activated_in_between_is_not_overwritten(has_old):
    store = BusyStore()
    if has_old:
        build({"a.csv": shard(make_tracks(3))}, store)
    store.theirs = CurrentIndex("theirs", "2026-01-02T11:59:00Z")
    with pytest.raises(ActivationConflict):
        build({"a.csv": shard(make_tracks(5))}, store)
    assert current_of(store) == store.theirs
    assert "theirs" in store.versions


class ForgetfulStore(MemoryIndexStore):
    """Stores one file of every bundle wrongly."""

    damaged: str | None = None

    def upload(self, version: str, bundle: Path) -> None:
        super().upload(version, bundle)
        if self.damaged:
            self.versions[version][self.damaged] = self.versions[version][self.damaged][:-2]


@pytest.mark.parametrize("damaged", ["vectors.npy", "tracks.sqlite", "arrays.bin", "all.ann", "manifest.json"])
def test_what_was_stored_is_verified_before_it_becomes_current(damaged):
    store = ForgetfulStore()
    build({"a.csv": shard(make_tracks(3))}, store)
    before = current_of(store)
    store.damaged = damaged
    with pytest.raises(IndexCorrupt):
        build({"a.csv": shard(make_tracks(5))}, store)
    assert current_of(store) == before


def test_pruning_keeps_the_current_and_three_older_versions(store):
    reports = [
        build({"a.csv": shard([make_track(title=f"Song {number}")])}, store, NOON + timedelta(days=number))
        for number in range(6)
    ]
    versions = [report.manifest.version for report in reports]
    assert [report.pruned for report in reports] == [(), (), (), (), (versions[0],), (versions[1],)]
    assert set(store.versions) == set(versions[2:])
    assert current_of(store).previous == (versions[4], versions[3], versions[2])


def test_going_back_to_an_older_catalogue_lists_no_version_twice(store):
    def version(title: str) -> str:
        return build({"a.csv": shard([make_track(title=title)])}, store).manifest.version

    a, b = version("a"), version("b")
    assert version("a") == a
    assert current_of(store).previous == (b,)
    assert set(store.versions) == {a, b}


def test_nothing_of_the_work_is_left_behind_whether_a_build_succeeds_or_not(store, tmp_path):
    build({"a.csv": shard(make_tracks(5))}, store, work_folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    for shards in ({}, {"a.csv": HEADER_ONLY}, {"a.csv": shard(make_tracks(5)), "b.csv": "foreign"}):
        with pytest.raises(DaltonifyError):
            build(shards, store, work_folder=tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_the_newest_snapshot_of_a_track_wins_whatever_shard_it_is_in(store, tmp_path):
    one, two, three = track_id(1), track_id(2), track_id(3)
    build(
        {
            "a.csv": shard(
                [
                    make_track(track_id=one, title="newest", snapshot="2024-11"),
                    make_track(track_id=two, title="no snapshot"),
                    make_track(track_id=three, title="earlier path", snapshot="2023"),
                ]
            ),
            "b.csv": shard(
                [
                    make_track(track_id=one, title="older", snapshot="2024"),
                    make_track(track_id=two, title="any snapshot", snapshot="1999"),
                    make_track(track_id=three, title="later path", snapshot="2023"),
                ]
            ),
            "c.csv": shard([make_track(track_id=one, title="none")]),
        },
        store,
    )
    titles = {number: track.title for number, track in tracks_of(store, tmp_path).items()}
    assert titles == {one: "newest", two: "any snapshot", three: "later path"}


def test_genres_of_all_rows_are_joined_and_absent_values_filled_from_older_rows(store, tmp_path):
    build(
        {
            "a.csv": shard([make_track(genres=("rock",), album="Old album", popularity=40, snapshot="2020", key=7)]),
            "b.csv": shard([make_track(genres=("pop",), album=None, popularity=None, snapshot="2024", key=None)]),
        },
        store,
    )
    track = tracks_of(store, tmp_path)[track_id(1)]
    assert track.genres == ("pop", "rock")
    assert (track.album, track.popularity, track.features.key, track.snapshot) == ("Old album", 40, 7, "2024")


def test_progress_is_told_while_rows_are_read(store):
    phases: list[tuple[str, int, int]] = []
    build_index(
        MemoryShards({"a.csv": shard(make_tracks(7))}),
        store,
        ExactFormat(),
        MemoryTracksFormat(),
        NOON,
        lambda phase, done, total: phases.append((phase, done, total)),
    )
    assert phases[:2] == [("read catalogue", 7, 0), ("read catalogue", 7, 7)]
    assert ("write metadata", 7, 7) in phases
    assert phases[-2:] == [("store and verify", 0, 1), ("store and verify", 1, 1)]


def test_with_real_adapters_an_index_is_built_and_activated_in_a_folder(tmp_path):
    tracks = make_tracks(40)
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "all.csv").write_text(shard(tracks), encoding="utf-8", newline="")
    store = FolderIndexStore(tmp_path / "index")
    report = build(FolderShards(tmp_path / "catalogue"), store, real=True)
    version = current_of(store).version
    index = load_bundle(store.fetch(version, tmp_path), version, AnnoyFormat(), SqliteTracksFormat())
    try:
        assert version == report.manifest.version
        assert {track.track_id: track for track in index.tracks.tracks(range(40))} == {t.track_id: t for t in tracks}
    finally:
        index.close()
