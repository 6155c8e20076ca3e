"""One run of the demo: puts all parts together, tells a person what there is, and takes them apart again."""

import http.client
import io
import json
import logging
import os
import secrets
import shlex
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from daltonify_core.catalogue.links import LinkKind, SpotifyLink
from daltonify_core.catalogue.track import SYNTHETIC_SOURCE, Track
from daltonify_core.errors import DaltonifyError
from daltonify_core.playlist.notes import counted
from infra.cli import screen
from infra.local.content_types import logo_in
from infra.local.demo_settings import DemoRefused, DemoSettings
from infra.local.front_door import LOOPBACK, SITE, FrontDoor, PortInUse, listen
from infra.local.lambda_function import FunctionFailed, LambdaFunction
from infra.local.sam_template import SamTemplate, read_template
from infra.local.stopping import EXIT_FAULT, EXIT_MEND, serve_until_stopped

if TYPE_CHECKING:
    from daltonify_core.index.bundle import LoadedIndex
    from infra.local.demo_releases import RegisteredArtist
    from infra.local.local_aws import LocalAws

_ROOT: Final = Path(__file__).parents[2]
_BUILDER: Final = "BuildIndex"
_API: Final = "Api"
_AUDIO_WORKER: Final = "AudioWorker"
_AUDIO_QUEUE: Final = "AudioQueue"
_RELEASE_WORKER: Final = "ReleaseWorker"
_RELEASE_QUEUE: Final = "ReleaseQueue"
_JOBS: Final = "ScheduledJobs"
_JOBS_ON_RELEASES: Final = ("sweep_releases", "poll_releases", "renew_playlists", "check_service")
# With everything simulated an hour passes for the schedules in a minute, so that something is to be seen.
_SIMULATED_SPEED: Final = 60
_CLIENT_ID: Final = "daltonify-demo"
# Whoever finds this mark in a log has found a leak.
_FAKE: Final = "NEVERLOGME"
# The artist's popularity: small, in the middle, and in between.
_EXAMPLE_BANDS: Final = ((8, 14), (38, 46), (22, 30))
_ENOUGH_TRACKS: Final = 20
# Empty variables count as absent, and this one's absence means ReccoBeats itself.
_REAL_RECCOBEATS: Final = ""
_SHOWN_REFUSALS: Final = 2
# ReccoBeats is asked twice, a quarter of a minute apart, and then the file is measured.
_AUDIO_SECONDS: Final = 120
_ASK_AGAIN_SECONDS: Final = 0.2

# Where it says what it does; what it found out goes to standard output.
_STEPS: Final = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


class _Fault(Exception):
    """The service does not work although everything that it needs is there."""


@dataclass(frozen=True, slots=True)
class _Example:
    """A track that a recommendation was tried for; ``uris`` is the list that came out."""

    track: Track
    artist_popularity: int
    uris: tuple[str, ...]

    @property
    def link(self) -> str:
        return SpotifyLink(LinkKind.TRACK, self.track.track_id).url


@dataclass(frozen=True, slots=True)
class _Spotify:
    """Where Spotify is and what the service account's secret holds; the rest says where a simulator is."""

    environment: Mapping[str, str]
    secret: Mapping[str, str]
    stand_in: str | None = None
    playlists_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Running:
    """The demo while it serves; ``refusals``: what the service said to tracks that make no example, and the status.

    ``variables`` is a file with what the command line needs to work on this service.
    """

    url: str
    health: Mapping[str, Any]
    tracks: int
    is_synthetic: bool
    playlists_url: str | None
    has_real_reccobeats: bool
    access_code: str | None
    examples: tuple[_Example, ...]
    new: tuple[Track, ...]
    refusals: Mapping[str, int]
    warnings: tuple[str, ...]
    artists: tuple["RegisteredArtist", ...]
    variables: Path
    log: Path


