"""The ``daltonify`` command: import public data, build an index, recommend a playlist, consent to publishing.

Exit codes: 0 done; 1 a fault of ours; 2 something in the command or the data must be mended; 3 nothing was found that
could be recommended, built or shown; 4 there is no usable index; 5 another build came first, so build again; 6 an
outside service does not answer or asks for a pause, so try again later; 130 stopped by Ctrl-C. With ``--json`` standard
output holds one JSON document, errors included.
"""

import io
import json
import os
import signal
import sqlite3
import sys
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.links import LinkKind, SpotifyLink
from daltonify_core.catalogue.public_data.scales import PopularityScale
from daltonify_core.catalogue.track import MAX_DURATION_MS
from daltonify_core.errors import (
    ActivationConflict,
    CatalogueEmpty,
    DaltonifyError,
    IndexCorrupt,
    IndexUnavailable,
    InvalidQuery,
    InvalidTrack,
    NoBiggerArtists,
    SeedDataNeeded,
    UnknownGenre,
    UpstreamRateLimited,
    UpstreamUnavailable,
)
from daltonify_core.evaluation.playlists import Half
from daltonify_core.evaluation.questions import Protocol
from daltonify_core.evaluation.scoreboard import EvaluationSettings
from daltonify_core.index.builder import BuildSettings
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.export import to_csv, to_jspf, to_uris
from daltonify_core.playlist.filters import Explicit
from daltonify_core.playlist.findings import NO_FINDINGS
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.playlist.recommendation import Recommendation
from daltonify_core.playlist.request import Order, RecommendationRequest, RequestFilters, Seed
from daltonify_core.use_cases.import_catalogue import ImportSettings
from daltonify_core.use_cases.roll_back_index import KeptIndex
from infra.cli import (
    EXIT_INTERRUPTED,
    INTERRUPTED,
    analyse,
    artists,
    collect,
    look_ups,
    releases,
    score_plot,
    screen,
    status,
    wiring,
)
from infra.cli import login as consent

EXIT_MEND: Final = 2
EXIT_NOTHING: Final = 3
EXIT_NO_INDEX: Final = 4
EXIT_CONFLICT: Final = 5
EXIT_LATER: Final = 6
EXIT_TERMINATED: Final = 143
_SEED_DATA_HINT: Final = (
    " The options for that are --title, --artist, --feature and --followers; `daltonify analyse FILE` finds features "
    "in audio."
)
_FEATURES_HELP = "one audio feature, such as energy=0.9 or tempo=128; may be repeated"
_TARGETS_HELP = "more or less of a feature than your track has, from -1 to 1, such as energy=0.2; may be repeated"
_FILE_ENDINGS: Final = (".csv.gz", ".csv", ".tsv.gz", ".tsv", ".txt.gz", ".txt", ".parquet", ".zip", ".gz")

app = typer.Typer(
    help="Place an independent artist's track beside bigger artists who sound alike.",
    no_args_is_help=True,
    add_completion=False,
    # Defaults in help texts stand in square brackets, which Rich would take for markup.
    rich_markup_mode=None,
    # Tracebacks of Rich print local variables; plain ones say enough.
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="print one JSON document instead of tables")]
IndexFolder = Annotated[Path, typer.Option("--index", help="folder of the index")]


