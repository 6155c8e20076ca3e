"""The commands as a person and a program use them: what they print, write and return."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.synthetic_catalogue import synthetic_tracks, write_synthetic_catalogue
from tests.cli.conftest import Run

HEADER = "track_id,track_name,track_artist,track_popularity,playlist_genre,danceability,energy,key,loudness,mode,"
HEADER += "speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms\n"
SOUND = "0.5,0.6,5,-6.1,1,0.05,0.1,0,0.1,0.4,120,200000"


@pytest.fixture(scope="module")
def small_seed() -> str:
    """A track by an artist with many bigger artists above."""
    tracks = synthetic_tracks(3_000, seed=7)
    return next(t.track_id for t in tracks if t.artist_popularity is not None and 15 <= t.artist_popularity <= 25)


@pytest.fixture(scope="module")
def biggest_seed() -> str:
    return max(synthetic_tracks(3_000, seed=7), key=lambda track: track.artist_popularity or 0).track_id


def test_import_accounts_for_every_row_and_names_the_file_after_its_source(tmp_path, run: Run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{'A' * 22},One,Ann,10,pop,{SOUND}", f"{'A' * 22},One,Ann,10,rap,{SOUND}", f"short,Two,Bob,5,pop,{SOUND}"]
    Path("songs.csv").write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")

    report = json.loads(run("import", "songs.csv", "--json").out)

    assert (report["read"], report["kept"], report["merged"], sum(report["dropped"].values())) == (3, 1, 1, 1)
    assert report["written_to"] == str(Path("catalogue/songs.csv.gz"))
    assert Path("catalogue/songs.csv.gz").is_file()


def test_import_shows_examples_of_what_it_dropped(tmp_path, run: Run):
    source = tmp_path / "songs.csv"
    source.write_text(f"{HEADER}{'A' * 22},One,Ann,10,pop,{SOUND}\nshort,Two,Bob,5,pop,{SOUND}\n", encoding="utf-8")
    shown = run("import", source, "--out", tmp_path / "c.csv").out
    assert "songs.csv, line 3" in shown
    assert "kept" in shown


def test_import_of_several_sources_asks_for_a_name(tmp_path, run: Run):
    refused = run("import", tmp_path / "a.csv", tmp_path / "b.csv")
    assert refused.code == 2
    assert "--out" in refused.err


def test_import_of_junk_says_what_it_needs_and_writes_nothing(tmp_path, run: Run):
    source = tmp_path / "junk.csv"
    source.write_text('""\n', encoding="utf-8")
    refused = run("import", source, "--out", tmp_path / "c.csv")
    assert refused.code == 2
    assert "track_id" in refused.err
    assert not (tmp_path / "c.csv").exists()


def test_a_failed_build_leaves_the_current_index(tmp_path, run: Run):
    catalogue, index = tmp_path / "catalogue", tmp_path / "index"
    catalogue.mkdir()
    assert run("import", _one_track(tmp_path), "--out", catalogue / "c.csv").code == 0
    assert run("build", "--catalogue", catalogue, "--index", index).code == 0
    before = (index / "current.json").read_bytes()

    (catalogue / "broken.csv").write_text("not,a,catalogue\n1,2,3\n", encoding="utf-8")
    failed = run("build", "--catalogue", catalogue, "--index", index)

    assert failed.code == 2
    assert "broken.csv" in failed.err
    assert (index / "current.json").read_bytes() == before


def test_build_without_a_catalogue_says_how_to_get_one(tmp_path, run: Run):
    missing = run("build", "--catalogue", tmp_path / "none", "--index", tmp_path / "index")
    assert missing.code == 3
    assert "daltonify import" in missing.err


def test_two_builds_of_equal_input_are_byte_identical(tmp_path, run: Run):
    source = tmp_path / "c.csv"
    assert run("import", _one_track(tmp_path), "--out", source).code == 0
    bundles = []
    for place in ("first", "second"):
        report = json.loads(run("build", "--catalogue", source, "--index", tmp_path / place, "--json").out)
        bundle = tmp_path / place / report["version"]
        bundles.append({path.name: path.read_bytes() for path in bundle.iterdir()})
    assert bundles[0] == bundles[1]


def test_recommend_prints_the_shape_of_the_api(index, small_seed, run: Run):
    answer = json.loads(run("recommend", small_seed, "--index", index, "--size", 12, "--json").out)
    assert set(answer) == {"index", "search", "seeds", "genre", "band", "tracks", "reserves", "notes"}
    assert set(answer["index"]) == {"version", "tracks", "built_at", "snapshot", "source"}
    assert [row["position"] for row in answer["tracks"]] == list(range(1, 14))
    assert answer["tracks"][2]["track_id"] == small_seed
    assert answer["tracks"][2]["own"] is True
    for row in answer["tracks"][:2]:
        assert row["lift"] >= 1
        assert row["uri"] == f"spotify:track:{row['track_id']}"
        assert row["reason"]
        assert row["reason_parts"]


def test_recommend_shows_a_table_with_reasons_for_people(index, small_seed, run: Run):
    shown = run("recommend", f"https://open.spotify.com/intl-de/track/{small_seed}?si=x", "--index", index).out
    assert "your own track" in shown
    assert "★" in shown
    assert "candidates" in shown


def test_time_of_release_can_be_left_out(index, small_seed, run: Run):
    with_era, without, again = (
        json.loads(run("recommend", small_seed, "--index", index, "--json", *options).out)
        for options in ((), ("--no-era",), ("--era",))
    )
    assert with_era == again
    assert [row["similarity"] for row in with_era["tracks"]] != [row["similarity"] for row in without["tracks"]]


def test_recommend_writes_uris_csv_and_jspf(index, small_seed, tmp_path, run: Run):
    files = [tmp_path / f"list{ending}" for ending in (".txt", ".csv", ".jspf")]
    outs = [word for path in files for word in ("--out", str(path))]
    answer = json.loads(run("recommend", small_seed, "--index", index, "--json", *outs).out)
    uris = [row["uri"] for row in answer["tracks"]]
    assert files[0].read_text(encoding="utf-8").split() == uris
    with files[1].open(encoding="utf-8-sig", newline="") as stream:
        assert [row["uri"] for row in csv.DictReader(stream)] == uris
    tracks = json.loads(files[2].read_text(encoding="utf-8"))["playlist"]["track"]
    assert [track["identifier"] for track in tracks] == [[row["url"]] for row in answer["tracks"]]


def test_an_unknown_export_ending_is_refused_before_anything_is_computed(tmp_path, run: Run):
    refused = run("recommend", "A" * 22, "--index", tmp_path / "none", "--out", tmp_path / "list.pdf")
    assert refused.code == 2
    assert ".jspf" in refused.err


def test_a_track_that_nobody_knows_is_described_at_the_command_line(index, run: Run):
    answer = json.loads(
        run(
            *("recommend", "--index", index, "--json", "--title", "My single", "--artist", "Me", "--followers", 812),
            *("--feature", "energy=0.9", "--feature", "danceability=0.5", "--seed-genre", "Pop"),
        ).out
    )
    own = next(row for row in answer["tracks"] if row["own"])
    assert own["title"] == "My single"
    assert own["uri"] is None
    assert answer["genre"] == {"used": ["pop"], "how": "track", "inferred": answer["genre"]["inferred"]}
    assert answer["seeds"][0]["popularity_source"] == "followers"
    assert any("followers" in note for note in answer["notes"])


@pytest.mark.parametrize("length", ["200", "3:20", "200.0"])
def test_the_length_of_a_described_track_counts(index, run: Run, length):
    described = (
        *("recommend", "--index", index, "--json", "--title", "My single", "--artist", "Me", "--followers", 812),
        *("--feature", "energy=0.9", "--seed-genre", "Pop"),
    )
    answer, without = (json.loads(run(*described, *more).out) for more in (("--length", length), ()))
    assert (answer["seeds"][0]["duration_ms"], without["seeds"][0]["duration_ms"]) == (200_000, None)


@pytest.mark.parametrize("length", ["long", "0", "3:xx", "-5", "90000"])
def test_what_is_no_length_of_a_track_is_refused(index, run: Run, length):
    refused = run("recommend", "--index", index, "--title", "My single", f"--length={length}")
    assert refused.code == 2
    assert "is no track's length. Write seconds (200) or minutes and seconds (3:20)." in refused.err


def test_a_whole_request_is_read_from_a_file_or_standard_input(index, small_seed, tmp_path, run: Run):
    request = json.dumps({"seeds": [small_seed], "size": 7, "order": "similarity"})
    path = tmp_path / "request.json"
    path.write_text(request, encoding="utf-8")
    from_file = run("recommend", "--index", index, "--json", "--request", path)
    from_stdin = run("recommend", "--index", index, "--json", "--request", "-", stdin=request)
    assert from_file.out == from_stdin.out
    assert len(json.loads(from_file.out)["tracks"]) == 8


def test_a_request_may_leave_out_the_parts_of_reasons(index, small_seed, run: Run):
    request = json.dumps({"seeds": [small_seed], "size": 7, "reason_parts": False})
    answer = json.loads(run("recommend", "--index", index, "--json", "--request", "-", stdin=request).out)
    for row in answer["tracks"]:
        assert row["reason"]
        assert "reason_parts" not in row


def test_a_target_is_repeated_in_the_notes(index, small_seed, run: Run):
    targets = ("--target", "energy=0.4", "--target", "tempo=-0.2")
    answer = json.loads(run("recommend", small_seed, "--index", index, "--json", *targets).out)
    # Granted or not, every wish is spoken of.
    for wish in ("more energetic", "slower"):
        assert any(wish in note and "asked" in note for note in answer["notes"])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["https://open.spotify.com.evil.example/track/4HJ7mSMtHAdU55lLjGE4zW"], 2, "open.spotify.com"),
        (["spotify:album:4HJ7mSMtHAdU55lLjGE4zW"], 2, "links of its tracks"),
        (["4HJ7mSMtHAdU55lLjGE4zW"], 2, "followers"),
        ([], 2, "--title"),
        (["SEED", "--genre", "polka"], 2, "It offers"),
        (["SEED", "--size", "4"], 2, "5 to 100"),
        (["SEED", "--min-lift", "70", "--max-lift", "20"], 2, "min_lift"),
        (["SEED", "--feature", "energy"], 2, "energy=0.9"),
        (["SEED", "--feature", "energy=7"], 2, "0 to 1"),
        (["SEED", "--feature", "sparkle=1"], 2, "sparkle"),
        (["SEED", "--target", "energy"], 2, "energy=0.2"),
        (["SEED", "--target", "energy=7"], 2, "from -1 to 1"),
        (["SEED", "--target", "sparkle=1"], 2, "sparkle"),
        (["SEED", "--request", "no-such-file.json"], 2, "leave out tracks"),
        (["--request", "r.json", "--size", "50", "--exclude-artist", "X"], 2, "leave out exclude-artist, size"),
        (["--request", "no-such-file.json"], 2, "no-such-file.json"),
    ],
)
def test_bad_input_is_refused_with_advice(index, small_seed, run: Run, arguments, code, words):
    arguments = [small_seed if argument == "SEED" else argument for argument in arguments]
    refused = run("recommend", *arguments, "--index", index)
    assert refused.code == code
    assert words in " ".join(refused.err.split())
    as_json = json.loads(run("recommend", *arguments, "--index", index, "--json").out)
    assert set(as_json) >= {"code", "detail"}


def test_nobody_bigger_has_an_exit_code_of_its_own(index, biggest_seed, run: Run):
    answer = run("recommend", biggest_seed, "--index", index, "--json")
    assert answer.code == 3
    assert json.loads(answer.out)["code"] == "no_bigger_artists"


def test_a_missing_or_damaged_index_has_an_exit_code_of_its_own(tmp_path, run: Run):
    assert run("recommend", "A" * 22, "--index", tmp_path / "none").code == 4
    source = tmp_path / "c.csv"
    run("import", _one_track(tmp_path), "--out", source)
    version = json.loads(run("build", "--catalogue", source, "--index", tmp_path / "index", "--json").out)["version"]
    (tmp_path / "index" / version / "arrays.bin").write_bytes(b"")
    damaged = run("recommend", "A" * 22, "--index", tmp_path / "index")
    assert damaged.code == 4
    assert "arrays.bin" in damaged.err


def test_find_lists_tracks_by_words(index, run: Run):
    title = next(track.title for track in synthetic_tracks(3_000, seed=7) if track.title.isascii())
    found = json.loads(run("find", *title.split(), "--index", index, "--json").out)["tracks"]
    assert title in [track["title"] for track in found]
    assert run("find", "zzzzzz", "--index", index).code == 3


def test_the_same_command_gives_the_same_bytes_in_another_process(index, small_seed):
    command = [sys.executable, "-m", "infra.cli.main", "recommend", small_seed, "--index", str(index), "--json"]
    outputs = {
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": salt}, capture_output=True, check=True).stdout
        for salt in ("1", "2")
    }
    assert len(outputs) == 1


def test_titles_cannot_write_to_the_terminal(tmp_path, run: Run):
    source = tmp_path / "songs.csv"
    rows = [
        f"{letter * 22},[bold]T{letter}\x1b]0;owned\x07,Artist {letter},{40 + place},pop,{SOUND}\n"
        for place, letter in enumerate("ABCDEFGH")
    ]
    source.write_text(HEADER + "".join(rows), encoding="utf-8")
    run("import", source, "--out", tmp_path / "c.csv")
    run("build", "--catalogue", tmp_path / "c.csv", "--index", tmp_path / "index")
    shown = run("recommend", "A" * 22, "--index", tmp_path / "index", "--min-lift", 1, "--max-lift", 100).out
    assert "[bold]TB" in shown
    assert "\x1b]0" not in shown


def _one_track(folder: Path) -> Path:
    source = folder / "songs.csv"
    source.write_text(f"{HEADER}{'A' * 22},One,Ann,10,pop,{SOUND}\n", encoding="utf-8")
    return source


def test_import_of_absolute_and_relative_paths_together_is_shown(tmp_path, run: Run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "two.csv").write_text(f"{HEADER}{'B' * 22},Two,Bob,5,pop,{SOUND}\n", encoding="utf-8")
    shown = run("import", _one_track(tmp_path), "sub/two.csv", "--out", "c.csv")
    assert shown.code == 0
    assert "songs.csv: 1 row (" in shown.out
    assert "two.csv: 1 row (" in shown.out


@pytest.mark.parametrize(
    "words",
    ["recommend --json --size abc", "recommend --json --nope", "build --json --seed -1", "frobnicate --json", "--json"],
)
def test_usage_errors_are_one_json_document_too(words):
    command = [sys.executable, "-m", "infra.cli.main", *words.split()]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert json.loads(finished.stdout)["code"] == "usage"


def test_the_version_is_printed():
    command = [sys.executable, "-m", "infra.cli.main", "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout.startswith("daltonify ")


def test_titles_that_the_terminal_cannot_show_do_not_end_the_command(index, small_seed):
    for words in (["recommend", small_seed, "--json"], ["recommend", small_seed]):
        command = [sys.executable, "-m", "infra.cli.main", *words, "--index", str(index), "--size", "100"]
        finished = subprocess.run(
            command, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True
        )
        if "--json" in words:
            assert any(not row["title"].isascii() for row in json.loads(finished.stdout)["tracks"])


def test_import_never_overwrites_a_catalogue_file_unasked(tmp_path, run: Run):
    target = tmp_path / "c.csv"
    assert run("import", _one_track(tmp_path), "--out", target).code == 0
    before = target.read_bytes()
    refused = run("import", _one_track(tmp_path), "--out", target, "--genre", "rock")
    assert refused.code == 2
    assert "--replace" in refused.err
    assert target.read_bytes() == before
    assert run("import", _one_track(tmp_path), "--out", target, "--genre", "rock", "--replace").code == 0
    assert target.read_bytes() != before


def test_building_again_mends_a_damaged_index(tmp_path, run: Run):
    catalogue, index = tmp_path / "c.csv", tmp_path / "index"
    run("import", _one_track(tmp_path), "--out", catalogue)
    version = json.loads(run("build", "--catalogue", catalogue, "--index", index, "--json").out)["version"]
    (index / version / "arrays.bin").write_bytes(b"damaged")
    assert run("find", "One", "--index", index).code == 4
    assert run("build", "--catalogue", catalogue, "--index", index).code == 0
    assert run("find", "One", "--index", index).code == 0


def test_a_build_that_cannot_serve_anybody_warns(tmp_path, run: Run):
    source = tmp_path / "songs.csv"
    text = (HEADER + f"{'A' * 22},One,Ann,,,{SOUND}\n").replace("playlist_genre", "mood")
    source.write_text(text, encoding="utf-8")
    run("import", source, "--out", tmp_path / "c.csv")
    built = json.loads(run("build", "--catalogue", tmp_path / "c.csv", "--index", tmp_path / "index", "--json").out)
    assert len(built["warnings"]) == 2
    assert "Warning: No genre" in run("build", "--catalogue", tmp_path / "c.csv", "--index", tmp_path / "index").out


def test_deeply_nested_json_is_refused_like_any_other_nonsense(index, run: Run):
    refused = run("recommend", "--index", index, "--request", "-", stdin="[" * 100_000)
    assert refused.code == 2
    assert "not JSON" in refused.err


def test_a_failed_export_leaves_the_older_file(index, small_seed, tmp_path, run: Run):
    kept = tmp_path / "list.txt"
    kept.write_text("older", encoding="utf-8")
    refused = run("recommend", small_seed, "--index", index, "--out", tmp_path / "missing" / "list.txt", "--out", kept)
    assert refused.code == 2
    assert kept.read_text(encoding="utf-8") == "older"


def test_invented_tracks_among_real_ones_are_warned_of(tmp_path, run: Run):
    catalogue, index = tmp_path / "catalogue", tmp_path / "index"
    write_synthetic_catalogue(catalogue / "demo.csv.gz", 50, seed=1)
    alone = json.loads(run("build", "--catalogue", catalogue, "--index", index, "--json").out)
    assert alone["warnings"] == []
    run("import", _one_track(tmp_path), "--out", catalogue / "c.csv")
    mixed = json.loads(run("build", "--catalogue", catalogue, "--index", index, "--json").out)
    assert any("invented tracks" in warning for warning in mixed["warnings"])