def run(cache: Path, is_check: bool) -> int:
    """Serve until ``Stopped`` is raised, or try the service out; the exit code. ``cache`` holds catalogues and logs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a title must not end the demo.
            stream.reconfigure(errors="replace")
    try:
        settings = DemoSettings.from_environment(os.environ)
        # While the demo runs, standard output is the handlers' log.
        terminal = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
        # Before any work: whoever has to choose another port should not wait to learn it.
        with closing(listen(settings.port)) as listener, _service(settings, listener, cache) as running:
            for warning in running.warnings:
                _STEPS.print(f"Warning: {warning}", style="bold yellow")
            if not is_check:
                serve_until_stopped(lambda: _greet(terminal, running, settings))
            terminal.print(json.dumps(_checked(running, settings), indent=2))
            return 0
    except PortInUse as error:
        screen.print_error(f"{error} Stop it, or choose another port: make demo PORT={error.port + 1}")
    except DemoRefused as error:
        screen.print_error(str(error))
    except DaltonifyError as error:
        screen.print_error(error.message)
    except _Fault as error:
        screen.print_error(str(error))
        return EXIT_FAULT
    except OSError as error:
        screen.print_error(f"{error.filename or 'The port'} cannot be used: {error.strerror or error}.")
    return EXIT_MEND


@contextmanager
def _service(settings: DemoSettings, listener: socket.socket, cache: Path) -> Iterator[_Running]:
    """Everything that the deployed service consists of, from the catalogue to a page that answers."""
    cache.mkdir(parents=True, exist_ok=True)
    log = cache / f"demo-{settings.port}.log"
    template = read_template()
    _log_to(log)
    with ExitStack() as stack:
        work = Path(stack.enter_context(TemporaryDirectory(prefix="daltonify-demo-", ignore_cleanup_errors=True)))
        _STEPS.print("Starting AWS on this machine …")
        aws = stack.enter_context(_local_aws(template))
        _store_catalogue(aws, settings, cache)
        _STEPS.print("Building the index …")
        os.environ.update(template.environment([_BUILDER], aws.references), WORK_FOLDER=str(work / "build"))
        warnings = _built(template, log)
        index = stack.enter_context(_opened(aws, work))
        is_synthetic = SYNTHETIC_SOURCE in index.manifest.source.split(", ")
        if settings.spotify is not None and is_synthetic:
            raise DemoRefused(
                f"{settings.catalogue} holds invented tracks, which the real Spotify does not have. Name other data, "
                "or unset the SPOTIFY_ variables to use the simulated Spotify."
            )
        new = () if settings.spotify else _new_releases(index)
        # Looked up by themselves, so only where nothing real is asked.
        to_come = () if settings.spotify or settings.has_real_reccobeats else _releases_to_come(index)
        spotify = (
            _real_spotify(settings.spotify)
            if settings.spotify
            else stack.enter_context(
                _simulated(index, [*new, *chain(*to_come)], f"http://{LOOPBACK}:{listener.getsockname()[1]}/")
            )
        )
        heard = [*new[:1], *chain(*to_come)]
        reccobeats = (
            _REAL_RECCOBEATS if settings.has_real_reccobeats else stack.enter_context(_reccobeats(index, heard))
        )
        access_code = _store_secrets(aws, spotify, settings)
        _STEPS.print("Starting the service …")
        # Whoever tries things out publishes more in an hour than an artist in a month.
        parameters = {"DailyPlaylistsPerClient": "50", "DailyAudioFilesPerClient": "200"}
        if settings.market:
            parameters["SpotifyMarket"] = settings.market
        functions = [_API, _AUDIO_WORKER, _RELEASE_WORKER, _JOBS]
        os.environ.update(template.environment(functions, {**aws.references, **parameters}))
        os.environ.update(
            spotify.environment,
            RECCOBEATS_API=reccobeats,
            PUBLISH_ACCESS=settings.publish_access,
            SCRATCH_FOLDER=str(work / "scratch"),
            SPOTIFY_LOGO=logo_in(SITE),
        )
        stack.enter_context(_audio_worker(aws, template))
        stack.enter_context(_release_worker(aws, template))
        artists = _registered(aws, index, to_come)
        from api.handler import handler

        door = stack.enter_context(
            FrontDoor(
                handler,
                routes=template.route_keys(),
                function=template.function(_API),
                listener=listener,
                spotify=spotify.stand_in,
            )
        )
        status, health = _call(door.url, "GET", "/api/health")
        if status != http.HTTPStatus.OK:
            raise _Fault(f"The service does not answer as it should. {log} says why.")
        examples, refusals = _examples(door.url, index)
        stack.enter_context(_schedules(template, 1 if settings.spotify else _SIMULATED_SPEED))
        variables = stack.enter_context(_variables_in(log.with_suffix(".env"), aws, door.url))
        yield _Running(
            url=door.url,
            health=health,
            tracks=index.manifest.items,
            is_synthetic=is_synthetic,
            playlists_url=spotify.playlists_url,
            has_real_reccobeats=settings.has_real_reccobeats,
            access_code=access_code,
            examples=examples,
            new=new,
            refusals=refusals,
            warnings=warnings,
            artists=artists,
            variables=variables,
            log=log,
        )


def _log_to(path: Path) -> None:
    """Send what the handlers and libraries log to a file; in Lambda, standard output is the log.

    For good: a handler that was interrupted may write until the process ends, and not to the terminal.
    """
    sys.stdout = path.open("w", encoding="utf-8", buffering=1)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Its request lines hold query strings; the front door logs paths.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # Says for each client where it found its settings, which is here every time.
    logging.getLogger("botocore").setLevel(logging.WARNING)


@contextmanager
def _local_aws(template: SamTemplate) -> Iterator["LocalAws"]:
    from infra.local.local_aws import LocalAws

    with LocalAws(template) as aws:
        aws.take_over(os.environ)
        # A proxy would be asked for our own servers too.
        for name in ("NO_PROXY", "no_proxy"):
            os.environ[name] = ",".join(filter(None, [os.environ.get(name), LOOPBACK]))
        aws.make_resources()
        yield aws


def _store_catalogue(aws: "LocalAws", settings: DemoSettings, cache: Path) -> None:
    from infra.local.demo_catalogue import prepare_catalogue

    _STEPS.print("Preparing the catalogue …")
    with screen.progress_bars(shown=True) as progress:
        files = prepare_catalogue(settings.catalogue, cache, progress)
    if any(file.has_genres_from_file_names for file in files):
        _STEPS.print(
            "No row names a genre, so the tracks of each file get the genre that the file is named after, as with "
            "daltonify import --genre-from-file-name."
        )
    for file in files:
        aws.store_catalogue(file.name, file.path)


def _built(template: SamTemplate, log: Path) -> tuple[str, ...]:
    """Run the builder as the schedule does; what it warns of."""
    # In Lambda functions/ is the path root.
    sys.path.insert(0, str(_ROOT / "functions"))
    from build_index.handler import handler
    from shared.observability import logger

    try:
        report = LambdaFunction(handler, template.function(_BUILDER)).invoke({})
    except FunctionFailed as error:
        if isinstance(error.__cause__, DaltonifyError):
            raise error.__cause__ from error
        raise _Fault(f"The index could not be built. {log} says why.") from error
    # Two functions share one logger here: the builder's name must not stand in the lines of the API.
    logger.clear_state()
    return tuple(report["warnings"])


@contextmanager
def _opened(aws: "LocalAws", work: Path) -> Iterator["LoadedIndex"]:
    from infra.local.demo_index import open_index
    from infra.local.local_aws import BUCKET

    index = open_index(aws.s3(), BUCKET, work / "index")
    try:
        yield index
    finally:
        index.close()


@contextmanager
def _simulated(index: "LoadedIndex", new: Sequence[Track], page_url: str) -> Iterator[_Spotify]:
    """A simulated Spotify that knows the tracks of the catalogue and the new ones, and the page as an app's own."""
    from daltonify_core.adapters.spotify import CONSENT_SCOPES
    from infra.local.demo_index import CatalogueTracks, SpotifyTracksOf, WithMore
    from infra.local.spotify_simulator import SpotifySimulator

    with SpotifySimulator(SpotifyTracksOf(WithMore(CatalogueTracks(index), new))) as simulator:
        # A look for releases would be given up meanwhile.
        simulator.read_ahead()
        client_secret = f"{_FAKE}-{secrets.token_hex(16)}"
        # Visitors come back to the page with their consent.
        simulator.register_app(_CLIENT_ID, client_secret, [page_url])
        yield _Spotify(
            environment={
                "SPOTIFY_API": simulator.api_url,
                "SPOTIFY_ACCOUNTS": simulator.accounts_url,
                "SPOTIFY_OEMBED": f"{simulator.accounts_url}/oembed",
                "SPOTIFY_EMBEDS": f"{simulator.accounts_url}/embed/",
                "SPOTIFY_CLIENT_ID": _CLIENT_ID,
                "OPEN_PLAYLISTS_AT": simulator.playlists_url,
            },
            secret={
                "client_id": _CLIENT_ID,
                "client_secret": client_secret,
                "refresh_token": simulator.consent(_CLIENT_ID, CONSENT_SCOPES),
                "consented_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "scopes": " ".join(sorted(CONSENT_SCOPES)),
            },
            stand_in=simulator.accounts_url,
            playlists_url=simulator.playlists_url,
        )