@app.command("import")
def import_command(
    sources: Annotated[list[Path], typer.Argument(help="CSV, TSV, Parquet or zip files, or folders of them")],
    out: Annotated[
        Path | None, typer.Option(help="catalogue file to write  [default: catalogue/<name of the source>.csv.gz]")
    ] = None,
    genre_from_file_name: Annotated[
        bool, typer.Option("--genre-from-file-name", help="each file holds one genre and is named after it")
    ] = False,
    genre: Annotated[str | None, typer.Option(help="the genre of everything that is imported")] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="when popularity was read: YYYY, YYYY-MM or YYYY-MM-DD; newer rows win")
    ] = None,
    source: Annotated[str | None, typer.Option(help="where the data come from  [default: name of the source]")] = None,
    popularity_scale: Annotated[
        PopularityScale, typer.Option(help="scale of track popularity; auto decides for each file")
    ] = PopularityScale.AUTO,
    replace: Annotated[bool, typer.Option("--replace", help="overwrite the catalogue file if there is one")] = False,
    as_json: Json = False,
) -> None:
    """Bring public data sets into the catalogue.

    The report accounts for every row: read = kept + merged + dropped.
    """
    with _errors(as_json):
        target = out or Path("catalogue") / f"{_default_name(sources)}.csv.gz"
        if not target.name.endswith((".csv", ".csv.gz")):
            raise InvalidQuery(f"The catalogue file {target.name} must end in .csv or .csv.gz.")
        if target.exists() and not replace:
            raise InvalidQuery(f"{target} is there already. Overwrite it with --replace, or name another with --out.")
        settings = ImportSettings(
            genre_from_file_name=genre_from_file_name,
            genre=genre,
            snapshot=snapshot,
            source=source or (_stem(sources[0]) if len(sources) == 1 else None),
            popularity_scale=popularity_scale,
        )
        with screen.progress_bars(not as_json) as progress:
            report = wiring.import_files(sources, target, settings, progress)
        if as_json:
            screen.print_json(report.to_dict() | {"written_to": str(target)})
        else:
            screen.print_import(report, str(target))


@app.command()
def build(
    catalogue: Annotated[Path, typer.Option(help="catalogue folder or file")] = Path("catalogue"),
    index: IndexFolder = Path("index"),
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="seed of the index; equal input and seed give equal bytes")
    ] = BuildSettings().seed,
    as_json: Json = False,
) -> None:
    """Build an index from the catalogue and make it current.

    If anything fails, the index that was current stays current.
    """
    with _errors(as_json):
        with screen.progress_bars(not as_json) as progress:
            report = wiring.build(catalogue, index, BuildSettings(seed=seed), progress)
        if as_json:
            screen.print_json(report.to_dict())
        else:
            screen.print_build(report, str(index))


