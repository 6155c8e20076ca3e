"""What people see at the terminal: tables, progress and messages. Machines read ``--json`` instead."""

import json
import posixpath
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from daltonify_core.catalogue.artists import PopularitySource
from daltonify_core.catalogue.audio_features import FeaturesSource
from daltonify_core.catalogue.public_data.report import ImportReport
from daltonify_core.evaluation.bootstrap import Interval
from daltonify_core.evaluation.degraded import Knowledge
from daltonify_core.evaluation.methods import ORIGINAL_WITH_RULES, SCALED_OF_ANY_BIGGER
from daltonify_core.evaluation.questions import Protocol
from daltonify_core.evaluation.scoreboard import JUMP_PARTS, Scoreboard, ScoreRow
from daltonify_core.playlist.notes import counted
from daltonify_core.playlist.recommendation import Recommendation, Row
from daltonify_core.ports.look_ups import IdentitySource
from daltonify_core.ports.surroundings import Progress as ProgressCall
from daltonify_core.ports.surroundings import no_progress
from daltonify_core.use_cases.build_index import BuildReport
from daltonify_core.use_cases.collect_tracks import CollectReport
from daltonify_core.use_cases.roll_back_index import KeptIndex

# Titles come from anywhere: they are shown as Text, never parsed as markup, and emoji codes stay as they are.
_OUT = Console(highlight=False, markup=False, emoji=False)
_ERR = Console(stderr=True, highlight=False, markup=False, emoji=False)
_BAR_WIDTH = 10
_WIDTH_FOR_BARS = 96
_WIDTH_FOR_REASONS = 64
_SHOWN_LINES = 5
_POPULARITY_SOURCES = {
    PopularitySource.CATALOGUE: "as the catalogue says",
    PopularitySource.TRACK_MAX: "as the artist's most popular track",
    PopularitySource.GIVEN: "as you said",
    PopularitySource.FOLLOWERS: "estimated from followers",
}

_TOLD_BY: Mapping[str, str] = {
    IdentitySource.CATALOGUE: "from the catalogue",
    IdentitySource.SPOTIFY: "from Spotify",
    IdentitySource.OEMBED: "from Spotify's preview",
    IdentitySource.RECCOBEATS: "from ReccoBeats",
    IdentitySource.GIVEN: "by you",
    FeaturesSource.AUDIO_FILE: "from your audio file",
    FeaturesSource.MEASURED: "measured from your audio",
}
"""Where facts come from; sources of features and of names that are spelt alike are the same."""
_COST_COLUMNS = (
    ("rules", "rule_abiding", "{:.3f}"),
    ("lift", "lift", "{:+.0f}"),
    ("artists", "artists", "{:.1f}"),
    ("versions", "versions", "{:.2f}"),
    ("overlap", "overlap", "{:.3f}"),
    ("coherent", "coherence", "{:.2f}"),
    ("stable", "stable", "{:.2f}"),
)
"""Heading, metric and form of each column of what finding costs."""


def print_json(values: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    # JSON stays whole on a terminal that cannot show every character.
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(values, ensure_ascii=not is_unicode, indent=2, allow_nan=False) + "\n")


def print_error(message: str) -> None:
    """One error for a person, on standard error."""
    _ERR.print(Text("Error: ", style="bold red") + Text(_plain(message)))


@contextmanager
def progress_bars(shown: bool) -> Iterator[ProgressCall]:
    """A bar for each phase on standard error; none when that is no terminal or ``shown`` is false."""
    if not (shown and _ERR.is_terminal):
        yield no_progress
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_ERR) as bars:
        tasks: dict[str, Any] = {}

        def report(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=total or None)
            bars.update(tasks[phase], completed=done, total=total or None)

        yield report


