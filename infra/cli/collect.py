"""``daltonify collect``: wanted tracks are looked up at ReccoBeats, at its pace, and become shards of the catalogue.

Unlike a request that somebody waits for, this command waits: between batches, when it is asked to, and when nobody
answers. It can be stopped at any moment, and the same command goes on.
"""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from daltonify_core.catalogue.collection import UnreadableLine, WantedTracks, read_wanted
from daltonify_core.catalogue.links import parse_playlist_link
from daltonify_core.errors import InvalidQuery, UpstreamError, UpstreamRateLimited, UpstreamRefused, UpstreamUnavailable
from daltonify_core.playlist.notes import counted
from daltonify_core.ports.surroundings import Progress
from daltonify_core.use_cases.collect_tracks import CollectReport, CollectRun
from daltonify_core.use_cases.patience import ask_patiently
from infra.cli import EXIT_INTERRUPTED, INTERRUPTED, login, screen, wiring
from infra.cli.look_ups import RECCOBEATS_API

DEFAULT_PAUSE_SECONDS: Final = 1.5
"""What other clients leave between batches of 40; ReccoBeats publishes no limit."""

_LONGEST_WAIT_SECONDS: Final = 15 * 60
"""Whoever is asked to wait longer may want to switch the machine off."""
_LONGEST_PAUSE_SECONDS: Final = 3600
_EXIT_MEND: Final = 2
_EXIT_NOTHING: Final = 3
_EXIT_LATER: Final = 6
_STDIN: Final = "-"

type ErrorReport = Callable[[bool], AbstractContextManager[None]]


