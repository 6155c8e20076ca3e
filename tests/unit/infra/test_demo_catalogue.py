"""Which files become the demo's catalogue, and what is kept for the next start."""

import gzip
from pathlib import Path

import pytest

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.errors import InvalidDataset
from daltonify_core.ports import no_progress
from infra.local import demo_catalogue
from infra.local.demo_catalogue import CatalogueFile, prepare_catalogue
from infra.local.synthetic_catalogue import synthetic_tracks

PUBLIC_TABLE = (
    "track_name,artist_name,track_id,genre,popularity,danceability,energy,loudness,speechiness,acousticness,"
    "instrumentalness,liveness,valence,tempo\n"
    "Slow,Ann,4HJ7mSMtHAdU55lLjGE4zW,pop,{popularity},0.5,0.5,-8,0.05,0.1,0,0.1,0.5,120\n"
)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(demo_catalogue, "SYNTHETIC_TRACKS", 40)


def canonical(path: Path, seed: int = 1) -> Path:
    write_catalogue_file(path, synthetic_tracks(5, seed))
    return path


def public(path: Path, popularity: int = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PUBLIC_TABLE.format(popularity=popularity))
    return path


def test_without_data_tracks_are_invented_once(cache, few):
    reports: list[tuple[str, int, int]] = []
    [first] = prepare_catalogue(None, cache, lambda *report: reports.append(report))
    content = first.path.read_bytes()
    written = first.path.stat().st_mtime_ns
    assert len(gzip.decompress(content).splitlines()) == 41
    assert reports[-1] == ("invent tracks", 40, 40)
    assert prepare_catalogue(None, cache, no_progress) == [first]
    assert first.path.stat().st_mtime_ns == written


def test_canonical_data_are_taken_as_they_are(cache, tmp_path):
    file = canonical(tmp_path / "mine.csv.gz")
    assert prepare_catalogue(file, cache, no_progress) == [CatalogueFile("mine.csv.gz", file)]
    assert not cache.exists()


def test_every_shard_of_a_canonical_folder_is_taken(cache, tmp_path):
    folder = tmp_path / "catalogue"
    one, two = canonical(folder / "one.csv"), canonical(folder / "deep" / "two.csv.gz", seed=2)
    assert prepare_catalogue(folder, cache, no_progress) == [
        CatalogueFile("deep/two.csv.gz", two),
        CatalogueFile("one.csv", one),
    ]


def test_other_data_are_imported_once_for_each_content(cache, tmp_path):
    source = public(tmp_path / "songs.csv")
    [first] = prepare_catalogue(source, cache, no_progress)
    text = gzip.decompress(first.path.read_bytes()).decode()
    assert first.name == "songs.csv.gz"
    assert "4HJ7mSMtHAdU55lLjGE4zW,Slow,Ann" in text
    assert text.rstrip().endswith(",songs"), "the source of the rows"
    assert prepare_catalogue(source, cache, no_progress) == [first]
    [changed] = prepare_catalogue(public(source, popularity=61), cache, no_progress)
    assert changed.path != first.path
    assert ",61," in gzip.decompress(changed.path.read_bytes()).decode()


def test_a_folder_that_is_not_all_canonical_is_imported(cache, tmp_path):
    folder = tmp_path / "mixed"
    canonical(folder / "one.csv")
    public(folder / "two.csv")
    [file] = prepare_catalogue(folder, cache, no_progress)
    assert file.path.is_relative_to(cache)
    assert len(gzip.decompress(file.path.read_bytes()).splitlines()) == 7


@pytest.mark.parametrize("name", ["notes.txt", "broken.csv.gz", "empty"])
def test_what_holds_no_tracks_is_refused_in_the_importer_s_words(cache, tmp_path, name):
    source = tmp_path / name
    if name == "empty":
        source.mkdir()
    else:
        source.write_bytes(b"\x1f\x8b\x08 not really" if name.endswith(".gz") else b"some words\nand more\n")
    with pytest.raises(InvalidDataset, match=r"Nothing can be imported|no file to import"):
        prepare_catalogue(source, cache, no_progress)
    assert not list(cache.glob("*")) if cache.exists() else True


def test_a_packed_file_under_a_plain_name_is_not_taken_as_it_is(cache, tmp_path):
    disguised = canonical(tmp_path / "mine.csv.gz").rename(tmp_path / "mine.csv")
    [file] = prepare_catalogue(disguised, cache, no_progress)
    assert file.path.is_relative_to(cache)
