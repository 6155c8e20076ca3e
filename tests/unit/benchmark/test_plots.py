"""Pictures of measured costs."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmark.plots import Bars, Panel, draw_bars, draw_growth, short, spread

SVG = "{http://www.w3.org/2000/svg}"


def drawn(picture):
    return ET.fromstring(picture)  # noqa: S314 - drawn a line above


def test_a_panel_draws_one_line_for_each_contender_and_marks_ours():
    panel = Panel("Search", "ms", {"ours": {10: 1.0, 100: 2.0}, "peer": {10: 2.0, 100: 30.0}}, frozenset({"ours"}))
    root = drawn(draw_growth([panel]))
    assert [line.get("class") for line in root.iter(f"{SVG}polyline")] == ["ourline", "line"]
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "ours 2" in texts
    assert "peer 30" in texts


def test_a_cost_in_proportion_to_size_is_a_straight_line_of_equal_steps():
    panel = Panel("Build", "s", {"all": {10: 1.0, 100: 10.0, 1000: 100.0}}, frozenset())
    [line] = drawn(draw_growth([panel])).iter(f"{SVG}polyline")
    points = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    assert steps[0] == pytest.approx(steps[1], abs=0.2)
    assert steps[0][1] < 0, "more is higher"


def test_one_size_and_no_size_are_drawn_as_well():
    root = drawn(draw_growth([Panel("One", "s", {"all": {10: 1.0}}, frozenset()), Panel("None", "s", {}, frozenset())]))
    assert len(list(root.iter(f"{SVG}circle"))) == 1


def test_names_are_escaped():
    root = drawn(draw_bars([Bars("a < b & c", "ms", [("x < y", 1.0, True)])]))
    assert "x < y" in [text.text for text in root.iter(f"{SVG}text")]


def test_a_longer_bar_is_a_greater_cost():
    root = drawn(draw_bars([Bars("Search", "ms", [("ours", 0.1, True), ("peer", 2.5, False)])]))
    first, second = (float(bar.get("width")) for bar in root.iter(f"{SVG}rect"))
    assert 0 < first < second


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 500), min_size=1, max_size=9), st.floats(1, 30))
def test_names_beside_lines_keep_their_order_and_their_distance(places, least):
    moved = spread(places, least)
    ordered = sorted(moved.values())
    assert all(b - a >= least - 1e-6 for a, b in pairwise(ordered))
    assert sorted(moved, key=moved.__getitem__) == sorted(places, key=places.__getitem__)


@pytest.mark.parametrize(
    ("cost", "said"), [(0.012345, "0.0123"), (1.2345, "1.23"), (123.4, "123"), (12345.0, "12,300"), (999.6, "1,000")]
)
def test_numbers_have_three_digits(cost, said):
    assert short(cost) == said