def _new_releases(index: "LoadedIndex") -> tuple[Track, ...]:
    from infra.local.demo_index import new_releases

    return new_releases(index)


def _real_spotify(login: Mapping[str, str]) -> _Spotify:
    # Empty variables count as absent, and absent ones mean Spotify itself, whatever the shell holds.
    names = ("SPOTIFY_API", "SPOTIFY_ACCOUNTS", "SPOTIFY_OEMBED", "SPOTIFY_EMBEDS", "OPEN_PLAYLISTS_AT")
    absent = dict.fromkeys(names, "")
    return _Spotify({**absent, "SPOTIFY_CLIENT_ID": login["client_id"]}, secret=login)


@contextmanager
def _reccobeats(index: "LoadedIndex", heard: Sequence[Track]) -> Iterator[str]:
    """A simulated ReccoBeats that knows the tracks of the catalogue and those ``heard``, and listens to files.

    Its address.
    """
    from infra.local.demo_audio import heard_in
    from infra.local.demo_index import CatalogueTracks, WithMore
    from infra.local.reccobeats_simulator import ReccoBeatsSimulator, RowsOfTracks

    rows = RowsOfTracks(WithMore(CatalogueTracks(index), heard))
    with ReccoBeatsSimulator(rows, analyser=heard_in) as simulator:
        yield simulator.api_url


