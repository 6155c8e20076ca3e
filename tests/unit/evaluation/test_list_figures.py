"""The figures of lists that the decision records cite can be had, and say what they are meant to."""

from infra.local.synthetic_catalogue import write_synthetic_catalogue
from tests.evaluation.list_figures import of_lists, of_version_pairs


def test_figures_of_the_labelled_pairs_are_shares():
    figures = {figure.name: figure.value for figure in of_version_pairs()}
    assert figures["pairs"] == 200
    assert 0.85 <= figures["recall"] <= 1.0
    assert 0.98 <= figures["precision"] <= 1.0


def test_figures_of_lists_hold_what_the_recommender_promises(tmp_path):
    write_synthetic_catalogue(tmp_path / "catalogue.csv.gz", 3_000, seed=7)
    figures = {
        title: {figure.name: figure.value for figure in found}
        for title, found in of_lists(tmp_path / "catalogue.csv.gz", count=4)
    }
    assert figures["order"]["mean felt jump, as played"] < figures["order"]["mean felt jump, by similarity"]
    assert figures["order"]["mean felt jump, as played"] < figures["order"]["mean felt jump, by chance"]
    # A small pool allows no list that shares only half.
    assert figures["variations"]["shared with the best list, mean"] < 1.0
    assert figures["targets"]["energy 1: moved"] > figures["targets"]["energy 0.2: moved"] > 0.0
    several = figures["several seeds"]
    nearest = "distance to the nearest of two seeds"
    assert several[nearest] < several[f"{nearest}, list for their average"]
