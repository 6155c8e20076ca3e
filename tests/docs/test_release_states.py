"""The diagrams of a release's states say what the code allows: the same arrows, beginning and ends, and no others."""

import re
from pathlib import Path

import pytest

from daltonify_core.releases.release import OPEN_STATES, TRANSITIONS, ReleaseState

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "infra/decisions").glob("*.md")))
EDGE = "[*]"

type Arrows = list[tuple[str, str]]


def diagrams(text: str) -> list[str]:
    blocks = re.findall(r"^```mermaid\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [block.partition("\n")[2] for block in blocks if block.startswith("stateDiagram-v2\n")]


def arrows(diagram: str) -> Arrows:
    """Every arrow; a line that is none fails, because what is not read is not compared."""
    found = []
    for line in filter(str.strip, diagram.splitlines()):
        arrow = re.fullmatch(r"\s*(\[\*\]|\w+) --> (\[\*\]|\w+)(: [^:;]+)?", line)
        assert arrow, f"not an arrow: {line!r}"
        found.append((arrow[1], arrow[2]))
    return found


def faults(drawn: Arrows) -> list[str]:
    """What a diagram says otherwise than the code."""
    allowed = {(before.value, after.value) for before, several in TRANSITIONS.items() for after in several}
    allowed.add((EDGE, ReleaseState.RECEIVED.value))
    allowed |= {(state.value, EDGE) for state in ReleaseState if state not in OPEN_STATES}
    missing = [f"missing: {before} --> {after}" for before, after in sorted(allowed - set(drawn))]
    wrong = [f"wrong: {before} --> {after}" for before, after in sorted(set(drawn) - allowed)]
    twice = [f"twice: {before} --> {after}" for before, after in sorted(set(drawn)) if drawn.count((before, after)) > 1]
    return missing + wrong + twice


FOUND = [(path.relative_to(ROOT).as_posix(), text) for path in DOCUMENTS for text in diagrams(path.read_text("utf-8"))]


def test_operators_and_builders_have_a_diagram_each():
    assert [name for name, _ in FOUND] == ["README.md", "infra/decisions/2026-11-22-releases.md"]


@pytest.mark.parametrize(("name", "diagram"), FOUND, ids=[name for name, _ in FOUND])
def test_a_diagram_has_the_arrows_of_the_code_and_no_others(name, diagram):
    assert faults(arrows(diagram)) == []


@pytest.mark.parametrize(("name", "diagram"), FOUND, ids=[name for name, _ in FOUND])
def test_every_step_between_two_states_says_why(name, diagram):
    steps = [line for line in diagram.splitlines() if EDGE not in line]
    assert [line for line in steps if line.strip() and ": " not in line] == []


def test_an_arrow_that_is_left_out_turned_or_drawn_twice_is_noticed():
    for _, diagram in FOUND:
        drawn = arrows(diagram)
        assert len(drawn) > 10
        for place, (before, after) in enumerate(drawn):
            rest = drawn[:place] + drawn[place + 1 :]
            assert faults(rest) == [f"missing: {before} --> {after}"]
            assert faults([*drawn, (before, after)]) == [f"twice: {before} --> {after}"]
        assert faults([*drawn, ("done", "received")]) == ["wrong: done --> received"]


def test_a_line_that_is_no_arrow_is_not_passed_over():
    with pytest.raises(AssertionError, match="not an arrow"):
        arrows("    received --> resolving: a worker takes it up\n    received -> done\n")