@app.command()
def recommend(
    context: typer.Context,
    tracks: Annotated[list[str] | None, typer.Argument(help="Spotify track links, your own tracks in order")] = None,
    index: IndexFolder = Path("index"),
    genre: Annotated[str | None, typer.Option(help="genre to look in  [default: the track's own]")] = None,
    size: Annotated[int, typer.Option(help="number of recommended tracks, 5 to 100")] = 30,
    min_lift: Annotated[int | None, typer.Option(help="least points of popularity above you  [default: 10]")] = None,
    max_lift: Annotated[int | None, typer.Option(help="most points of popularity above you  [default: 60]")] = None,
    widen: Annotated[bool, typer.Option("--widen", help="widen the band you set if it holds too few tracks")] = False,
    popularity_weight: Annotated[float, typer.Option(help="0 ranks by sound alone, 1 counts popularity as much")] = 0.0,
    order: Annotated[Order, typer.Option(help="order of the list")] = Order.FLOW,
    own_slots: Annotated[OwnSlots, typer.Option(help="where your own tracks stand")] = OwnSlots.EARLY,
    explicit: Annotated[Explicit, typer.Option(help="tracks with explicit lyrics")] = Explicit.ALLOW,
    year_from: Annotated[int | None, typer.Option(help="first release year")] = None,
    year_to: Annotated[int | None, typer.Option(help="last release year")] = None,
    exclude_artist: Annotated[list[str] | None, typer.Option(help="artist to leave out; may be repeated")] = None,
    exclude_track: Annotated[list[str] | None, typer.Option(help="track link to leave out; may be repeated")] = None,
    pin: Annotated[list[str] | None, typer.Option(help="track link to keep in the list; may be repeated")] = None,
    era: Annotated[bool, typer.Option("--era/--no-era", help="count time of release beside the sound")] = True,
    target: Annotated[list[str] | None, typer.Option(help=_TARGETS_HELP)] = None,
    variation: Annotated[int, typer.Option(help="0 is the best list; each other number is another good one")] = 0,
    title: Annotated[str | None, typer.Option(help="title of a track that the catalogue does not know")] = None,
    artist: Annotated[list[str] | None, typer.Option(help="its artist; may be repeated, main artist first")] = None,
    followers: Annotated[int | None, typer.Option(help="its artist's followers on Spotify")] = None,
    released: Annotated[str | None, typer.Option(help="its date of release: YYYY, YYYY-MM or YYYY-MM-DD")] = None,
    length: Annotated[str | None, typer.Option(help="its length, in seconds or as minutes:seconds")] = None,
    feature: Annotated[list[str] | None, typer.Option(help=_FEATURES_HELP)] = None,
    seed_genre: Annotated[list[str] | None, typer.Option(help="its genre; may be repeated")] = None,
    audio: Annotated[
        Path | None, typer.Option(help="audio file of it, to take features from; see `daltonify analyse --help`")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help=analyse.START_HELP)] = None,
    vocals: Annotated[bool | None, typer.Option("--vocals/--no-vocals", help=analyse.VOCALS_HELP)] = None,
    tempo: Annotated[str | None, typer.Option(help=analyse.TEMPO_HELP)] = None,
    send: Annotated[bool, typer.Option("--send", help=analyse.SEND_HELP)] = False,
    request: Annotated[
        Path | None, typer.Option(help="JSON file with a whole request instead of the options above; - reads it")
    ] = None,
    look_up: Annotated[
        bool, typer.Option("--look-up/--no-look-up", help="ask ReccoBeats and Spotify what the catalogue lacks")
    ] = True,
    out: Annotated[
        list[Path] | None, typer.Option(help="also write the list: .txt (URIs), .csv or .jspf; may be repeated")
    ] = None,
    as_json: Json = False,
) -> None:
    """Recommend a playlist around your track.

    A track that the catalogue does not know is looked up at ReccoBeats and Spotify. What they do not know either is
    described by title, artist, followers and whatever features are known. Spotify tells the most to an app whose
    SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are set.
    """
    with _errors(as_json):
        exports = [(path, _export_format(path)) for path in out or []]
        listening = analyse.ListeningOptions(audio, start, vocals, tempo, send)
        if request is not None:
            _refuse_other_options(context, {"index", "request", "look_up", "out", "as_json"})
            asked = _read_request(request)
        else:
            listening.check()
            band = None
            if min_lift is not None or max_lift is not None:
                band = BandLifts.from_ends(min_lift, max_lift)
            asked = RecommendationRequest(
                seeds=_seeds(
                    tracks or [],
                    title,
                    artist or [],
                    followers,
                    released,
                    _milliseconds(length),
                    _features(feature or []),
                    seed_genre or [],
                    audio is not None,
                ),
                genre=genre,
                size=size,
                band=band,
                widen=widen,
                popularity_weight=popularity_weight,
                order=order,
                own_slots=own_slots,
                filters=RequestFilters(
                    explicit, year_from, year_to, tuple(exclude_artist or ()), tuple(exclude_track or ())
                ),
                era=era,
                targets=_numbers(target or [], "a target", "energy=0.2"),
                variation=variation,
                pinned=tuple(pin or ()),
            )
        with wiring.open_recommender(index) as recommender:
            recommender.check(asked)
            # Listening takes a while and may send the file, so it comes after everything that can be refused.
            if audio is not None:
                reccobeats_url = os.environ.get("RECCOBEATS_API") or look_ups.RECCOBEATS_API
                asked = replace(asked, seeds=(listening.heard(asked.seeds[0], reccobeats_url, as_json),))
            found = look_ups.look_up(asked.seeds, recommender.index, os.environ) if look_up else NO_FINDINGS
            answer = recommender.recommend(asked, found)
        for path, render in exports:
            # Spreadsheets take UTF-8 for something else unless a byte-order mark says so.
            _write_whole(path, render(answer).encode("utf-8-sig" if path.suffix.lower() == ".csv" else "utf-8"))
        if as_json:
            screen.print_json(answer.to_dict(reason_parts=asked.reason_parts))
        else:
            screen.print_recommendation(answer)
            if not exports:
                screen.print_hint("Add --out list.txt for links to paste into a Spotify playlist, or .csv or .jspf.")


