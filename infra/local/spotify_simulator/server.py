"""The simulator as a server: routes, faults, records, and the switches for tests that reach it over HTTP only."""

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from daltonify_core.ports.surroundings import Clock
from infra.local.fault_plan import FaultPlan
from infra.local.http_answers import json_answer, text_answer
from infra.local.loopback_server import LoopbackServer, drop_connection
from infra.local.spotify_simulator.accounts import AccountsService
from infra.local.spotify_simulator.answers import refusal
from infra.local.spotify_simulator.catalogue import SimulatedTrack
from infra.local.spotify_simulator.exchanges import Exchange, record
from infra.local.spotify_simulator.faults import NOT_LISTED, WORK_IS_DONE, Fault, FaultKind
from infra.local.spotify_simulator.pages import Pages
from infra.local.spotify_simulator.state import (
    DEFAULT_USER,
    MAX_PLAYLISTS,
    App,
    NotListed,
    Refused,
    SimulatedPlaylist,
    SpotifyState,
)
from infra.local.spotify_simulator.web_api import WebApi

_KEPT_REQUESTS: Final = 10_000  # more than any test sends; a demo that runs for weeks must not fill the memory
_NO_TRACKS: Final[Mapping[str, SimulatedTrack]] = {}
_CORS_PATHS: Final = ("/v1/", "/api/token")
_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Accept, App-Platform, Authorization, Content-Type, Origin, Retry-After",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS, PUT, DELETE, PATCH",
    "Access-Control-Max-Age": "604800",
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SpotifySimulator:
    """A simulated Spotify that answers on 127.0.0.1 while the context lasts.

    ``tracks`` are known by their ids and read as the mapping gives them. ``port=0`` lets the system choose. Tokens,
    codes and consents age by ``clock``; slow faults take real time. State is kept in memory and may be looked at and
    changed from any thread.
    """

    def __init__(
        self,
        tracks: Mapping[str, SimulatedTrack] = _NO_TRACKS,
        port: int = 0,
        clock: Clock = _utc_now,
        max_playlists: int = MAX_PLAYLISTS,
    ) -> None:
        self._state = SpotifyState(tracks, clock, max_playlists)
        self._faults = FaultPlan[Fault]()
        self._requests: deque[Exchange] = deque(maxlen=_KEPT_REQUESTS)
        self._requests_lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = LoopbackServer(self._answer, port)
        self.accounts_url = self._server.url
        self.api_url = f"{self.accounts_url}/v1/"
        self.playlists_url = f"{self.accounts_url}/playlist/"
        web_api = WebApi(self._state, self.accounts_url)
        self.endpoints = frozenset(web_api.endpoints())
        services = (
            web_api,
            AccountsService(self._state),
            Pages(self._state, self.accounts_url),
        )
        rules = [*self._switches(), *(rule for service in services for rule in service.rules())]
        self._routes = Map(rules, strict_slashes=False, merge_slashes=False)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # First wakes those that a slow fault holds up.
        self._stopping.set()
        self._server.stop()

    @property
    def playlists(self) -> dict[str, SimulatedPlaylist]:
        """Every playlist as it stands now, in the order of creation."""
        with self._state.lock:
            return dict(self._state.playlists)

    @property
    def requests(self) -> list[Exchange]:
        """What was asked lately and how it was answered, in the order in which the answers were ready."""
        with self._requests_lock:
            return list(self._requests)

    def register_app(self, client_id: str, client_secret: str | None, redirect_uris: Iterable[str] = ()) -> None:
        """Make a client known; ``ValueError`` for a redirect address that Spotify would not take."""
        self._state.register_app(App(client_id, client_secret, tuple(redirect_uris)))

    def consent(self, client_id: str, scopes: str | Iterable[str], user_id: str = DEFAULT_USER) -> str:
        """The refresh token of a consent that the user gives now; ``scopes`` may be one text with blanks.

        ``ValueError`` for an app that was not registered.
        """
        app = self._state.app(client_id)
        if app is None:
            raise ValueError(f"no app {client_id!r} is registered")
        asked = scopes.split() if isinstance(scopes, str) else tuple(scopes)
        return self._state.consent(client_id, user_id, asked, by_pkce=app.client_secret is None)

    def revoke(self, refresh_token: str) -> None:
        """The user takes the consent back; access tokens stay good until they expire."""
        self._state.revoke(refresh_token)

    def expire_access_tokens(self) -> None:
        """Every access token ends now, as after an hour; ``DELETE /_simulator/access-tokens`` does the same."""
        self._state.expire_access_tokens()

    def add_tracks(self, tracks: Mapping[str, SimulatedTrack]) -> None:
        """Make more tracks known, or replace them; ``ValueError`` for an id that is not 22 letters and digits."""
        with self._state.lock:
            self._state.catalogue.add(tracks)

    def read_ahead(self) -> None:
        """Derive artists and albums from the tracks now; otherwise the first request for one waits for that."""
        self._state.catalogue.read_ahead()

    def add_playlist(self, playlist: SimulatedPlaylist) -> str:
        """Put a playlist there as if somebody had made it before; its id."""
        return self._state.new_playlist(playlist)

    def add_fault(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._faults.add(fault)

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    @property
    def busy(self) -> bool:
        """Whether a request is being worked on."""
        return self._server.busy

    def wait_until_idle(self, timeout_seconds: float = 10.0) -> None:
        """Return when all that was sent so far is done with, also what its client gave up on; ``TimeoutError``."""
        self._server.wait_until_idle(timeout_seconds)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_simulator/"):
            return self._work(request)
        fault = None if request.method == "OPTIONS" else self._faults.take(request.method, request.path)
        if fault is None:
            response = self._work(request)
            self._record(request, response, None)
            return response
        return self._answer_with_fault(request, fault)

    def _answer_with_fault(self, request: Request, fault: Fault) -> Response:
        kind = FaultKind(fault.kind)
        if kind is FaultKind.SLOW and self._stopping.wait(fault.pause_seconds):
            drop_connection(request)
        response = self._work(request) if kind in WORK_IS_DONE else None
        if kind not in (FaultKind.SLOW, FaultKind.SLOW_AFTER, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER):
            response = _with_cors(request, fault.answer())
        drops = kind in (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)
        self._record(request, None if drops else response, kind)
        if kind is FaultKind.SLOW_AFTER:
            self._stopping.wait(fault.pause_seconds)
        if drops or response is None:
            drop_connection(request)
        return response

    def _record(self, request: Request, response: Response | None, fault: FaultKind | None) -> None:
        exchange = record(request, response, fault)
        with self._requests_lock:
            self._requests.append(exchange)

    def _work(self, request: Request) -> Response:
        if request.method == "OPTIONS" and request.path.startswith(_CORS_PATHS):
            return _with_cors(request, Response(status=204))
        try:
            handler, arguments = self._routes.bind_to_environ(request.environ).match()
            with self._state.lock:
                response = handler(request, **arguments)
        except Refused as refused:
            response = refusal(refused.status, refused.message)
        except NotListed:
            response = text_answer(NOT_LISTED, HTTPStatus.FORBIDDEN)
        except HTTPException as error:
            response = _not_routed(request, error)
        return _with_cors(request, response)

    def _switches(self) -> Iterator[Rule]:
        yield Rule("/_simulator/faults", methods=["GET"], endpoint=self._show_faults)
        yield Rule("/_simulator/faults", methods=["POST"], endpoint=self._order_fault)
        yield Rule("/_simulator/faults", methods=["DELETE"], endpoint=self._drop_faults)
        yield Rule("/_simulator/access-tokens", methods=["DELETE"], endpoint=self._end_access_tokens)
        yield Rule("/_simulator/playlists", methods=["GET"], endpoint=self._show_playlists)

    def _show_faults(self, request: Request) -> Response:
        return json_answer({"faults": [asdict(fault) | {"left": left} for fault, left in self._faults.pending()]})

    def _order_fault(self, request: Request) -> Response:
        try:
            fault = Fault(**json.loads(request.get_data()))
        except (TypeError, ValueError) as error:
            return json_answer({"error": f"not a fault: {error}"}, 400)
        self._faults.add(fault)
        return json_answer(asdict(fault), 201)

    def _drop_faults(self, request: Request) -> Response:
        self._faults.clear()
        return Response(status=204)

    def _end_access_tokens(self, request: Request) -> Response:
        self.expire_access_tokens()
        return Response(status=204)

    def _show_playlists(self, request: Request) -> Response:
        shown = [
            {
                "id": playlist_id,
                "name": playlist.name,
                "description": playlist.description,
                "public": playlist.public,
                "owner": playlist.owner,
                "in_library": playlist.in_library,
                "has_cover": playlist.cover is not None,
                "uris": playlist.uris,
                "page": f"{self.playlists_url}{playlist_id}",
            }
            for playlist_id, playlist in self.playlists.items()
        ]
        return json_answer({"playlists": shown})


def _with_cors(request: Request, response: Response) -> Response:
    if request.path.startswith(_CORS_PATHS):
        response.headers.update(_CORS)
    return response


def _not_routed(request: Request, error: HTTPException) -> Response:
    if not request.path.startswith("/v1/"):
        return text_answer(error.name, error.code or 404)
    return refusal(404, "Service not found")
