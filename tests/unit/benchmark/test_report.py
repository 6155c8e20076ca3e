"""The table and the pictures of a benchmark's figures."""

import xml.etree.ElementTree as ET

from tests.benchmark.report import growth_picture, search_picture, table


def phase(seconds, peak):
    return {"seconds": seconds, "processor_seconds": seconds, "peak_bytes": peak}


def build(tracks, seconds):
    return {
        **phase(seconds, 2e8),
        "phases": {"merge tracks": phase(seconds / 2, 1e8)},
        "tracks": tracks,
        "bundle_bytes": 700 * tracks,
    }


def row(p50, recall=None, way=""):
    return {"p50": p50, "p99": 2 * p50, "way": way} | ({} if recall is None else {"recall": recall})


def search(scale):
    return {
        "genre and band": {
            "allowed": {"p50": 3_000, "largest": 9_000},
            "rows": {
                "Daltonify": row(0.2 * scale, 1.0),
                "voyager": row(1.0 * scale, 0.9912, "over-fetch, effort 16"),
                "Daltonify, whole recommendation": row(3.0 * scale),
                "Daltonify, rules 1 and 3": row(0.5 * scale),
                "voyager, rules 1 and 3": row(4.0 * scale),
            },
            "given_up": {"faiss HNSW, selector": 0.71},
        }
    }


FIGURES = {
    "sizes": {
        "100000": {"build": build(100_000, 20.0), "search": search(2)},
        "10000": {
            "build": build(10_000, 2.0),
            "search": search(1),
            "phases": {"whole_p50": 3.25, "steps": {"search": 0.1, "flow": 0.5}},
        },
    },
    "original": {
        "2000": {"milliseconds": {"original": 14.0}, "ratios": {"search": 200.0, "rules": 28.0, "whole": 1.7}}
    },
}


def test_the_table_begins_with_the_smallest_size_and_compares_everybody_with_ours():
    told = table(FIGURES)
    assert told.startswith("10,000 tracks\n")
    [line] = [line for line in told.split("100,000 tracks\n")[0].splitlines() if line.strip().startswith("voyager  ")]
    assert line.split()[1:5] == ["1.000", "2.000", "5.00", "0.9912"]
    [line] = [line for line in told.split("100,000 tracks\n")[0].splitlines() if "voyager, rules" in line]
    assert line.split()[-3:] == ["4.000", "8.000", "8.00"]
    assert "700 bytes a track" in told
    assert "a recommendation takes 3.25 ms" in told


def test_the_table_tells_who_did_not_reach_the_recall():
    assert "faiss HNSW, selector was given up at a recall of 0.710" in table(FIGURES)


def test_the_table_tells_how_costs_grow():
    [line] = [line for line in table(FIGURES).splitlines() if line.strip().startswith("Build, all phases")]
    assert line.split()[-1] == "1.00"


def test_sections_that_were_not_measured_are_left_out():
    assert table({"sizes": {"10000": {"build": build(10_000, 2.0)}}}).count("search") == 0
    assert table({}).startswith("growth")


def test_the_pictures_hold_ours_and_each_peer():
    for picture in (growth_picture(FIGURES), search_picture(FIGURES)):
        texts = " ".join(text.text or "" for text in ET.fromstring(picture).iter() if text.tag.endswith("text"))  # noqa: S314
        assert "Daltonify" in texts
        assert "voyager" in texts


def test_a_list_under_rules_is_drawn_apart_from_the_nearest():
    heads = [
        element.text
        for element in ET.fromstring(search_picture(FIGURES)).iter()  # noqa: S314
        if element.get("class") == "head"
    ]
    assert heads[:2] == [
        "10,000 tracks, genre and band: 30 nearest",
        "10,000 tracks, genre and band: a list under rules 1 and 3, by the same code",
    ]
