"""One table, and the pictures, of everything that was measured."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.benchmark.figures import growth
from tests.benchmark.plots import Bars, Panel, draw_bars, draw_growth

OURS: Final = "Daltonify"
WHOLE: Final = "Daltonify, whole recommendation"
RULES: Final = ", rules 1 and 3"
_MEGABYTE: Final = 1e6

type Figures = Mapping[str, Any]
"""What ``__main__`` keeps: ``sizes`` by number of tracks and section, and ``original`` by number of tracks."""


def sizes_of(figures: Figures) -> dict[int, Figures]:
    """The measured sizes, smallest first."""
    return {int(size): figures["sizes"][size] for size in sorted(figures.get("sizes", {}), key=int)}


def table(figures: Figures) -> str:
    """Everything, as lines of text."""
    lines: list[str] = []
    for size, sections in sizes_of(figures).items():
        lines += ["", f"{size:,} tracks"]
        for section, write in _WRITERS.items():
            if section in sections:
                lines += write(sections[section])
    if figures.get("original"):
        lines += ["", *_original(figures["original"])]
    lines += ["", *_growth(figures)]
    return "\n".join(lines).strip("\n")


def _build(found: Figures) -> Iterator[str]:
    yield (
        f"  build        {found['seconds']:8.1f} s, {found['processor_seconds']:.1f} s of processor, at most "
        f"{found['peak_bytes'] / _MEGABYTE:,.0f} MB, {found['bundle_bytes'] / found['tracks']:.0f} bytes a track"
    )
    for name, phase in found["phases"].items():
        yield (
            f"    {name:<24}{phase['seconds']:8.1f} s {phase['processor_seconds']:8.1f} s "
            f"{phase['peak_bytes'] / _MEGABYTE:9,.0f} MB"
        )


def _load(found: Figures) -> Iterator[str]:
    yield (
        f"  load         {found['load_seconds']:8.3f} s of processor, first answer "
        f"{found['first_answer_seconds']:.3f} s, {found['added_peak_bytes'] / _MEGABYTE:,.0f} MB"
    )


def _search(found: Figures) -> Iterator[str]:
    for filtering, measured in found.items():
        allowed = measured["allowed"]
        yield f"  search, filter: {filtering} ({allowed['p50']:,.0f} allowed, at most {allowed['largest']:,})"
        yield f"    {'':<34}{'p50 ms':>9}{'p99 ms':>9}{'/ ours':>8}{'recall@30':>11}"
        for name, row in measured["rows"].items():
            recall = f"{row['recall']:11.4f}" if "recall" in row else " " * 11
            # Lists are compared with our list, and searches with our search.
            ours = measured["rows"][OURS + RULES if name.endswith(RULES) else OURS]["p50"]
            yield (
                f"    {name:<34}{row['p50']:9.3f}{row['p99']:9.3f}{row['p50'] / ours:8.2f}{recall}  {row['way']}"
            ).rstrip()
        for name, reached in measured["given_up"].items():
            yield f"    {name} was given up at a recall of {reached:.3f}"


def _phases(found: Figures) -> Iterator[str]:
    yield f"  a recommendation takes {found['whole_p50']:.2f} ms, step by step (watched, which takes time too)"
    for name, milliseconds in found["steps"].items():
        yield f"    {name:<32}{milliseconds:9.2f} ms"


def _handler(found: Figures) -> Iterator[str]:
    yield f"  handler      {'':<23}{'p50 ms':>9}{'p99 ms':>9}"
    for name in ("handler", "constant"):
        times = found[name]["processor"]
        yield f"    {name:<32}{times['p50']:9.2f}{times['p99']:9.2f}"
    yield (
        f"    {found['distance_p50']:.2f} ms from the constant, {found['requests_per_second']:,.0f} requests a second, "
        f"{found['waits_per_request']:.2f} waits a request"
    )


def _start(found: Figures) -> Iterator[str]:
    ours, floor = found["ours"], found["floor"]
    yield (
        f"  cold start   {ours['processor_least']:8.0f} ms of processor, {found['ratio_processor']:.2f} times the "
        f"{floor['processor_least']:.0f} ms of the imports ({found['ratio_passed']:.2f} by the time that passed)"
    )
    for name, times in found["phases"].items():
        yield f"    {name:<38}{times['processor']:8.1f} ms{times['passed']:10.1f} ms passed"


def _original(found: Figures) -> Iterator[str]:
    yield "the original's way, for a genre of so many tracks: milliseconds, and how many times faster ours is"
    yield f"    {'tracks':>10}{'original':>12}{'search':>10}{'rules 1 and 3':>16}{'whole':>10}"
    for tracks in sorted(found, key=int):
        one = found[tracks]
        ratios = one["ratios"]
        yield (
            f"    {int(tracks):>10,}{one['milliseconds']['original']:12.1f}{ratios['search']:10,.0f}"
            f"{ratios['rules']:16,.0f}{ratios['whole']:10.1f}"
        )


def _growth(figures: Figures) -> Iterator[str]:
    yield "growth from the smallest to the largest size, as a power of it: 0 constant, 1 in proportion"
    for panel in panels(figures):
        for name, costs in panel.lines.items():
            power = growth(list(costs), list(costs.values()))
            if power is not None and name in panel.ours:
                yield f"    {panel.head + ', ' + name:<60}{power:6.2f}"


_WRITERS: Final[Mapping[str, Callable[[Figures], Iterator[str]]]] = {
    "build": _build,
    "load": _load,
    "search": _search,
    "phases": _phases,
    "handler": _handler,
    "start": _start,
}


def panels(figures: Figures) -> list[Panel]:
    """One for each cost that was measured."""
    sizes = sizes_of(figures)

    def costs(section: str, *keys: str, scale: float = 1.0) -> dict[int, float]:
        found = {}
        for size, sections in sizes.items():
            value: Any = sections.get(section, {})
            for key in keys:
                value = value.get(key, {}) if isinstance(value, Mapping) else value
            if not isinstance(value, Mapping):
                found[size] = value * scale
        return found

    phases = {
        name
        for sections in sizes.values()
        for name, phase in sections.get("build", {}).get("phases", {}).items()
        if phase["processor_seconds"] >= 1
    }
    drawn = [
        Panel(
            "Build",
            "seconds of processor",
            {
                "all phases": costs("build", "processor_seconds"),
                **{name: costs("build", "phases", name, "processor_seconds") for name in sorted(phases)},
            },
            frozenset({"all phases"}),
        ),
        Panel(
            "Memory and size",
            "MB",
            {
                "peak of a build": costs("build", "peak_bytes", scale=1 / _MEGABYTE),
                "bundle": costs("build", "bundle_bytes", scale=1 / _MEGABYTE),
                "added by loading": costs("load", "added_peak_bytes", scale=1 / _MEGABYTE),
            },
            frozenset({"peak of a build", "bundle", "added by loading"}),
        ),
        Panel(
            "Start",
            "milliseconds of processor",
            {
                "cold start": costs("start", "ours", "processor_least"),
                "imports it needs": costs("start", "floor", "processor_least"),
                "load alone": costs("load", "load_seconds", scale=1000),
            },
            frozenset({"cold start", "load alone"}),
        ),
        Panel(
            "Whole handler, warm",
            "milliseconds, p50",
            {
                "handler": costs("handler", "handler", "processor", "p50"),
                "p99": costs("handler", "handler", "processor", "p99"),
                "constant answer": costs("handler", "constant", "processor", "p50"),
            },
            frozenset({"handler", "p99"}),
        ),
    ]
    filterings = dict.fromkeys(name for sections in sizes.values() for name in sections.get("search", {}))
    for filtering in filterings:
        names = dict.fromkeys(
            name
            for sections in sizes.values()
            for name in sections.get("search", {}).get(filtering, {}).get("rows", {})
            if not name.endswith(RULES) and name != WHOLE
        )
        drawn.append(
            Panel(
                f"Search, filter: {filtering}",
                "milliseconds, p50, 30 neighbours at a recall of .99",
                {name: costs("search", filtering, "rows", name, "p50") for name in names},
                frozenset({OURS}),
            )
        )
    return [panel for panel in drawn if any(panel.lines.values())]


def growth_picture(figures: Figures) -> str:
    """Each cost from the smallest size to the largest."""
    return draw_growth(panels(figures))


def search_picture(figures: Figures) -> str:
    """At each size, who takes how long for genre with band."""
    groups = []
    for size, sections in sizes_of(figures).items():
        rows = sections.get("search", {}).get("genre and band", {}).get("rows", {})
        for head, keeps in (("30 nearest", False), ("a list under rules 1 and 3, by the same code", True)):
            chosen = {
                name.removesuffix(RULES): row["p50"] for name, row in rows.items()
                if name.endswith(RULES) is keeps and name != WHOLE
            }  # fmt: skip
            if chosen:
                bars = [(name, cost, name == OURS) for name, cost in sorted(chosen.items(), key=lambda one: one[1])]
                groups.append(Bars(f"{size:,} tracks, genre and band: {head}", "milliseconds, p50, logarithmic", bars))
    return draw_bars(groups)