@app.command()
def find(
    text: Annotated[list[str], typer.Argument(help="words of a title or an artist's name")],
    index: IndexFolder = Path("index"),
    limit: Annotated[int, typer.Option(min=1, max=200, help="how many tracks to show")] = 20,
    as_json: Json = False,
) -> None:
    """Find tracks of the index by name, most popular artists first."""
    with _errors(as_json), wiring.open_recommender(index) as recommender:
        loaded = recommender.index
        items = loaded.tracks.search(" ".join(text), limit)
        found = []
        for item, track in zip(items, loaded.tracks.tracks(items), strict=True):
            popularity = int(loaded.arrays.artist_popularity[item])
            found.append(
                {
                    "track_id": track.track_id,
                    "url": SpotifyLink(LinkKind.TRACK, track.track_id).url,
                    "title": track.title,
                    "artists": [credit.name for credit in track.artists],
                    "artist_popularity": popularity if popularity >= 0 else None,
                    "genres": list(track.genres),
                }
            )
        if as_json:
            screen.print_json({"tracks": found})
        elif found:
            screen.print_found(found)
        else:
            screen.print_error(f"The index holds no track with the words {' '.join(text)!r}.")
        if not found:
            raise typer.Exit(EXIT_NOTHING)


@app.command()
def evaluate(
    catalogue: Annotated[
        list[Path], typer.Option(help="catalogue file, or any file that can be imported; may be repeated")
    ],
    playlists: Annotated[
        Path, typer.Option(help="table with the columns playlist_id, track_id and perhaps genre; may be the same file")
    ],
    seeds: Annotated[
        int, typer.Option(min=1, help="tracks to start from: so many by small artists, and so many by anybody")
    ] = EvaluationSettings().seeds,
    half: Annotated[
        Half, typer.Option(help="playlists that count: choose numbers by tune, report them by report")
    ] = Half.REPORT,
    protocol: Annotated[Protocol | None, typer.Option(help="ask this question only  [default: both]")] = None,
    plot: Annotated[Path | None, typer.Option(help="also draw the result into this .svg file")] = None,
    as_json: Json = False,
) -> None:
    """Score our recommendations and simple ones against playlists that people made.

    An index of the catalogue is built in a temporary folder. Numbers are the same on every run.
    """
    with _errors(as_json):
        if plot is not None and plot.suffix.lower() != ".svg":
            raise InvalidQuery(f"{plot.name} must end in .svg.")
        if plot is not None and not plot.resolve().parent.is_dir():
            raise InvalidQuery(f"There is no folder {plot.parent} to draw {plot.name} into.")
        settings = EvaluationSettings(seeds, half, tuple(Protocol) if protocol is None else (protocol,))
        with screen.progress_bars(not as_json) as progress:
            board = wiring.evaluate(catalogue, playlists, settings, progress)
        if plot is not None:
            _write_whole(plot, score_plot.draw(board).encode())
        if as_json:
            screen.print_json(board.to_dict())
        else:
            screen.print_scoreboard(board)