@contextmanager
def _audio_worker(aws: "LocalAws", template: SamTemplate) -> Iterator[None]:
    """The worker for uploaded audio, given the messages of its queue."""
    from audio_worker.handler import handler
    from audio_worker.wiring import compose
    from shared.settings import AudioWorkerSettings

    from infra.local.queue_poller import QueuePoller

    # Its clients are made before there are threads, which must not make any at the same time.
    compose(AudioWorkerSettings.from_environment())
    worker = LambdaFunction(handler, template.function(_AUDIO_WORKER))
    with QueuePoller(aws.sqs(), aws.references[_AUDIO_QUEUE], worker):
        yield


@contextmanager
def _release_worker(aws: "LocalAws", template: SamTemplate) -> Iterator[None]:
    """The worker for releases, given the messages of its queue."""
    from release_worker.handler import handler
    from release_worker.wiring import compose
    from shared.settings import ReleaseWorkerSettings

    from infra.local.queue_poller import QueuePoller

    # Before there are threads, as for the other worker.
    compose(ReleaseWorkerSettings.from_environment())
    worker = LambdaFunction(handler, template.function(_RELEASE_WORKER))
    with QueuePoller(aws.sqs(), aws.references[_RELEASE_QUEUE], worker):
        yield


@contextmanager
def _schedules(template: SamTemplate, speed: float) -> Iterator[None]:
    """The jobs on releases and the service account, so many times as often as deployed."""
    from scheduled_jobs.handler import handler

    from infra.local.schedules import Schedules

    rates = template.schedules(_JOBS)
    jobs = LambdaFunction(handler, template.function(_JOBS))
    with Schedules(jobs, {job: rates[job] / speed for job in _JOBS_ON_RELEASES}):
        yield


def _releases_to_come(index: "LoadedIndex") -> tuple[tuple[Track, ...], ...]:
    from infra.local.demo_releases import invented_releases

    return invented_releases(index, datetime.now(UTC))


def _registered(
    aws: "LocalAws", index: "LoadedIndex", to_come: Sequence[Sequence[Track]]
) -> tuple["RegisteredArtist", ...]:
    """The artists of these releases, registered with the genre that most tracks have who might be neighbours."""
    from daltonify_core.use_cases.keep_hooks import release_key_of
    from infra.local.demo_releases import register
    from infra.local.local_aws import PUBLISHING_SECRET, TABLE

    if not to_come or not index.genres:
        return ()
    key = release_key_of(aws.read_secret(PUBLISHING_SECRET))
    return register(aws.dynamodb(), TABLE, key, index.genres[0], to_come, datetime.now(UTC))


