"""The manifest: whatever differs from what the builder wrote is refused, down to the type of a number."""

import copy
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.errors import IndexCorrupt
from daltonify_core.index.manifest import FORMAT, METRIC, FileDigest, IndexManifest
from tests.bundles import plain_space

MANIFEST = IndexManifest(
    snapshot="2024-11",
    source="ReccoBeats, tidytuesday",
    items=3,
    artists=2,
    dimension=9,
    metric=METRIC,
    seed=7,
    genres={"rock": 3, "pop": 1, "k-pop": 1},
    typical_features={
        "rock": dict.fromkeys(CONTINUOUS_FEATURES, 0.5),
        "pop": {name: 1.0 / place for place, name in enumerate(CONTINUOUS_FEATURES, start=1)},
    },
    feature_space=plain_space().to_dict(),
    neighbour_index={"kind": "annoy", "metric": METRIC, "trees": 24},
    files={"a.npy": FileDigest(10, "0f" * 32), "b.npy": FileDigest(0, "aa" * 32)},
)
PARSED = json.loads(MANIFEST.to_json())

type Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value in parsed JSON, containers included, with the way to it."""
    yield place, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*place, key))


def at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def variations(value: Any) -> Iterator[Any]:
    """Other values for one place, among them some that a lenient reader would take for the same."""
    match value:
        case bool() | None:
            yield from (0, "x", [])
        case int():
            yield from (value + 1, -value - 1, math.inf, 10**400, float(value), value + 0.5, str(value), [value], None)
        case float():
            yield from (value + 1e-9, math.nan, math.inf, -value - 1.0, str(value), [value], None)
            if value.is_integer():
                yield int(value)
        case str():
            yield from (value + " ", value.upper() + "X", "", None, [value], list(value))
        case list():
            yield from ([*value, 0], {}, None, value[:-1])
            if value:
                yield [value[0], *value]
            if value != value[::-1]:
                yield value[::-1]
        case dict():
            yield from (value | {"unknown": 0}, list(value.items()), None, {})
            for key in value:
                yield {name: kept for name, kept in value.items() if name != key}
                yield {(name + "x" if name == key else name): kept for name, kept in value.items()}


def tampered() -> Iterator[tuple[Place, Any]]:
    for place, value in places(PARSED):
        for other in variations(value):
            yield place, other


def text_with(place: Place, other: Any) -> str:
    if not place:
        return json.dumps(other)
    values = copy.deepcopy(PARSED)
    at(values, place[:-1])[place[-1]] = other
    return json.dumps(values)


def says_anew(text: str) -> bool:
    try:
        IndexManifest.from_json(text)
    except IndexCorrupt as refused:
        return "anew" in refused.message
    return False


def test_a_manifest_survives_its_file_with_the_order_of_its_genres():
    restored = IndexManifest.from_json(MANIFEST.to_json())
    assert restored == MANIFEST
    assert list(restored.genres) == ["rock", "pop", "k-pop"]
    assert restored.version == MANIFEST.version
    assert restored.to_json() == MANIFEST.to_json()


def test_a_manifest_is_read_from_its_folder(tmp_path):
    (tmp_path / "manifest.json").write_text(MANIFEST.to_json())
    assert IndexManifest.read(tmp_path) == MANIFEST


def test_the_layout_of_the_file_does_not_matter():
    assert IndexManifest.from_json(json.dumps(PARSED, indent=7)) == MANIFEST


def test_every_tampering_with_any_field_is_refused():
    count = 0
    for place, other in tampered():
        count += 1
        assert says_anew(text_with(place, other)), f"accepted {other!r} at {place}"
    assert count > 500


@given(data=st.data())
def test_any_other_json_at_any_place_is_refused(data):
    place, value = data.draw(st.sampled_from(list(places(PARSED))))
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
    other = data.draw(anything.filter(lambda other: json.dumps(other) != json.dumps(value)))
    with pytest.raises(IndexCorrupt):
        IndexManifest.from_json(text_with(place, other))


@given(cut=st.integers(0, len(MANIFEST.to_json()) - 2))
def test_a_manifest_that_breaks_off_is_refused(cut):
    with pytest.raises(IndexCorrupt):
        IndexManifest.from_json(MANIFEST.to_json()[:cut])


@pytest.mark.parametrize(
    "text", ["", "null", "3", "[]", "{}", '"manifest"', "<html>", "[" * 100_000, '{"format": 1}', "\ufeff{}"]
)
def test_other_text_is_refused(text):
    with pytest.raises(IndexCorrupt):
        IndexManifest.from_json(text)


@pytest.mark.parametrize("number", [0, FORMAT - 1, FORMAT + 1, str(FORMAT), None, FORMAT + 0.5, [FORMAT]])
def test_an_unknown_format_says_to_build_anew(number):
    with pytest.raises(IndexCorrupt, match=r"format .*Build it anew"):
        IndexManifest.from_json(json.dumps(PARSED | {"format": number}))
    with pytest.raises(IndexCorrupt, match=r"format .*Build it anew"):
        IndexManifest.from_json(replace(MANIFEST, format=FORMAT + 1).to_json())


def test_types_that_a_hash_over_converted_values_would_forgive_are_refused_even_with_a_fitting_version():
    for genres in ([["rock", 3.9], ["pop", 1], ["k-pop", 1]], [["rock", "3"], ["pop", 1], ["k-pop", 1]]):
        values = {name: value for name, value in PARSED.items() if name != "version"} | {"genres": genres}
        forged = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[: len(MANIFEST.version)]
        for version in (MANIFEST.version, forged):
            with pytest.raises(IndexCorrupt):
                IndexManifest.from_json(json.dumps(values | {"version": version}))


CHANGES: dict[str, Any] = {
    "snapshot": None,
    "source": "elsewhere",
    "items": 4,
    "artists": 3,
    "dimension": 8,
    "metric": "angular",
    "seed": 8,
    "genres": {"pop": 1, "rock": 3, "k-pop": 1},
    "typical_features": {},
    "feature_space": {},
    "neighbour_index": {},
    "files": {},
    "format": FORMAT + 1,
}


@pytest.mark.parametrize("field", list(CHANGES))
def test_every_field_is_part_of_the_version(field):
    assert replace(MANIFEST, **{field: CHANGES[field]}).version != MANIFEST.version


def test_no_field_is_left_out_of_these_tests():
    assert set(CHANGES) | {"version"} == set(PARSED)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"{"])
def test_a_folder_without_a_readable_manifest_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(IndexCorrupt, match=r"manifest.* anew"):
        IndexManifest.read(tmp_path)


def test_a_digest_measures_size_and_hash_of_a_file_of_any_size(tmp_path):
    for content in (b"", b"abc", b"x" * 3_000_000):
        (tmp_path / "file").write_bytes(content)
        assert FileDigest.of(tmp_path / "file") == FileDigest(len(content), hashlib.sha256(content).hexdigest())
