"""The simulator as a server: routes, limits, faults, records, and switches for whoever reaches it over HTTP only."""

import json
import math
import re
import socket
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, NoReturn, Self
from uuid import UUID

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from daltonify_core.ports.surroundings import Clock
from infra.local.fault_plan import FaultPlan
from infra.local.http_answers import json_answer
from infra.local.loopback_server import LoopbackServer, drop_connection
from infra.local.reccobeats_simulator import refusals
from infra.local.reccobeats_simulator.audio import MAX_FILE_BYTES, Analyser, is_listed_audio, made_up_features
from infra.local.reccobeats_simulator.exchanges import Exchange, asked_ids, record
from infra.local.reccobeats_simulator.faults import ANSWERS_REALLY, Fault, FaultKind, spoil
from infra.local.reccobeats_simulator.refusals import Refused
from infra.local.reccobeats_simulator.rows import JsonObject, SimulatedRow, SimulatedRows

MAX_IDS: Final = 40
REQUESTS_PER_WINDOW: Final = 120
"""The real figure is not published; this lets a client through that asks twice a second."""
WINDOW_SECONDS: Final = 60

_KEPT_REQUESTS: Final = 10_000  # more than any test sends; a demo that runs for weeks must not fill the memory
_NO_ROWS: Final[Mapping[str, SimulatedRow]] = {}
_SWITCHES: Final = "/_simulator/"
# Default headers of common libraries; Python's are known to be turned away.
_BOT: Final = re.compile(r"$|python|aiohttp|httpx", re.IGNORECASE)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ReccoBeatsSimulator:
    """A simulated ReccoBeats that answers on 127.0.0.1 while the context lasts.

    ``rows`` are known by their Spotify ids and read one at a time, as the mapping gives them. ``port=0`` lets the
    system choose. At most ``requests_per_window`` requests are answered in ``window_seconds`` by ``clock``; ``None``
    lifts the limit. ``analyser`` listens to uploaded files; without one, the numbers are made up from their bytes. Slow
    faults take real time. State is kept in memory and may be looked at and changed from any thread.
    """

    def __init__(
        self,
        rows: Mapping[str, SimulatedRow] = _NO_ROWS,
        port: int = 0,
        clock: Clock = _utc_now,
        requests_per_window: int | None = REQUESTS_PER_WINDOW,
        window_seconds: int = WINDOW_SECONDS,
        analyser: Analyser | None = None,
    ) -> None:
        self._rows = SimulatedRows(rows)
        self._clock = clock
        self._limit = _RateLimit(requests_per_window, timedelta(seconds=window_seconds))
        self._analyse = analyser or made_up_features
        self._faults = FaultPlan[Fault]()
        self._requests: deque[Exchange] = deque(maxlen=_KEPT_REQUESTS)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = LoopbackServer(self._answer, port)
        self.api_url = f"{self._server.url}/v1/"
        self._routes = Map(list(self._rules()), strict_slashes=False, merge_slashes=False)

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
    def requests(self) -> list[Exchange]:
        """What was asked lately, in the order in which the answers were ready; one that hangs is there at once."""
        with self._lock:
            return list(self._requests)

    def add_rows(self, rows: Mapping[str, SimulatedRow]) -> None:
        """Make more tracks known, or replace them; ``ValueError`` for an id that is not 22 letters and digits."""
        with self._lock:
            self._rows.add(rows)

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

    def _rules(self) -> Iterator[Rule]:
        yield Rule("/v1/audio-features", methods=["GET"], endpoint=self._many_features)
        yield Rule("/v1/track", methods=["GET"], endpoint=self._many_tracks)
        yield Rule("/v1/track/<own_id>", methods=["GET"], endpoint=self._one_track)
        yield Rule("/v1/track/<own_id>/audio-features", methods=["GET"], endpoint=self._one_features)
        yield Rule("/v1/analysis/audio-features", methods=["POST"], endpoint=self._analysis)
        yield Rule("/_simulator/faults", methods=["GET"], endpoint=self._show_faults)
        yield Rule("/_simulator/faults", methods=["POST"], endpoint=self._order_fault)
        yield Rule("/_simulator/faults", methods=["DELETE"], endpoint=self._drop_faults)
        yield Rule("/_simulator/requests", methods=["GET"], endpoint=self._show_requests)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(_SWITCHES):
            return self._work(request)
        fault = self._faults.take(request.method, request.path)
        response = self._work(request) if fault is None else self._answer_with_fault(request, fault)
        # The one by which times in other headers are read.
        response.headers["Date"] = http_date(self._clock())
        if fault is None:
            self._record(request, response.status_code, None)
        return response

    def _answer_with_fault(self, request: Request, fault: Fault) -> Response:
        kind = FaultKind(fault.kind)
        if kind in (FaultKind.DROPPED, FaultKind.HANG, FaultKind.DRIP_HEAD):
            self._record(request, None, kind)
            self._give_no_answer(request, fault)
        if kind is FaultKind.SLOW and self._stopping.wait(fault.pause_seconds):
            drop_connection(request)
        response = spoil(kind, self._work(request)) if kind in ANSWERS_REALLY else fault.answer()
        self._record(request, response.status_code, kind)
        body = response.get_data()
        if kind is FaultKind.DRIP:
            response.response = self._dripping(body, fault.pause_seconds)
        elif kind is FaultKind.DROPPED_HALFWAY:
            response.response = [body[: len(body) // 2]]  # the head goes on promising all of it
        return response

    def _give_no_answer(self, request: Request, fault: Fault) -> NoReturn:
        if fault.kind == FaultKind.HANG:
            self._stopping.wait()
        if fault.kind == FaultKind.DRIP_HEAD:
            connection: socket.socket = request.environ["werkzeug.socket"]
            head = b"HTTP/1.1 200 OK\r\nX-Padding: "
            try:
                while not self._stopping.wait(fault.pause_seconds):
                    connection.sendall(head[:1] or b"x")
                    head = head[1:]
            except OSError:
                pass  # the client has gone
        drop_connection(request)

    def _dripping(self, body: bytes, seconds: float) -> Iterator[bytes]:
        for position in range(len(body)):
            if self._stopping.wait(seconds):
                return
            yield body[position : position + 1]

    def _record(self, request: Request, status: int | None, fault: FaultKind | None) -> None:
        exchange = record(request, status, fault)
        with self._lock:
            self._requests.append(exchange)

    def _work(self, request: Request) -> Response:
        now = self._clock()
        if not request.path.startswith(_SWITCHES):
            if _BOT.match(request.headers.get("User-Agent", "")):
                return refusals.blocked()
            wait_seconds = self._limit.count(now)
            if wait_seconds:
                refused = Refused(429, refusals.TOO_MANY_REQUESTS, "Too many requests").answer(request.path, now)
                refused.headers["Retry-After"] = str(wait_seconds)
                return refused
        try:
            handler, arguments = self._routes.bind_to_environ(request.environ).match()
            response: Response = handler(request, **arguments)
        except Refused as refused_by_us:
            return refused_by_us.answer(request.path, now)
        except HTTPException as error:
            return Refused(error.code or 404, refusals.WRONG_PATH, error.name).answer(request.path, now)
        return response

    def _many_features(self, request: Request) -> Response:
        with self._lock:
            wanted = self._tracks_asked(request, "getAudioFeatures.ids")
            return _rows_answer([self._rows.features_row(track_id) for track_id in wanted])

    def _many_tracks(self, request: Request) -> Response:
        with self._lock:
            wanted = self._tracks_asked(request, "getTracks.ids")
            return _rows_answer([self._rows.track_row(track_id) for track_id in wanted])

    def _one_track(self, request: Request, own_id: str) -> Response:
        with self._lock:
            return json_answer(self._rows.track_row(self._track_with(own_id)))

    def _one_features(self, request: Request, own_id: str) -> Response:
        with self._lock:
            return json_answer(self._rows.features_row(self._track_with(own_id)))

    def _tracks_asked(self, request: Request, about: str) -> list[str]:
        if "ids" not in request.args:
            raise Refused(400, refusals.MISSING_PARAMETER, "Required parameter 'ids' is not present")
        ids = asked_ids(request)
        if not 1 <= len(ids) <= MAX_IDS:
            raise Refused(400, refusals.INVALID, f"size must be between 1 and {MAX_IDS}", about)
        return list(dict.fromkeys(track_id for one in ids for track_id in self._rows.find(one)))

    def _track_with(self, own_id: str) -> str:
        found = self._rows.find_own(own_id)
        if not found:
            raise Refused(404, refusals.NO_RESOURCE, "Track not found")
        return found[0]

    def _analysis(self, request: Request) -> Response:
        if request.mimetype != "multipart/form-data":
            raise Refused(400, refusals.MALFORMED, "The request is not a multipart form")
        part = request.files.get("audioFile")
        if part is None:
            raise Refused(400, refusals.MISSING_PARAMETER, "Required part 'audioFile' is not present")
        content = part.read()
        if len(content) > MAX_FILE_BYTES:
            raise Refused(413, refusals.INVALID, "Maximum upload size exceeded")
        if not is_listed_audio(content):
            raise Refused(400, refusals.INVALID, "unsupported audio format", "extractAudioFeatures.audioFile")
        try:
            return json_answer(dict(self._analyse(content)))
        except ValueError as error:
            about = "extractAudioFeatures.audioFile"
            raise Refused(400, refusals.INVALID, "the audio cannot be analysed", about) from error

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

    def _show_requests(self, request: Request) -> Response:
        return json_answer({"requests": [asdict(exchange) for exchange in self.requests]})


def _rows_answer(rows: list[JsonObject]) -> Response:
    # In the order of ReccoBeats's own ids, which has nothing to do with the order of the question.
    return json_answer({"content": sorted(rows, key=lambda row: UUID(str(row["id"])))})


class _RateLimit:
    """So many requests from the first one of a window until its end; those refused do not count."""

    def __init__(self, requests: int | None, window: timedelta) -> None:
        self._requests = requests
        self._window = window
        self._lock = threading.Lock()
        self._ends: datetime | None = None
        self._counted = 0

    def count(self, now: datetime) -> int:
        """Count a request: 0 when it may pass, else the whole seconds until the window ends."""
        if self._requests is None:
            return 0
        with self._lock:
            if self._ends is None or now >= self._ends:
                self._ends = now + self._window
                self._counted = 0
            if self._counted >= self._requests:
                return math.ceil((self._ends - now).total_seconds())
            self._counted += 1
            return 0
