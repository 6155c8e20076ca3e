"""Units that only a whole file tells."""

import pytest

from daltonify_core.catalogue.public_data.scales import (
    DurationUnit,
    DurationUnitDetector,
    PopularityScale,
    PopularityScaleDetector,
    parse_duration,
    parse_popularity,
)
from daltonify_core.errors import InvalidTrack


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        (["0.15", "0.97"], PopularityScale.FRACTION),
        (["0", "1", "0.5"], PopularityScale.FRACTION),
        (["0,5", "1"], PopularityScale.FRACTION),
        (["0", "1"], PopularityScale.PERCENT),  # a file of unpopular tracks
        (["0.0", "1.0"], PopularityScale.PERCENT),
        (["0.5", "1.5"], PopularityScale.PERCENT),
        (["59.0", "0.5"], PopularityScale.PERCENT),
        (["", "NA", "nan", "7"], PopularityScale.PERCENT),
        (["", "NA", "nan", "high"], None),
        ([], None),
    ],
)
def test_popularity_is_a_fraction_only_when_nothing_exceeds_one_and_something_has_decimals(cells, scale):
    detector = PopularityScaleDetector()
    for cell in cells:
        detector.see(cell)
    assert detector.scale() is scale


@pytest.mark.parametrize("percent", range(101))
def test_every_percentage_survives_the_way_through_a_fraction(percent):
    assert parse_popularity("popularity", str(percent / 100), PopularityScale.FRACTION) == percent


@pytest.mark.parametrize(
    ("text", "scale", "popularity"),
    [
        ("0.575", PopularityScale.FRACTION, 58),
        ("59.0", PopularityScale.PERCENT, 59),
        ("58.5", PopularityScale.PERCENT, 59),
        ("1", PopularityScale.PERCENT, 1),
        ("1", PopularityScale.FRACTION, 100),
        ("", PopularityScale.PERCENT, None),
        ("nan", PopularityScale.PERCENT, None),
        ("-nan", PopularityScale.PERCENT, None),
    ],
)
def test_popularity_becomes_a_whole_number(text, scale, popularity):
    assert parse_popularity("popularity", text, scale) == popularity


@pytest.mark.parametrize("text", ["101", "-1", "inf", "1e999999", "high"])
@pytest.mark.parametrize("scale", [PopularityScale.PERCENT, PopularityScale.FRACTION])
def test_popularity_outside_its_scale_is_refused(text, scale):
    with pytest.raises(InvalidTrack) as caught:
        parse_popularity("artist_popularity", text, scale)
    assert caught.value.reason == "artist_popularity"


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        (["200000", "4000", "5220000"], DurationUnit.MILLISECONDS),
        (["200.5", "4", "5220", "180"], DurationUnit.SECONDS),
        (["3.5", "0.1", "87", "4.2"], DurationUnit.MINUTES),
        (["3:45", "0", "NA"], DurationUnit.MILLISECONDS),
        ([], DurationUnit.MILLISECONDS),
    ],
)
def test_most_durations_of_a_file_decide_the_unit(cells, unit):
    detector = DurationUnitDetector()
    for cell in cells:
        detector.see(cell)
    assert detector.unit() is unit


@pytest.mark.parametrize(
    ("text", "unit", "milliseconds"),
    [
        ("200000", DurationUnit.MILLISECONDS, 200_000),
        ("200000.0", DurationUnit.MILLISECONDS, 200_000),
        ("200.5", DurationUnit.SECONDS, 200_500),
        ("3.5", DurationUnit.MINUTES, 210_000),
        ("3:45", DurationUnit.MINUTES, 225_000),
        ("1:27:00", DurationUnit.MILLISECONDS, 5_220_000),
        ("NA", DurationUnit.MILLISECONDS, None),
        ("nan", DurationUnit.SECONDS, None),
    ],
)
def test_durations_become_milliseconds(text, unit, milliseconds):
    assert parse_duration(text, unit) == milliseconds


@pytest.mark.parametrize("text", ["long", "inf", "3:5"])
def test_other_text_is_no_duration(text):
    with pytest.raises(InvalidTrack) as caught:
        parse_duration(text, DurationUnit.SECONDS)
    assert caught.value.reason == "duration_ms"