@app.command()
def login(
    client_id: Annotated[
        str, typer.Option(envvar="SPOTIFY_CLIENT_ID", help="client id of your app at Spotify", show_default=False)
    ] = "",
    secret: Annotated[
        str | None,
        typer.Option(help=f"name in AWS Secrets Manager to store under  [default: {consent.DEFAULT_SECRET}]"),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="store in this private file instead, for one machine")] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="http://127.0.0.1:PORT/callback must be a redirect URI of the app")
    ] = consent.DEFAULT_PORT,
    timeout: Annotated[
        float, typer.Option(min=1, help="seconds to wait for the consent")
    ] = consent.DEFAULT_TIMEOUT_SECONDS,
    browser: Annotated[bool, typer.Option(help="open the page, or only print its address")] = True,
    accounts_url: Annotated[str, typer.Option(hidden=True)] = consent.SPOTIFY_ACCOUNTS,
    api_url: Annotated[str, typer.Option(hidden=True)] = consent.SPOTIFY_API,
    as_json: Json = False,
) -> None:
    """Consent to publishing playlists under a Spotify account; needed again every six months.

    The app's client secret comes from SPOTIFY_CLIENT_SECRET. At a terminal, what is not given is asked for.
    """
    with _errors(as_json):
        if file is not None and secret is not None:
            raise InvalidQuery("Store the consent in one place: --secret or --file.")
        client_id, client_secret = _client_id(client_id), _client_secret()
        store, name = (
            (wiring.secrets_manager(), secret or consent.DEFAULT_SECRET)
            if file is None
            else (consent.PrivateFiles(), str(file))
        )
        # Before anybody is asked to consent: an answer that cannot be stored would be lost.
        consent.stored_values(store, name)
        with consent.CallbackServer(port) as server:
            spotify = wiring.spotify_consent(client_id, client_secret, server.redirect_uri, api_url, accounts_url)
            is_opened = browser and consent.can_open_browser()
            code = consent.wait_for_code(
                server,
                spotify.address,
                partial(_announce, server.redirect_uri, is_opened),
                webbrowser.open if is_opened else None,
                timeout,
            )
        given = spotify.redeem(code)
        store.write(name, {**consent.stored_values(store, name), **given.values})
        if as_json:
            screen.print_json(
                {
                    "account": given.account,
                    "scopes": given.values["scopes"].split(),
                    "consented_at": given.values["consented_at"],
                    "consent_ends": given.ends.isoformat(timespec="seconds"),
                    "stored_in": {"secret" if file is None else "file": name},
                }
            )
        else:
            screen.print_plain(f"Playlists will be published under the account {given.account}.")
            screen.print_plain(f"The consent is stored in the {'secret' if file is None else 'file'} {name}.")
            screen.print_plain(
                f"It ends on {given.ends.day} {given.ends:%B %Y}. Run `daltonify login` again before that day; nothing "
                "has to be restarted then."
            )


