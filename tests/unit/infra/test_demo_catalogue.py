"""Which files become the demo's catalogue, and what is kept for the next start."""

import csv
import gzip
import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.errors import InvalidDataset
from daltonify_core.ports.surroundings import no_progress
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


def genreless(path: Path, track_id: str) -> Path:
    public(path)
    path.write_text(path.read_text().replace(",pop,", ",,").replace("4HJ7mSMtHAdU55lLjGE4zW", track_id))
    return path


def genres(file: CatalogueFile) -> list[str]:
    text = gzip.decompress(file.path.read_bytes()).decode()
    return sorted(row["genres"] for row in csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("is_packed", [False, True], ids=["folder", "archive"])
def test_where_no_row_names_a_genre_the_file_names_do(cache, tmp_path, is_packed):
    source = tmp_path / "mine"
    genreless(source / "rock.csv", "1" * 22)
    genreless(source / "deep" / "Hip-Hop.csv", "2" * 22)
    if is_packed:
        source = Path(shutil.make_archive(str(source), "zip", source))
    [file] = prepare_catalogue(source, cache, no_progress)
    assert file.has_genres_from_file_names
    assert genres(file) == ["hip hop", "rock"]
    written = file.path.stat().st_mtime_ns
    assert prepare_catalogue(source, cache, no_progress) == [file]
    assert file.path.stat().st_mtime_ns == written
    assert list(cache.iterdir()) == [file.path]


def test_one_row_with_a_genre_is_enough_to_leave_file_names_alone(cache, tmp_path):
    genreless(tmp_path / "mine" / "rock.csv", "1" * 22)
    public(tmp_path / "mine" / "mixed.csv")
    [file] = prepare_catalogue(tmp_path / "mine", cache, no_progress)
    assert not file.has_genres_from_file_names
    assert genres(file) == ["", "pop"]


def test_a_single_file_is_not_named_after_a_genre(cache, tmp_path):
    [file] = prepare_catalogue(genreless(tmp_path / "rock.csv", "1" * 22), cache, no_progress)
    assert not file.has_genres_from_file_names
    assert genres(file) == [""]


def test_canonical_files_without_genres_are_named_by_their_files_too(cache, tmp_path):
    folder = tmp_path / "catalogue"
    for seed, name in enumerate(("rock.csv", "pop.csv.gz")):
        tracks = (replace(track, genres=()) for track in synthetic_tracks(5, seed))
        write_catalogue_file(folder / name, tracks)
    [file] = prepare_catalogue(folder, cache, no_progress)
    assert file.has_genres_from_file_names
    assert set(genres(file)) == {"pop", "rock"}


@pytest.mark.parametrize("more", ["", ",energy", ",energy,track_genre"])
def test_what_only_begins_as_canonical_data_do_is_told_what_it_lacks(cache, tmp_path, more):
    file = tmp_path / "mine.csv"
    file.write_text(f"track_id,title,artists{more}\n")
    with pytest.raises(InvalidDataset, match="it lacks the columns danceability"):
        prepare_catalogue(file, cache, no_progress)


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