@contextmanager
def _variables_in(path: Path, aws: "LocalAws", url: str) -> Iterator[Path]:
    """A file for ``source`` that points commands in another terminal at this service, until it ends."""
    own = ("TABLE_NAME", "RELEASE_QUEUE_URL", "PUBLISHING_SECRET", "SPOTIFY_SECRET", "SPOTIFY_MARKET", "DATA_BUCKET")
    spotify = ("SPOTIFY_API", "SPOTIFY_ACCOUNTS", "OPEN_PLAYLISTS_AT")
    names = [*own, *(name for name in os.environ if name.startswith("AWS_")), *spotify]
    values = {name: os.environ[name] for name in names if os.environ.get(name)}
    values |= {"PAGE_URL": url, "RELEASE_DEAD_LETTERS_URL": aws.references["ReleaseDeadLetters"]}
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()), "utf-8")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _store_secrets(aws: "LocalAws", spotify: _Spotify, settings: DemoSettings) -> str | None:
    """Store what the template declares as secrets; the access code, if one is needed to publish."""
    from infra.local.local_aws import PUBLISHING_SECRET, SPOTIFY_SECRET

    mark = f"{_FAKE}-" if settings.spotify is None else ""
    code = f"{mark}{secrets.token_urlsafe(12)}" if settings.publish_access == "code" else None
    aws.store_secret(SPOTIFY_SECRET, spotify.secret)
    aws.store_secret(
        PUBLISHING_SECRET, {"edit_token_key": f"{_FAKE}-{secrets.token_hex(32)}", "access_codes": code or ""}
    )
    return code


def _examples(url: str, index: "LoadedIndex") -> tuple[tuple[_Example, ...], dict[str, int]]:
    """For each band a track for which the service finds a list, as far as there is one; and why others have none."""
    from infra.local.demo_index import tracks_between

    found: list[_Example] = []
    refusals: dict[str, int] = {}
    artists: set[str] = set()
    for lowest, highest in _EXAMPLE_BANDS:
        for track in tracks_between(index, lowest, highest):
            link = SpotifyLink(LinkKind.TRACK, track.track_id).url
            status, answer = _call(url, "POST", "/api/recommendations", {"seeds": [link]})
            if status != http.HTTPStatus.OK:
                refusals.setdefault(answer.get("detail") or f"It answered with status {status}.", status)
                continue
            if track.artists[0].name in artists:
                continue
            uris = tuple(row["uri"] for row in answer["tracks"])
            if len(uris) >= _ENOUGH_TRACKS:
                artists.add(track.artists[0].name)
                found.append(_Example(track, answer["seeds"][0]["artist_popularity"], uris))
                break
            refusals.setdefault(f"A list got {counted(len(uris), 'track')} only.", status)
    return tuple(found), refusals


def _greet(terminal: Console, running: _Running, settings: DemoSettings) -> None:
    if running.is_synthetic:
        data = f"Demo data: {running.tracks:,} invented tracks by invented artists. Their links lead nowhere."
    else:
        data = f"{running.tracks:,} tracks from {settings.catalogue}."
    if running.playlists_url:
        data += " Spotify is simulated: no account is needed, and nothing is sent to it."
    else:
        data += " Spotify is the real one: playlists appear in the account that gave its consent."
    if running.has_real_reccobeats:
        data += " ReccoBeats is the real one: tracks that the catalogue lacks and audio files are sent to it."
    else:
        data += " ReccoBeats is simulated: audio files stay on this machine."
    terminal.print(f"\nDaltonify is ready: open {running.url}\n", style="bold")
    terminal.print(data)
    if running.examples:
        terminal.print("Tracks to begin with:")
    for example in running.examples:
        artist, title = example.track.artists[0].name, example.track.title
        terminal.print(f"  {example.link}  {artist} – {title} (popularity {example.artist_popularity} of 100)")
    if running.new and not running.has_real_reccobeats:
        terminal.print("Tracks that the catalogue lacks:")
        for track, known in zip(
            running.new, ("ReccoBeats knows how it sounds", "only its title is known"), strict=False
        ):
            terminal.print(f"  {SpotifyLink(LinkKind.TRACK, track.track_id).url}  {known}")
    for registered in running.artists:
        _greet_artist(terminal, running.url, registered)
    if running.artists:
        terminal.print(f"Commands on this service, in another terminal: source {_shown(running.variables)}")
    if running.access_code:
        terminal.print(f"Access code for creating playlists, shown only here: {running.access_code}")
    terminal.print(f"Logs are in {_shown(running.log)}. Ctrl-C ends everything.")