def print_import(report: ImportReport, target: str) -> None:
    """What an import read, kept, merged and dropped."""
    names = [file.name for file in report.files] + [file.name for file in report.skipped]
    folders = [posixpath.dirname(name) for name in names]
    # A long path to all files alike says the same thing on every line.
    comparable = all(folders) and len({folder.startswith("/") for folder in folders}) == 1
    common = posixpath.commonpath(folders) if comparable else ""
    hidden = len(common.rstrip("/")) + 1 if common else 0
    for file in report.files:
        notes = [f"popularity {file.popularity_scale}" if file.popularity_scale else "no popularity"]
        if file.genre:
            notes.insert(0, f"genre {file.genre}")
        _OUT.print(_plain(f"{file.name[hidden:]}: {counted(file.rows, 'row')} ({', '.join(notes)})"))
    for skipped in report.skipped:
        _OUT.print(Text(_plain(f"skipped {skipped.name[hidden:]}: {skipped.reason}"), style="yellow"))
    table = Table("rows", "", "why", title="Import", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("read", f"{report.read:,}", "")
    table.add_row("kept", f"{report.kept:,}", "one for each track")
    table.add_row("merged", f"{report.merged:,}", "further rows of a track that is kept")
    for reason, count in report.dropped.items():
        table.add_row("dropped", f"{count:,}", Text(_plain(reason.replace("_", " "))))
    _OUT.print(table)
    for reason, examples in report.examples.items():
        for example in examples:
            where = f"{example.file[hidden:]}, line {example.line}"
            _OUT.print(Text(_plain(f"  {reason.replace('_', ' ')} · {where}: {example.text}"), style="dim"))
    if report.without_popularity:
        _OUT.print(
            f"Rows without popularity: {report.without_popularity:,}; their tracks are recommended only if another row "
            "tells how popular the artist is."
        )
    _OUT.print(Text(_plain(f"Wrote {counted(report.kept, 'track')} to {target}"), style="bold"))


def print_collected(report: CollectReport, unreadable: Sequence[str], folder: str) -> None:
    """What became of every wanted track. ``unreadable`` are lines of lists that name none."""
    table = Table("tracks", "", "what became of them", title="Collect", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("asked for", f"{report.asked_for:,}", "")
    table.add_row("collected", f"{report.collected:,}", "with features, names and popularity")
    table.add_row("skipped", f"{report.known:,}", "in the catalogue already")
    table.add_row("skipped", f"{report.missed_lately:,}", "came to nothing lately, and are asked for again later")
    table.add_row("unknown", f"{report.unknown:,}", "ReccoBeats has no features of them")
    for reason, count in report.refused.items():
        table.add_row("refused", f"{count:,}", Text(_plain(reason.replace("_", " "))))
    if report.left:
        table.add_row("left", f"{report.left:,}", "not asked for yet")
    _OUT.print(table)
    for reason, examples in report.examples.items():
        for example in examples:
            _OUT.print(Text(_plain(f"  {reason.replace('_', ' ')} · {example}"), style="dim"))
    if unreadable:
        _OUT.print(
            f"{counted(len(unreadable), 'line')} of the lists {'names' if len(unreadable) == 1 else 'name'} no track:"
        )
        for line in unreadable[:_SHOWN_LINES]:
            _OUT.print(Text(_plain(f"  {line}"), style="yellow"))
    _OUT.print(Text(_plain(f"Collected {counted(report.collected, 'track')} into {folder}"), style="bold"))


def print_build(report: BuildReport, folder: str) -> None:
    """What was built and is now current."""
    manifest = report.manifest
    table = Table("genre", "tracks", title="Genres on offer", title_justify="left")
    table.columns[1].justify = "right"
    for genre, count in manifest.genres.items():
        table.add_row(Text(_plain(genre)), f"{count:,}")
    _OUT.print(table)
    _OUT.print(
        f"Read {counted(report.rows_read, 'row')}: {counted(manifest.items, 'track')} by "
        f"{counted(manifest.artists, 'artist')}, {report.rows_merged:,} merged, {report.rows_invalid:,} invalid."
    )
    for examples in report.examples.values():
        for example in examples:
            _OUT.print(Text(_plain(f"  {example}"), style="dim"))
    if manifest.feature_space["method"] == "plain":
        _OUT.print(
            "Too few artists have several tracks to learn what likeness means; features are compared as they are."
        )
    size = sum(file.bytes for file in manifest.files.values()) / 1e6
    _OUT.print(Text(_plain(f"Activated {manifest.version} in {folder} ({size:.1f} MB)"), style="bold"))
    if report.pruned:
        _OUT.print(f"Removed {counted(len(report.pruned), 'old version')}.")
    for warning in report.warnings():
        _OUT.print(Text(f"Warning: {warning}", style="bold yellow"))


def print_kept_indexes(kept: Sequence[KeptIndex]) -> None:
    """The current index and those that can be gone back to, newest first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("version", no_wrap=True)
    table.add_column("tracks", justify="right")
    table.add_column("as of")
    table.add_column("from")
    for one in kept:
        name = f"{one.version} (current)" if one.is_current else one.version
        if one.manifest is None:
            table.add_row(name, "", "", Text(_plain(one.fault or ""), style="yellow"))
        else:
            source = Text(_plain(one.manifest.source))
            table.add_row(name, f"{one.manifest.items:,}", one.manifest.snapshot or "", source)
    _OUT.print(table)
    if len(kept) == 1:
        _OUT.print("There is none to go back to.")


def print_recommendation(answer: Recommendation) -> None:
    """The list with its reasons, and what a person should know about it."""
    band = answer.band
    _OUT.print(
        _plain(
            f"{' and '.join(answer.genre.used)} · artists from {band.used.low} to {band.used.high} of 100 · "
            f"{counted(band.candidates, 'candidate')} · {answer.search} search"
        )
    )
    biggest = max(answer.seeds, key=lambda seed: seed.artist_popularity)
    _OUT.print(
        _plain(
            f"{biggest.artists[0]} is at {biggest.artist_popularity} "
            f"({_POPULARITY_SOURCES[biggest.popularity_source]}); lift counts from there"
        )
    )
    for seed in answer.seeds:
        # Of a track of the catalogue, and of one that whoever asks described, nobody needs to be told.
        if seed.item is None and {seed.identity_source, seed.features_source} != {"given"}:
            rough = ", roughly" if seed.features_rough else ""
            _OUT.print(
                _plain(
                    f"“{seed.title}” is not in the catalogue: title and artists {_told(seed.identity_source)}, sound "
                    f"{_told(seed.features_source)}{rough}"
                )
            )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", justify="right")
    table.add_column("artist and title", ratio=5)
    table.add_column("lift", justify="right")
    table.add_column("similar", no_wrap=True)
    # A narrow terminal keeps what names a track and lets go of what explains it.
    has_bar, has_reason = _OUT.width >= _WIDTH_FOR_BARS, _OUT.width >= _WIDTH_FOR_REASONS
    if has_reason:
        table.add_column("why", ratio=5, style="dim")
    for row in answer.tracks:
        reason = [Text(_plain(_sound(row)))] if has_reason else []
        table.add_row(str(row.position), _name(row), *_figures(row, has_bar), *reason)
    _OUT.print(table)
    for note in answer.notes:
        _OUT.print(Text(_plain(f"• {note}"), style="yellow"))


def print_scoreboard(board: Scoreboard) -> None:
    """Tables for each protocol and group of seeds, and one of how the lists flow."""
    _OUT.print(
        f"{counted(board.playlists, 'playlist')} ({board.settings.half}), {counted(board.playlist_rows, 'row')}, "
        f"{board.unknown_rows:,} of them with tracks that the catalogue does not hold."
    )
    for row in board.rows:
        _OUT.print()
        if row.methods:
            _OUT.print(_found_table(row))
            if row.protocol is Protocol.MISSION:
                _OUT.print(_against_any_bigger(row))
            _OUT.print()
            _OUT.print(_costs_table(row))
        _OUT.print(
            f"{counted(row.questions, 'seed')} by {row.group}; {row.skipped:,} more have nothing that could be found."
        )
    if board.degraded:
        _OUT.print()
        _OUT.print(_degraded_table(board))
        _OUT.print(_degraded_over_original(board))
    if board.flow:
        _OUT.print()
        _OUT.print(_flow_table(board))


def _found_table(row: ScoreRow) -> Table:
    table = _table(f"{str(row.protocol).capitalize()} protocol, seeds by {row.group}: what is found")
    yardsticks = [name for name in row.methods[0].against if name != SCALED_OF_ANY_BIGGER]
    for heading in ("method", "nDCG", *(f"over {name}" for name in yardsticks), "P@30", "R-\nprec"):
        is_name = heading == "method"
        table.add_column(heading, justify="left" if is_name else "right", no_wrap=is_name)
    for scores in row.methods:
        table.add_row(
            scores.method,
            f"{scores.ndcg.value:.4f}",
            *(_ratio(scores.against[name]) for name in yardsticks),
            f"{scores.means['precision']:.3f}",
            f"{scores.means['r_precision']:.3f}",
            style="bold" if scores.is_ours else "",
        )
    return table


def _against_any_bigger(row: ScoreRow) -> str:
    ratios = (f"{one.method} {_ratio(one.against[SCALED_OF_ANY_BIGGER])}" for one in row.methods if one.is_ours)
    return f"Over {SCALED_OF_ANY_BIGGER}, which need not keep to the band as ours: {'; '.join(ratios)}."


def _costs_table(row: ScoreRow) -> Table:
    table = _table("and at what cost")
    table.add_column("method", no_wrap=True)
    for heading, _, _ in _COST_COLUMNS:
        table.add_column(heading, justify="right")
    for scores in row.methods:
        figures = (form.format(scores.means[name]) for _, name, form in _COST_COLUMNS)
        table.add_row(scores.method, *figures, style="bold" if scores.is_ours else "")
    return table


def _degraded_table(board: Scoreboard) -> Table:
    table = _table("Tracks that are not in the catalogue, by small artists: what is found")
    for heading in ("known of the track", "sound only", "of everything", "with era", "of everything"):
        table.add_column(heading, justify="left" if heading.startswith("known") else "right")
    for knowledge in Knowledge:
        cells = []
        for scores in (one for one in board.degraded if one.knowledge is knowledge):
            cells += [f"{scores.ndcg.value:.4f}", _ratio(scores.against[str(Knowledge.EVERYTHING)])]
        table.add_row(str(knowledge), *cells)
    return table


def _degraded_over_original(board: Scoreboard) -> str:
    ratios = (
        f"{one.knowledge} {_ratio(one.against[ORIGINAL_WITH_RULES])}"
        for one in board.degraded
        if one.era and ORIGINAL_WITH_RULES in one.against
    )
    return f"With era, over {ORIGINAL_WITH_RULES}, which knows everything: {'; '.join(ratios)}."


def _flow_table(board: Scoreboard) -> Table:
    table = _table("How the lists flow: mean jump between neighbours, and the worst of a list")
    for heading in ("method", "order"):
        table.add_column(heading, no_wrap=True)
    for part in JUMP_PARTS:
        table.add_column(part, justify="right")
    for scores in board.flow:
        figures = (f"{scores.jumps[f'{part}_mean']:.2f} {scores.jumps[f'{part}_worst']:.2f}" for part in JUMP_PARTS)
        table.add_row(scores.method, scores.order, *figures)
    return table


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="dim",
        # At 80 columns one space between columns lets every heading and figure stand whole.
        collapse_padding=_OUT.width < _WIDTH_FOR_BARS,
    )


def _ratio(ratio: Interval) -> str:
    value, low, high = map(_three_digits, (ratio.value, ratio.low, ratio.high))
    return f"{value} ({low}–{high})"


def _three_digits(number: float) -> str:
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f}"


def print_plain(text: str) -> None:
    """One line as it stands."""
    _OUT.print(text)


def print_hint(text: str) -> None:
    """Something worth knowing next, in the background."""
    _OUT.print(Text(text, style="dim"))


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A small table of texts. Ids and other columns without spaces stay on one line, because they may be copied."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        is_whole = not any(" " in row[place] for row in rows)
        table.add_column(heading, overflow="fold", no_wrap=is_whole)
    for row in rows:
        table.add_row(*(Text(_plain(text)) for text in row))
    _OUT.print(table)


def print_found(tracks: Sequence[Mapping[str, Any]]) -> None:
    """Tracks found by name, in the form that ``--json`` prints."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("artist and title", ratio=3)
    table.add_column("popularity", justify="right")
    table.add_column("track", no_wrap=True)
    for track in tracks:
        name = Text(_plain(", ".join(track["artists"])), style="bold")
        name.append(_plain(f"  {track['title']}"), style="not bold")
        known = track["artist_popularity"]
        table.add_row(name, "?" if known is None else str(known), track["track_id"])
    _OUT.print(table)


def _name(row: Row) -> Text:
    name = Text(_plain(", ".join(row.artists)), style="bold green" if row.own else "bold")
    name.append(_plain(f"  {row.title}"), style="green" if row.own else "not bold")
    return name


def _figures(row: Row, has_bar: bool) -> tuple[str, str]:
    if row.own:
        return "★", ""
    if not has_bar:
        return f"+{row.lift}", f"{row.similarity:.2f}"
    filled = round(row.similarity * _BAR_WIDTH)
    return f"+{row.lift}", f"{'█' * filled}{'░' * (_BAR_WIDTH - filled)} {row.similarity:.2f}"


def _sound(row: Row) -> str:
    # The lift has a column of its own.
    return row.reason.rsplit(";", 1)[0]


def _told(sources: str) -> str:
    """Sources in words: ``reccobeats and given`` as "from ReccoBeats and by you"."""
    return " and ".join(_TOLD_BY[source] for source in sources.split(" and "))


def _plain(text: str) -> str:
    """Without control characters: a title must not be able to move the cursor or set the window's title."""
    return "".join(character if character.isprintable() else " " for character in text)
