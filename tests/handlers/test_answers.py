"""Bodies of answers as text."""

import json
from math import inf, nan

import pytest
from api.answers import json_text


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_a_number_that_json_has_not_is_a_fault_and_never_sent(number):
    with pytest.raises(ValueError, match="JSON"):
        json_text({"title": "IN NORTHERN INDIANA NaNa", "tracks": [{"similarity": number}]})


@pytest.mark.parametrize(
    "title",
    ["NaN", "To Infinity", "-Infinity", "N" * 99, "INaNNaInfinit", "Señorita 🎸", 'Quo"te\\', "\u2028", "", "null"],
)
def test_titles_are_text_whatever_they_say(title):
    assert json.loads(json_text({"title": title, "similarity": 0.5})) == {"title": title, "similarity": 0.5}


@pytest.mark.parametrize("value", [1e-05, 0.1 + 0.2, 1e16, 1e300, 5e-324, 0.0, 100.0, 2**53 + 1, None, True, [], {}])
def test_values_come_back_as_they_were_sent(value):
    (found,) = json.loads(json_text({"value": value})).values()
    assert (found, type(found)) == (value, type(value))