def _greet_artist(terminal: Console, url: str, artist: "RegisteredArtist") -> None:
    from daltonify_core.releases.hook import HookKind

    name = artist.profile.name
    if not artist.hooks:
        terminal.print(f"{name} has a playlist at every release, and is looked for every minute.")
        return
    terminal.print(f"{name} has a playlist at every release. Announce one:")
    for made in artist.hooks:
        address = f"{url}/api/webhooks/releases/{made.hook.hook_id}"
        if made.hook.kind is HookKind.BEARER:
            body = json.dumps({"title": artist.releases[-1].title})
            terminal.print(
                f"  curl {address} -H {shlex.quote(f'Authorization: Bearer {made.secret}')} --json {shlex.quote(body)}"
            )
        else:
            terminal.print(f"  signed after Standard Webhooks: {address} with the secret {made.secret}")
    terminal.print("  Out on the simulated Spotify: " + "; ".join(track.title for track in artist.releases))


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _checked(running: _Running, settings: DemoSettings) -> dict[str, Any]:
    """Do what a visitor does; a summary. Nothing is published to the real Spotify nor sent to the real ReccoBeats."""
    if not running.examples:
        if any(status >= http.HTTPStatus.INTERNAL_SERVER_ERROR for status in running.refusals.values()):
            raise _Fault(f"The service failed when tracks were tried. {running.log} says why.")
        raise DemoRefused(_why_no_list(running, settings))
    example = running.examples[0]
    summary = {
        "url": running.url,
        "health": dict(running.health),
        "tracks": running.tracks,
        "warnings": list(running.warnings),
        "examples": [shown.link for shown in running.examples],
        "recommended": len(example.uris),
        "playlist": None,
        "audio": None if running.has_real_reccobeats else _heard(running),
    }
    if running.playlists_url and settings.publish_access != "off":
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if running.access_code:
            headers["X-Access-Code"] = running.access_code
        playlist = {"title": "Daltonify demo", "uris": list(example.uris)}
        status, answer = _call(running.url, "POST", "/api/playlists", playlist, headers)
        if status != http.HTTPStatus.CREATED:
            raise _Fault(f"The playlist was not created: {answer.get('detail', status)}")
        summary["playlist"] = {"url": answer["url"], "tracks_added": answer["tracks_added"]}
    return summary


def _heard(running: _Running) -> dict[str, Any]:
    """Send a made-up song and wait for what is heard in it."""
    from infra.local.demo_audio import example_song

    status, sent = _send(running.url, "POST", "/api/audio-features", example_song(), {"Content-Type": "audio/wav"})
    if status != http.HTTPStatus.ACCEPTED:
        raise _Fault(f"The audio file was not taken: {sent.get('detail', status)}")
    given_up_at = time.monotonic() + _AUDIO_SECONDS
    while time.monotonic() < given_up_at:
        _, answer = _call(running.url, "GET", sent["status_url"])
        if answer.get("state") == "done":
            return {name: answer[name] for name in ("features_source", "rough")}
        if answer.get("state") not in ("queued", "analysing"):
            break
        time.sleep(_ASK_AGAIN_SECONDS)
    raise _Fault(f"The audio file was not analysed. {running.log} says why.")


def _why_no_list(running: _Running, settings: DemoSettings) -> str:
    data = f"the {counted(running.tracks, 'track')} of {settings.catalogue or 'the demo'}"
    if running.warnings:
        return f"No list can be made from {data}. {' '.join(running.warnings)}"
    if running.refusals:
        said = " ".join([*running.refusals][:_SHOWN_REFUSALS])
        return f"No list of {_ENOUGH_TRACKS} tracks was found for any track that was tried of {data}. {said}"
    lowest, highest = min(band[0] for band in _EXAMPLE_BANDS), max(band[1] for band in _EXAMPLE_BANDS)
    return (
        f"No list was tried, because among {data} none with a genre on offer is by an artist with a popularity from "
        f"{lowest} to {highest}."
    )


def _call(
    url: str, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Ask our own front door, with JSON; status and JSON of the answer."""
    if body is None:
        return _send(url, method, path, None, {})
    return _send(url, method, path, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def _send(
    url: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    # Neither proxies nor redirects have a say here.
    with closing(http.client.HTTPConnection(url.removeprefix("http://"))) as connection:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        return response.status, answer
