"""``daltonify releases``: what became of an artist's releases, announcing one by hand, and mending what went wrong."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from daltonify_core.errors import InvalidQuery
from daltonify_core.releases.message import is_release_id
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import Release, ReleaseState
from infra.cli import screen, wiring

_EXIT_NOTHING: Final = 3
_PAGE: Final = "/release.html"
_UNDOING: Final = timedelta(seconds=90)
"""What a person waits for; asked again, it goes on."""

type ErrorReport = Callable[[bool], AbstractContextManager[None]]

Stack = Annotated[
    str | None,
    typer.Option(
        envvar="DALTONIFY_STACK",
        help="deployed stack, such as daltonify-dev; without it the variables of a local service",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document instead of tables")]
ReleaseId = Annotated[str, typer.Argument(help="the release's id, from `daltonify releases list`")]
Artist = Annotated[str, typer.Argument(help="the artist's Spotify link, URI or id")]


def add_to(app: typer.Typer, errors: ErrorReport) -> None:
    """Add the commands; ``errors`` turns what they raise into a message (or a JSON document) and an exit code."""
    releases = typer.Typer(help="Releases on their way into playlists.", no_args_is_help=True)
    app.add_typer(releases, name="releases")

    @releases.command("list")
    def list_releases(
        artist: Artist,
        limit: Annotated[int, typer.Option(min=1, max=200, help="how many to show")] = 20,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Show an artist's releases, newest first."""
        with errors(as_json):
            service = wiring.installation(stack)
            profile = service.keep_artists().find(artist)
            found = service.releases.of_artist(profile.artist_id, limit, datetime.now(UTC))
            if as_json:
                screen.print_json({"releases": [release_values(one) for one in found]})
            elif found:
                print_releases(found)
            else:
                screen.print_plain(f"Nothing was announced for {profile.name} yet.")

    @releases.command()
    def show(release: ReleaseId, stack: Stack = None, as_json: Json = False) -> None:
        """Show how far a release has come, and why."""
        with errors(as_json):
            found = None
            if is_release_id(release):
                found = wiring.installation(stack).releases.find(release, datetime.now(UTC))
            if found is None:
                raise InvalidQuery("There is no such release. `daltonify releases list` shows an artist's.", "release")
            if as_json:
                screen.print_json({"release": release_values(found)})
            else:
                told = [
                    (name, _shown(value)) for name, value in release_values(found).items() if value not in (None, [])
                ]
                screen.print_rows(("field", "value"), told)

    @releases.command()
    def announce(
        artist: Artist,
        link: Annotated[str | None, typer.Argument(help="link to the track or album")] = None,
        isrc: Annotated[str | None, typer.Option(help="the recording's code instead")] = None,
        upc: Annotated[str | None, typer.Option(help="the release's UPC or EAN instead")] = None,
        title: Annotated[str | None, typer.Option(help="its title, as on Spotify")] = None,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Announce a release by hand; once for each, however often."""
        with errors(as_json):
            announced = announced_release({"uri": link, "isrc": isrc, "upc": upc, "title": title})
            service = wiring.installation(stack)
            profile = service.keep_artists().find(artist)
            release = service.record_release().by_operator(profile.artist_id, announced)
            _tell_announced(release, service.names.get("PAGE_URL", ""), as_json)

    @releases.command()
    def replay(
        ids: Annotated[list[str] | None, typer.Argument(metavar="[RELEASE]...", help="ids of releases")] = None,
        dead_letters: Annotated[
            bool, typer.Option("--dead-letters", help="every release that crashed the worker again and again")
        ] = False,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Give releases another try that failed or crashed, once what was wrong is mended."""
        with errors(as_json):
            if bool(ids) == dead_letters:
                raise InvalidQuery("Name releases by their ids, or all that crashed with --dead-letters.")
            service = wiring.installation(stack)
            if ids:
                again = [service.replay_releases().replay(one) for one in ids]
                if as_json:
                    screen.print_json({"releases": [release_values(one) for one in again]})
                else:
                    print_releases(again)
                return
            replayed = service.replay_releases().replay_dead_letters(service.dead_letters)
            if as_json:
                screen.print_json({"sent": list(replayed.sent), "dropped": replayed.dropped})
            else:
                screen.print_plain(f"{len(replayed.sent)} sent again, {replayed.dropped} dropped that had ended.")
            if not replayed.sent and not replayed.dropped:
                raise typer.Exit(_EXIT_NOTHING)

    @releases.command()
    def undo(
        artist: Artist,
        to: Annotated[
            int | None, typer.Option("--to", min=1, help="version to return to  [default: the one before the newest]")
        ] = None,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Bring an older version of an artist's playlist back; that is a new version itself, so nothing is lost."""
        with errors(as_json):
            service = wiring.installation(stack)
            profile = service.keep_artists().find(artist)
            changed = service.change_playlist().return_to(profile.artist_id, to, datetime.now(UTC) + _UNDOING)
            url = service.playlist_url(changed.playlist.playlist_id)
            if as_json:
                version = changed.version
                screen.print_json(
                    {
                        "playlist": {"id": changed.playlist.playlist_id, "url": url},
                        "version": version.number,
                        "why": version.why,
                        "tracks": [track.uri for track in version.tracks],
                    }
                )
            else:
                screen.print_plain(f"{url} is {changed.version.why}, as version {changed.version.number}.")
                screen.print_hint(
                    "The next release changes it again. Stop that with `daltonify artists change … --freeze`."
                )


def release_values(release: Release) -> dict[str, Any]:
    """A release as JSON."""
    moments = {
        name: moment.isoformat(timespec="seconds") if moment else None
        for name, moment in (
            ("received_at", release.received_at),
            ("next_attempt_at", release.next_attempt_at),
            ("finished_at", release.finished_at),
        )
    }
    return {
        "id": release.release_id,
        "artist_id": release.artist_id,
        "title": release.title,
        "reference": str(release.reference),
        "state": release.state.value,
        "why": release.why,
        "trigger": release.trigger.value,
        "hook_id": release.hook_id,
        "attempt": release.attempt,
        "notes": list(release.notes),
        "track_id": release.track_id,
        "playlist_id": release.playlist_id,
        "version": release.version,
        **moments,
    }


def print_releases(releases: Sequence[Release]) -> None:
    """Releases as a table."""
    rows = [
        (
            one.title or str(one.reference),
            one.state.value,
            f"{one.received_at:%Y-%m-%d %H:%M}",
            _when(one),
            one.release_id,
        )
        for one in releases
    ]
    screen.print_rows(("release", "state", "received (UTC)", "next or why", "id"), rows)


def _tell_announced(release: Release, page_url: str, as_json: bool) -> None:
    if as_json:
        screen.print_json({"release": release_values(release)})
        return
    screen.print_plain(f"{release.title or release.reference} is announced and {release.state.value}.")
    if release.state is ReleaseState.FAILED:
        screen.print_hint(
            f"It was announced before. Give it another try: `daltonify releases replay {release.release_id}`."
        )
    if page_url:
        # Unwrapped, because it is to be passed on to the artist.
        typer.echo(f"What becomes of it: {page_url.rstrip('/')}{_PAGE}#{release.release_id}")
    else:
        screen.print_hint(f"`daltonify releases show {release.release_id}` tells what becomes of it.")


def _when(release: Release) -> str:
    if release.state is ReleaseState.WAITING and release.next_attempt_at is not None:
        return f"{release.next_attempt_at:%Y-%m-%d %H:%M}"
    return release.why or ""


def _shown(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)