def add_to(app: typer.Typer, errors: ErrorReport) -> None:
    """Add the command; ``errors`` turns what it raises into a message (or a JSON document) and an exit code."""

    @app.command()
    def collect(
        lists: Annotated[
            list[str] | None,
            typer.Argument(metavar="[IDS_FILE]...", help="files with one track id or link per line; - reads the input"),
        ] = None,
        playlist: Annotated[
            list[str] | None, typer.Option(help="link of a playlist of your account; may be repeated")
        ] = None,
        search_genre: Annotated[str | None, typer.Option(help="search Spotify for tracks of this genre")] = None,
        limit: Annotated[int, typer.Option(min=1, max=1000, help="how many tracks the search may find")] = 100,
        genre: Annotated[
            str | None, typer.Option(help="the genre of everything that is collected  [default: --search-genre]")
        ] = None,
        catalogue: Annotated[
            Path, typer.Option(help="catalogue folder or file; what it holds is not collected")
        ] = Path("catalogue"),
        out: Annotated[
            Path | None, typer.Option(help="folder to collect into  [default: collected in the catalogue folder]")
        ] = None,
        again: Annotated[
            bool, typer.Option("--again", help="ask for every track, unless it was asked for today")
        ] = False,
        pause: Annotated[float, typer.Option(min=0, help="seconds between batches")] = DEFAULT_PAUSE_SECONDS,
        spotify_secret: Annotated[
            str | None,
            typer.Option(help=f"the consent's name in AWS Secrets Manager  [default: {login.DEFAULT_SECRET}]"),
        ] = None,
        spotify_file: Annotated[Path | None, typer.Option(help="private file with the consent instead")] = None,
        spotify_market: Annotated[str, typer.Option(help="country to search in, as two letters")] = "US",
        reccobeats_url: Annotated[str, typer.Option(envvar="RECCOBEATS_API", hidden=True)] = RECCOBEATS_API,
        accounts_url: Annotated[str, typer.Option(hidden=True)] = login.SPOTIFY_ACCOUNTS,
        api_url: Annotated[str, typer.Option(hidden=True)] = login.SPOTIFY_API,
        as_json: Annotated[bool, typer.Option("--json", help="print one JSON document instead of tables")] = False,
    ) -> None:
        """Look up tracks at ReccoBeats and add them to the catalogue.

        A stopped command goes on when it is given again. Tracks that ReccoBeats does not know are asked for again
        after 30 days. Playlists and searches need the consent of `daltonify login`.
        """
        with errors(as_json):
            if not pause <= _LONGEST_PAUSE_SECONDS:
                raise InvalidQuery(f"A pause of {pause:g} seconds is too long; give at most {_LONGEST_PAUSE_SECONDS}.")
            named = genre or search_genre
            if named is None:
                raise InvalidQuery("Say which genre the tracks are of: --genre.")
            if spotify_file is not None and spotify_secret is not None:
                raise InvalidQuery("The consent is in one place: --spotify-secret or --spotify-file.")
            playlist_ids = [parse_playlist_link(link) for link in playlist or []]
            wanted = _read_lists(lists or [])
            if playlist_ids or search_genre is not None:
                finder = wiring.track_finder(
                    spotify_file, spotify_secret or login.DEFAULT_SECRET, api_url, accounts_url, spotify_market
                )
                for playlist_id in playlist_ids:
                    wanted += WantedTracks(tuple(finder.playlist_track_ids(playlist_id)))
                if search_genre is not None:
                    wanted += WantedTracks(tuple(finder.search_track_ids(search_genre, limit)))
            elif not lists:
                raise InvalidQuery("Name the tracks: a file of ids or links, --playlist or --search-genre.")
            folder = out or (catalogue.parent if catalogue.is_file() else catalogue) / "collected"
            with screen.progress_bars(not as_json) as progress:
                run = wiring.collect(wanted.track_ids, named, catalogue, folder, reccobeats_url, again, progress)
                stopped = _collect(run, pause, _teller(as_json), progress)
            _show(run.report(), wanted.unreadable, folder, stopped, as_json)
            if stopped is not None:
                raise typer.Exit(stopped.exit_code)
            if not wanted.track_ids:
                raise typer.Exit(_EXIT_NOTHING)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a run ended before it was done; ``retry_at`` where it was said when to go on."""

    code: str
    detail: str
    exit_code: int
    retry_at: datetime | None = None


def _collect(run: CollectRun, pause_seconds: float, tell: Callable[[str], None], progress: Progress) -> Stopped | None:
    """Go on until all is done, or until something stands in the way; what was found is stored in any case."""
    try:
        try:
            collect_all(run, pause_seconds, time.sleep, tell, progress)
        finally:
            run.finish()
    except UpstreamRateLimited as error:
        retry_at = datetime.now(UTC) + timedelta(seconds=error.retry_after_seconds)
        detail = f"{error.message} It takes questions again from {retry_at.astimezone():%d %B, %H:%M} on."
        return Stopped(error.code, detail, _EXIT_LATER, retry_at)
    except UpstreamUnavailable as error:
        return Stopped(error.code, error.message, _EXIT_LATER)
    except UpstreamRefused as error:
        return Stopped(error.code, error.message, _EXIT_MEND)
    except KeyboardInterrupt:
        return Stopped("interrupted", INTERRUPTED, EXIT_INTERRUPTED)
    return None


def collect_all(
    run: CollectRun,
    pause_seconds: float,
    sleep: Callable[[float], None],
    tell: Callable[[str], None],
    progress: Progress,
) -> None:
    """Ask batch by batch, with pauses; raises what cannot be waited out."""

    def wait(seconds: int, trouble: UpstreamError) -> bool:
        if seconds > _LONGEST_WAIT_SECONDS:
            return False
        is_asked = isinstance(trouble, UpstreamRateLimited)
        said = "asks for a pause; going on" if is_asked else "does not answer; trying again"
        tell(f"ReccoBeats {said} in {counted(seconds, 'second')}.")
        sleep(seconds)
        return True

    progress("collect", run.asked_for - run.left, run.asked_for)
    while not run.is_done():
        ask_patiently(run, wait)
        run.keep()
        progress("collect", run.asked_for - run.left, run.asked_for)
        if not run.is_done():
            sleep(pause_seconds)


def _read_lists(names: Sequence[str]) -> WantedTracks:
    wanted = WantedTracks(())
    for name in names:
        if name == _STDIN and sys.stdin is None:
            raise InvalidQuery("There is no standard input to read a list from.")
        try:
            text = sys.stdin.read() if name == _STDIN else Path(name).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InvalidQuery(
                f"{name} is no text in UTF-8; give a list with one track id or link per line."
            ) from error
        wanted += read_wanted(text, "the input" if name == _STDIN else name)
    return wanted


def _teller(as_json: bool) -> Callable[[str], None]:
    """Says what a person who waits should know; a machine learns from the end."""
    return (lambda _: None) if as_json else (lambda message: typer.echo(message, err=True))


def _show(
    report: CollectReport, unreadable: Sequence[UnreadableLine], folder: Path, stopped: Stopped | None, as_json: bool
) -> None:
    lines = [f"{line.source}, line {line.line}: {line.problem}" for line in unreadable]
    if as_json:
        reason = None if stopped is None else {"code": stopped.code, "detail": stopped.detail}
        if reason is not None and stopped is not None and stopped.retry_at is not None:
            reason["retry_at"] = stopped.retry_at.isoformat(timespec="seconds")
        values: dict[str, Any] = {"written_to": str(folder), "unreadable": lines, "stopped": reason}
        screen.print_json(report.to_dict() | values)
        return
    screen.print_collected(report, lines, str(folder))
    if stopped is not None:
        screen.print_error(f"{stopped.detail} Give the same command again to go on.")