@app.command()
def rollback(
    version: Annotated[
        str | None, typer.Argument(help="version to make current, or its beginning; without it they are listed")
    ] = None,
    index: IndexFolder = Path("index"),
    bucket: Annotated[str | None, typer.Option(help="data bucket on AWS, in place of a folder")] = None,
    stack: Annotated[
        str | None, typer.Option(help="deployed stack whose data bucket is meant, such as daltonify-dev")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an older index current again, or list those that are kept.

    The next build makes an index of the catalogue as it is then and activates it: mend the catalogue before that.
    """
    with _errors(as_json):
        if bucket is not None and stack is not None:
            raise InvalidQuery("Name one place: --bucket or --stack.")
        store = wiring.index_store(index, bucket, stack)
        if version is None:
            kept = wiring.kept(store)
            if as_json:
                screen.print_json({"indexes": [_kept_index(one) for one in kept]})
            else:
                screen.print_kept_indexes(kept)
            return
        current = wiring.roll_back(store, version)
        if as_json:
            screen.print_json({"current": current.version, "previous": list(current.previous)})
        else:
            screen.print_plain(f"{current.version} is current. A service that runs answers from it within two minutes.")
            screen.print_plain("The next build makes an index of the catalogue again: mend the catalogue before that.")


def _kept_index(kept: KeptIndex) -> dict[str, Any]:
    manifest = kept.manifest
    return {
        "version": kept.version,
        "current": kept.is_current,
        "tracks": manifest and manifest.items,
        "snapshot": manifest and manifest.snapshot,
        "source": manifest and manifest.source,
        "fault": kept.fault,
    }


def _client_id(given: str) -> str:
    given = given.strip()
    if not given and _is_at_terminal():
        given = typer.prompt("Client id, from the app's page at developer.spotify.com/dashboard", err=True).strip()
    if not given:
        raise InvalidQuery(
            "Name the app that publishes: --client-id or SPOTIFY_CLIENT_ID, from its page at "
            "developer.spotify.com/dashboard, or run this in a terminal."
        )
    return given


def _client_secret() -> str:
    """Never an argument, which other users of the machine could see."""
    given = os.environ.get("SPOTIFY_CLIENT_SECRET", "").strip()
    if not given and _is_at_terminal():
        given = typer.prompt("Client secret", hide_input=True, err=True).strip()
    if not given:
        raise InvalidQuery("Set SPOTIFY_CLIENT_SECRET to the app's client secret, or run this in a terminal.")
    return given


def _is_at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _announce(redirect_uri: str, is_opened: bool, address: str) -> None:
    """On standard error and unwrapped: the address is to be copied, and standard output may be a JSON document."""
    typer.echo(
        f"{'Your browser shows' if is_opened else 'Open'} this page; consent there as the account that publishes:\n\n"
        f"  {address}\n\n"
        f"The app at Spotify needs {redirect_uri} among its redirect URIs.",
        err=True,
    )
    if not is_opened:
        port = urlsplit(redirect_uri).port
        typer.echo(
            f"With the browser on another machine, first run there: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE",
            err=True,
        )


def _print_version(wanted: bool) -> None:
    if wanted:
        screen.print_plain(f"daltonify {metadata.version('daltonify')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="print the version and leave", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Place an independent artist's track beside bigger artists who sound alike."""


def main() -> None:
    """Entry point of the console script."""
    # End like any other program: quietly when the reader of our output has gone, and tidily when asked to.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(EXIT_TERMINATED))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a title must not end the command.
            stream.reconfigure(errors="replace")
    # From here on there may be something to put in order first.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "--json" not in sys.argv:
        app()
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        screen.print_json({"code": "usage", "detail": error.format_message()})
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except Exception:
        screen.print_json({"code": "internal_error", "detail": "A fault of ours; standard error tells more."})
        raise


@contextmanager
def _errors(as_json: bool) -> Iterator[None]:
    """Turn errors into a message and an exit code; unknown ones keep their traceback."""
    try:
        yield
    except DaltonifyError as error:
        if as_json:
            screen.print_json(_problem(error))
        else:
            hint = _SEED_DATA_HINT if isinstance(error, SeedDataNeeded) else ""
            screen.print_error(error.message + hint)
        raise typer.Exit(_exit_code(error)) from error
    except (KeyboardInterrupt, typer.Abort) as error:
        if as_json:
            screen.print_json({"code": "interrupted", "detail": INTERRUPTED})
        else:
            screen.print_error(INTERRUPTED)
        raise typer.Exit(EXIT_INTERRUPTED) from error
    except (OSError, sqlite3.OperationalError) as error:
        # SQLite works in the temporary folder and reports a full disk in its own way.
        name = getattr(error, "filename", None) or "A file"
        message = f"{name} cannot be used: {getattr(error, 'strerror', None) or error}."
        if as_json:
            screen.print_json({"code": "file_error", "detail": message})
        else:
            screen.print_error(message)
        raise typer.Exit(EXIT_MEND) from error


def _exit_code(error: DaltonifyError) -> int:
    if isinstance(error, NoBiggerArtists | CatalogueEmpty):
        return EXIT_NOTHING
    if isinstance(error, ActivationConflict):
        return EXIT_CONFLICT
    if isinstance(error, IndexUnavailable | IndexCorrupt):
        return EXIT_NO_INDEX
    if isinstance(error, UpstreamUnavailable | UpstreamRateLimited):
        return EXIT_LATER
    return EXIT_MEND


def _problem(error: DaltonifyError) -> dict[str, Any]:
    problem: dict[str, Any] = {"code": error.code, "detail": error.message}
    if isinstance(error, SeedDataNeeded):
        problem |= error.to_dict()
    if isinstance(error, UnknownGenre):
        problem["offered"] = list(error.offered)
    return problem


def _refuse_other_options(context: typer.Context, allowed: set[str]) -> None:
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    # An argument that may be left out counts as given even when it is empty.
    extra = [name for name in given if name not in allowed and context.params[name] is not None]
    if extra:
        raise InvalidQuery(f"A request file says everything: leave out {', '.join(sorted(extra)).replace('_', '-')}.")


def _default_name(sources: Sequence[Path]) -> str:
    if len(sources) > 1:
        raise InvalidQuery("Several sources become one catalogue file: name it with --out catalogue/NAME.csv.gz.")
    return _stem(sources[0])


def _stem(path: Path) -> str:
    name = path.resolve().name
    ending = next((ending for ending in _FILE_ENDINGS if name.lower().endswith(ending)), "")
    return name.removesuffix(name[len(name) - len(ending) :]) if ending else name


def _seeds(
    links: Sequence[str],
    title: str | None,
    artists: Sequence[str],
    followers: int | None,
    released: str | None,
    duration_ms: int | None,
    features: AudioFeatures,
    genres: Sequence[str],
    is_heard: bool,
) -> tuple[Seed, ...]:
    """Links as seeds; a description completes the only link, or stands for a track of its own.

    ``is_heard`` says that an audio file will describe it as well.
    """
    seeds = [Seed.from_link(link) for link in links]
    described = (title, artists, followers is not None, released, duration_ms is not None, features.present(), genres)
    if any(described) or is_heard:
        if len(seeds) > 1:
            raise InvalidQuery("Describe one track only: with several links, put the descriptions into --request.")
        seeds = [
            Seed(
                track_id=seeds[0].track_id if seeds else None,
                title=title,
                artists=tuple(artists),
                features=features,
                genres=normalise_genres(genres),
                followers=followers,
                release_date=released,
                duration_ms=duration_ms,
            )
        ]
    if not seeds:
        raise InvalidQuery(
            "Give a track to start from, such as https://open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW, "
            "or describe one with --title, --artist, --followers and --feature or --audio."
        )
    return tuple(seeds)


def _milliseconds(length: str | None) -> int | None:
    if length is None:
        return None
    try:
        duration = round(1000 * analyse.seconds_of(length))
    except InvalidQuery:
        duration = 0
    if not 0 < duration <= MAX_DURATION_MS:
        raise InvalidQuery(f"{length[:40]!r} is no track's length. Write seconds (200) or minutes and seconds (3:20).")
    return duration


def _features(texts: Sequence[str]) -> AudioFeatures:
    try:
        return AudioFeatures.from_mapping(_numbers(texts, "a feature", "energy=0.9"))
    except InvalidTrack as error:
        raise InvalidQuery(error.message) from error


def _numbers(texts: Sequence[str], what: str, example: str) -> dict[str, float]:
    values: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        try:
            values[name.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals:
            raise InvalidQuery(f"{text[:60]!r} is not {what}; write it as name=number, such as {example}.")
    return values


def _write_whole(path: Path, content: bytes) -> None:
    """Write under another name and then rename, so that a failure leaves an older file as it was."""
    target = path.resolve()
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _read_request(path: Path) -> RecommendationRequest:
    if str(path) == "-" and sys.stdin is None:
        raise InvalidQuery("There is no standard input to read a request from.")
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidQuery(f"The request is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise InvalidQuery(
            'The request must be a JSON object, such as {"seeds": ["https://open.spotify.com/track/…"]}.'
        )
    return RecommendationRequest.from_dict(values)


def _export_format(path: Path) -> Callable[[Recommendation], str]:
    formats: dict[str, Callable[[Recommendation], str]] = {
        ".txt": lambda answer: to_uris(answer.tracks),
        ".csv": lambda answer: to_csv(answer.tracks),
        ".jspf": lambda answer: to_jspf(answer, path.stem),
    }
    if path.suffix.lower() not in formats:
        raise InvalidQuery(f"{path.name} must end in .txt (URIs), .csv or .jspf.")
    return formats[path.suffix.lower()]


analyse.add_to(app, _errors)
collect.add_to(app, _errors)
artists.add_to(app, _errors)
releases.add_to(app, _errors)
status.add_to(app, _errors)


if __name__ == "__main__":
    main()
