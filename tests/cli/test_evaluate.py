"""`daltonify evaluate`: from files to tables, JSON and a picture."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from daltonify_core.evaluation.degraded import Knowledge
from infra.cli.main import app
from infra.local.synthetic_catalogue import synthetic_tracks, write_synthetic_catalogue
from tests.cli.conftest import Run

TRACKS = 1_200


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    """A catalogue, and playlists of twenty neighbours in it."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_synthetic_catalogue(folder / "catalogue.csv.gz", TRACKS, seed=7)
    by_genre = sorted(synthetic_tracks(TRACKS, seed=7), key=lambda track: (track.genres, track.track_id))
    with (folder / "playlists.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["track_id", "playlist_id", "genre"])
        writer.writerows(
            [track.track_id, f"p{place // 20}", next(iter(track.genres), "")] for place, track in enumerate(by_genre)
        )
    return folder / "catalogue.csv.gz", folder / "playlists.csv"


def test_json_holds_every_protocol_group_and_method(run: Run, files, tmp_path):
    catalogue, playlists = files
    arguments = ("evaluate", "--catalogue", catalogue, "--playlists", playlists, "--seeds", 10, "--half", "all")
    done = run(*arguments, "--plot", tmp_path / "board.svg", "--json")

    board = json.loads(done.out)
    assert [(row["protocol"], row["seeds_of"]) for row in board["rows"]] == [
        ("mission", "artists up to 40"),
        ("mission", "all artists"),
        ("open", "artists up to 40"),
        ("open", "all artists"),
    ]
    assert [len(row["methods"]) for row in board["rows"]] == [10, 10, 8, 8]
    assert board["playlists"] == {"count": TRACKS // 20, "rows": TRACKS, "unknown_rows": 0}
    ours = next(one for one in board["rows"][0]["methods"] if one["method"] == "Daltonify, sound only")
    assert (ours["rule_abiding"], ours["versions"], ours["stable"]) == (1.0, 0.0, 1.0)

    whole, *_ = poorer = board["degraded_seeds"]
    assert {(one["known"], one["era"]) for one in poorer} == {(str(one), era) for one in Knowledge for era in (0, 1)}
    assert whole["ratio_to"]["everything"] == [1.0, 1.0, 1.0]

    picture = ElementTree.parse(tmp_path / "board.svg").getroot()  # noqa: S314 - our own file
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("Daltonify, with era") == 4
    assert f"{ours['ndcg'][0]:.4f}" in words
    assert {"three by hand", "three by hand, era"} <= set(words)


def test_tables_name_what_was_measured_and_on_how_many_seeds(run: Run, files):
    catalogue, playlists = files
    shown = run(
        *("evaluate", "--catalogue", catalogue, "--playlists", playlists, "--seeds", 5, "--protocol", "mission")
    )
    assert shown.code == 0, shown.err
    for words in (
        "Mission protocol, seeds by artists up to 40",
        "z-scored distance",
        "Over z-scored, any bigger artist",
        " seeds by all artists; ",
        "How the lists flow",
        "With era, over original with rules, which knows everything: everything ",
    ):
        assert words in shown.out
    assert "Open protocol" not in shown.out


def test_at_80_columns_every_heading_is_whole_and_every_method_has_one_line(files):
    catalogue, playlists = files
    arguments = ("evaluate", "--catalogue", catalogue, "--playlists", playlists, "--seeds", 5, "--protocol", "mission")
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(argument) for argument in arguments]).stdout
    assert "…" not in shown
    for heading in ("artists", "versions", "overlap", "coherent", "stable", "energy", "tempo"):
        assert re.search(rf"^method.*\b{heading}\b", shown, re.MULTILINE)
    # A mean and the worst value behind it, four times.
    assert re.search(r"^Daltonify, with era +played(?: +0\.\d\d 0\.\d\d){4}$", shown, re.MULTILINE)
    for known in Knowledge:
        assert re.search(rf"^{known}(?: +0\.\d{{4}} +\S+ \(\S+\)){{2}}$", shown, re.MULTILINE)
    assert re.search(r"^z-scored distance +0\.\d{4}(?: +\S+ \(\S+\)){2} +0\.\d{3} +0\.\d{3}$", shown, re.MULTILINE)


def test_a_table_without_playlists_is_refused_with_the_missing_column(run: Run, files):
    catalogue, _ = files
    refused = run("evaluate", "--catalogue", catalogue, "--playlists", catalogue)
    assert refused.code == 2
    assert "no column playlist_id" in refused.err


def test_a_picture_must_be_svg_and_is_refused_before_the_work(run: Run, files):
    catalogue, playlists = files
    refused = run("evaluate", "--catalogue", catalogue, "--playlists", playlists, "--plot", "board.png")
    assert refused.code == 2
    assert ".svg" in refused.err


def test_playlists_of_other_tracks_say_so(run: Run, files, tmp_path):
    catalogue, _ = files
    strange = tmp_path / "strange.csv"
    strange.write_text(f"playlist_id,track_id\na,{'A' * 22}\nb,{'B' * 22}\nc,{'C' * 22}\n", encoding="utf-8")
    refused = run("evaluate", "--catalogue", catalogue, "--playlists", strange, "--half", "all")
    assert refused.code == 2
    assert "none of their tracks" in refused.err


@pytest.mark.parametrize(
    ("content", "half", "words"),
    [
        ("", "all", "playlists.csv holds no playlists: it is empty."),
        (
            "playlist_id,track_id\na,{0}\na,{1}\n",
            "report",
            "No playlist counts. Only those of one half count (report); ",
        ),
        ("playlist_id,track_id\na,{0}\na,{1}\n", "report", "--half all takes every one."),
        ("playlist_id,track_id\na,{0}\nb,{1}\n", "all", "No playlist holds two tracks that the catalogue knows"),
    ],
    ids=["empty", "other half", "other half, remedy", "one track each"],
)
def test_playlists_that_nothing_can_be_asked_about_are_refused_with_the_reason(
    run: Run, files, tmp_path, content, half, words
):
    catalogue, _ = files
    ids = [track.track_id for _, track in zip(range(2), synthetic_tracks(TRACKS, seed=7), strict=False)]
    (tmp_path / "playlists.csv").write_text(content.format(*ids), encoding="utf-8")
    refused = run("evaluate", "--catalogue", catalogue, "--playlists", tmp_path / "playlists.csv", "--half", half)
    assert refused.code == 2
    assert words in refused.err
    assert "nan" not in refused.out


def test_an_empty_catalogue_is_named(run: Run, files, tmp_path):
    _, playlists = files
    (tmp_path / "nothing.csv").touch()
    refused = run("evaluate", "--catalogue", tmp_path / "nothing.csv", "--playlists", playlists)
    assert refused.code == 2
    assert "nothing.csv" in refused.err


def test_a_picture_for_a_folder_that_is_not_there_is_refused_before_the_work(run: Run, tmp_path):
    # Nothing else of the command can be done, so whatever is complained of comes first.
    refused = run("evaluate", "--catalogue", "none", "--playlists", "none", "--plot", tmp_path / "nodir" / "board.svg")
    assert refused.code == 2
    assert "nodir" in refused.err
