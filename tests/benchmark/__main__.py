"""Everything that can be slow, at every size: ``make bench``.

    make bench ARGS='--only search,handler --sizes 100000'

Figures are kept from run to run, so that a section can be measured anew alone; the table shows all that are kept. What
is compared with each other was always measured in one run. Catalogues and indexes stay in ``.cache/benchmark`` until
the code changes that makes them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.benchmark.preparing import KEPT, ROOT, catalogue_of, index_folder, keep_figures, kept_figures, one_genre
from tests.benchmark.report import growth_picture, search_picture, table

SECTIONS: Final = ("build", "load", "search", "original", "phases", "handler", "start")
SIZES: Final = (10_000, 100_000, 1_000_000)
_FIGURES: Final = KEPT / "figures.json"
_DECISIONS: Final = ROOT / "infra" / "decisions"
_ORIGINAL_TRACKS: Final = (2_000, 20_000)
"""Its matrix takes 3.2 GB for the second, and would take 80 GB for 100,000."""
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LOADS: Final = 3


def main() -> None:
    """Measure what is asked for, keep it, and print the table."""
    asked = _arguments()
    figures = json.loads(_FIGURES.read_text(encoding="utf-8")) if _FIGURES.exists() else {}
    if asked.anew:
        figures = {}
    for tracks in asked.sizes:
        found = figures.setdefault("sizes", {}).setdefault(str(tracks), {})
        for section in SECTIONS:
            if section in asked.only and section != "original":
                _say(f"{tracks:,} tracks: {section}")
                found[section] = _measured(section, tracks, asked)
                _keep(figures)
    if "original" in asked.only:
        for tracks in _ORIGINAL_TRACKS:
            _say(f"the original's way, {tracks:,} tracks")
            found = _run(_peers(), "tests.benchmark.original", _built(one_genre(tracks)), 20, **_ONE_THREAD)
            figures.setdefault("original", {})[str(tracks)] = found
            _keep(figures)
    print(table(figures))
    if asked.record:
        (_DECISIONS / "speed.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        (_DECISIONS / "speed-growth.svg").write_text(growth_picture(figures), encoding="utf-8")
        (_DECISIONS / "speed-search.svg").write_text(search_picture(figures), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_sections, default=SECTIONS, help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="numbers of tracks, such as 10000,100000")
    parser.add_argument("--questions", type=int, default=100, help="of search and handler; each asked in each round")
    parser.add_argument("--rounds", type=int, default=5, help="the least time of a question's rounds counts")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each kind")
    parser.add_argument("--anew", action="store_true", help="forget the figures of earlier runs")
    parser.add_argument("--record", action="store_true", help="write figures and pictures into infra/decisions")
    return parser.parse_args()


def _sections(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"there is no section {sorted(unknown)[0]!r}, only {', '.join(SECTIONS)}")
    return chosen


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(size.replace("_", "")) for size in text.split(","))


def _measured(section: str, tracks: int, asked: argparse.Namespace) -> dict[str, Any]:
    catalogue = catalogue_of(tracks)
    if section == "build":
        shutil.rmtree(index_folder(catalogue), ignore_errors=True)
    folder = _built(catalogue)
    if section == "build":
        return kept_figures(folder) or {}
    if section == "load":
        return _least([_run(sys.executable, "tests.benchmark.loading", folder) for _ in range(_LOADS)])
    if section == "search":
        return _run(_peers(), "tests.benchmark.searching", folder, asked.questions, asked.rounds, **_ONE_THREAD)
    if section == "phases":
        return _run(
            sys.executable, "tests.benchmark.recommending", folder, asked.questions, asked.rounds, **_ONE_THREAD
        )
    # What a local AWS needs takes a second to import, and most sections need none.
    if section == "start":
        from tests.benchmark.starting import measure

        return measure(folder, asked.starts)
    return _handled(folder, asked)


def _handled(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    from tests.benchmark.local_service import events_for, service_with

    with tempfile.TemporaryDirectory() as scratch, service_with(folder, Path(scratch)) as environment:
        events = json.dumps(events_for(folder, asked.questions))
        return _run(
            sys.executable, "tests.benchmark.handling", asked.questions, asked.rounds, given=events, **environment
        )


def _built(catalogue: Path) -> Path:
    """The folder of the catalogue's index, built and measured unless the code has not changed since that was done."""
    folder = index_folder(catalogue)
    if kept_figures(folder) is None:
        for older in catalogue.parent.glob("index-????????????"):
            shutil.rmtree(older)
        keep_figures(folder, _run(sys.executable, "tests.benchmark.building", catalogue, folder))
    return folder


def _least(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(run[name] for run in runs) for name in runs[0]}


@cache
def _peers() -> str:
    """The Python of the environment that has the peers."""
    command: list[str | Path] = [ROOT / "infra/local/setup_tools.sh", "peers"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return f"{done.stdout.strip()}/python"


def _run(python: str, module: str, *arguments: object, given: str = "", **environment: str) -> dict[str, Any]:
    """The figures that a module prints in a process of its own; what it says besides is shown as it comes."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "functions")))
    done = subprocess.run(
        [python, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        input=given,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _keep(figures: Mapping[str, Any]) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    _FIGURES.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
