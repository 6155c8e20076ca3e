"""Asking outside services for tracks, as seldom as possible and never at the cost of a request.

Answers are remembered, failing services are left in peace, time is limited, and everybody's look-ups are counted. What
is asked of whom, and what for, is the business of ``complete_seeds``.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final

from daltonify_core.errors import (
    CapReached,
    ConsentNeeded,
    DaltonifyError,
    InvalidTrack,
    LookUpOutcome,
    LookUpTried,
    SecretUnavailable,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.ports.limits import Circuit, CircuitStore
from daltonify_core.ports.look_ups import IdentitySource, LookUp, LookUpCache, LookUpKind
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.waiting_ids import STRANGE_ID_STATUS

CIRCUITS: Final[Mapping[IdentitySource, str]] = {
    IdentitySource.RECCOBEATS: "reccobeats",
    IdentitySource.SPOTIFY: "spotify tracks",
    IdentitySource.OEMBED: "oembed",
}
"""Names of the services' circuits. All who answer people share them; whoever collects, refreshes or works at a terminal
minds pauses alone."""
RECORDS: Final = "records"
"""What our own cache and circuits are called where calls are watched."""

_NAMES: Final[Mapping[IdentitySource, str]] = {
    IdentitySource.RECCOBEATS: "ReccoBeats",
    IdentitySource.SPOTIFY: "Spotify",
    IdentitySource.OEMBED: "Spotify's preview service",
}
# A service that takes a second id for malformed as well may take all for malformed.
_STRANGE_IDS_AT_MOST: Final = 2
_TIME_AGAIN: Final = timedelta(seconds=10)

type Watch = Callable[[str, float, DaltonifyError | None], None]
"""Told after each call outside: the circuit's name or ``RECORDS``, how many seconds it took, and how it failed."""


@dataclass(frozen=True, slots=True)
class LookUpSettings:
    """How long look-ups may take and how long their answers last."""

    budget_seconds: float = 8.0
    """All look-ups of one request together; after it nothing new is begun. A person waits for the answer."""
    call_seconds: float = 8.0
    """What one call may take at most, so that none is begun that the deadline would cut off."""
    features_last: timedelta = timedelta(days=30)
    identity_lasts: timedelta = timedelta(hours=24)
    miss_lasts: timedelta = timedelta(minutes=10)
    """A new release may turn up at any moment."""
    failures_that_pause: int = 3
    """In a row: one may be chance, and each one after another costs a person seconds."""
    pause_after_failures: timedelta = timedelta(minutes=1)
    pause_after_refusal: timedelta = timedelta(minutes=10)
    """Asking on after a 403 makes a block last longer."""
    longest_pause: timedelta = timedelta(hours=1)
    """Whatever a service asks for: nobody would notice that it is back otherwise."""
    records_rest: timedelta = timedelta(seconds=30)
    """How long our own table is left alone after it failed; what this environment remembers goes on serving."""
    remembered: int = 2000
    """Answers kept in memory, about 1 KB each."""


@dataclass(frozen=True, slots=True)
class Source[T]:
    """One thing that one service can be asked for, ``batch`` tracks at once."""

    service: IdentitySource
    kind: LookUpKind
    wanted: tuple[str, ...]
    batch: int
    ask: Callable[[Sequence[str]], Mapping[str, T]]
    pack: Callable[[T], dict[str, object]]
    unpack: Callable[[str, Mapping[str, Any]], T]
    lasts: timedelta


@dataclass(slots=True)
class Round:
    """The look-ups of one request, and what came of them.

    Nothing is begun from ``ends`` on, nor what could last beyond ``deadline``. ``count`` is called once for each track
    before anybody is asked for it. ``silent`` says of services that are not asked any more in this request why.
    """

    ends: datetime
    deadline: datetime
    count: Callable[[], None]
    tried: dict[str, list[LookUpTried]] = field(default_factory=dict)
    silent: dict[IdentitySource, LookUpTried] = field(default_factory=dict)
    used_up: LookUpTried | None = None
    checked: set[IdentitySource] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)

    def unknown_to(self, service: IdentitySource, track_ids: Sequence[str]) -> set[str]:
        """Those of the tracks that the service has said it does not know."""
        return {
            track_id
            for track_id in track_ids
            for one in self.tried.get(track_id, ())
            if one.service == service and one.outcome is LookUpOutcome.NOT_KNOWN
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know even if there is enough for a list."""
        told = [one.detail for one in (*self.silent.values(), self.used_up) if one and one.detail]
        return tuple(dict.fromkeys(told))


class LookUps:
    """Asks services for tracks, for one request at a time.

    ``cache`` and ``circuits`` may be left out; what they hold is remembered in memory besides, and their failing costs
    nothing but look-ups.
    """

    def __init__(
        self,
        cache: LookUpCache | None,
        circuits: CircuitStore | None,
        clock: Clock,
        settings: LookUpSettings,
        watch: Watch,
    ) -> None:
        self._cache = cache
        self._circuits = circuits
        self._clock = clock
        self._settings = settings
        self._watch = watch
        self._memory: dict[tuple[LookUpKind, str], LookUp] = {}
        self._open: dict[IdentitySource, tuple[datetime, LookUpTried]] = {}
        self._failures: dict[IdentitySource, int] = {}
        self._records_rest_until: datetime | None = None

    def begin(self, deadline: datetime, count: Callable[[], None]) -> Round:
        """The look-ups of one request begin; see ``Round``."""
        return Round(self._clock() + timedelta(seconds=self._settings.budget_seconds), deadline, count)

    def answers[T](self, turn: Round, source: Source[T], track_ids: Sequence[str]) -> dict[str, T]:
        """What ``source`` says of the tracks, from memory as far as possible; notes down in ``turn`` what was tried."""
        answers = self._remembered(turn, source, track_ids)
        learned = self._learned(turn, source, [one for one in track_ids if one not in answers])
        self._remember(turn, source, learned)
        answers |= learned
        for track_id in track_ids:
            tried = _outcome(source.service, answers[track_id]) if track_id in answers else None
            tried = tried or turn.silent.get(source.service) or turn.used_up
            if tried:
                noted = replace(tried, service=source.service, wanted=source.wanted)
                turn.tried.setdefault(track_id, []).append(noted)
        return {track_id: answer for track_id, answer in answers.items() if answer is not None}

    def seconds_until(self, moment: datetime | None) -> int | None:
        """Whole seconds from now on, at least one."""
        return None if moment is None else max(1, math.ceil((moment - self._clock()).total_seconds()))

    def note[T](self, turn: Round, source: Source[T], known: Mapping[str, T]) -> None:
        """Remember what ``source`` has told unasked, so that it need not be asked."""
        self._remember(turn, source, known)

    def _learned[T](self, turn: Round, source: Source[T], track_ids: Sequence[str]) -> dict[str, T | None]:
        """What the service says now, ``None`` for what it does not know; what it does not tell is absent."""
        learned: dict[str, T | None] = {}
        strange: list[str] = []
        refusal: UpstreamError | None = None
        waiting = [list(one) for one in batched(track_ids, source.batch)]
        while waiting and len(strange) < _STRANGE_IDS_AT_MOST:
            batch = self._allowed(turn, source, waiting.pop(0))
            if not batch:
                continue
            try:
                found = self._call(turn, source, batch)
            except _StrangeId as error:
                # One of many spoils them all, so they are asked in halves until it stands alone.
                half = len(batch) // 2
                waiting[:0] = [batch[:half], batch[half:]] if half else []
                strange += [] if half else batch
                refusal = error.refusal
                continue
            if found is not None:
                learned |= {track_id: found.get(track_id) for track_id in batch}
        if len(strange) == 1 and learned:
            return learned | {strange[0]: None}
        if strange and refusal and source.service not in turn.silent:
            # Whoever sends odd ids must not silence a service for everybody: only one that takes several ids for
            # malformed and answers nothing refuses us; else it counts as one failure.
            is_refused = len(strange) == _STRANGE_IDS_AT_MOST and not learned
            counts_as = refusal if is_refused else UpstreamUnavailable(refusal.message)
            turn.silent[source.service] = self._failed(turn, source.service, counts_as)
        return learned

    def _allowed[T](self, turn: Round, source: Source[T], track_ids: Sequence[str]) -> list[str]:
        """Those of the tracks that the service may be asked for now; each is counted once in a request."""
        service = source.service
        if service not in turn.checked:
            turn.checked.add(service)
            if paused := self._paused(turn, service):
                turn.silent[service] = paused
        if service in turn.silent:
            return []
        allowed = [one for one in track_ids if self._has_time(turn) and self._is_counted(turn, service, one)]
        # Counting takes time as well.
        if self._has_time(turn):
            return allowed
        detail = f"There was no time left to ask {_NAMES[service]}."
        retry_at = self._clock() + _TIME_AGAIN
        turn.silent[service] = LookUpTried(service, (), LookUpOutcome.NOT_ASKED, detail, retry_at)
        return []

    def _is_counted(self, turn: Round, service: IdentitySource, track_id: str) -> bool:
        if track_id in turn.counted:
            return True
        if turn.used_up:
            return False
        try:
            # Recommending must not depend on a table; while it fails nobody is counted.
            self._records(turn, turn.count)
        except CapReached as error:
            wait = error.retry_after_seconds
            retry_at = None if wait is None else self._clock() + timedelta(seconds=wait)
            turn.used_up = LookUpTried(service, (), LookUpOutcome.NOT_ASKED, error.message, retry_at)
            return False
        turn.counted.add(track_id)
        return True

    def _call[T](self, turn: Round, source: Source[T], track_ids: Sequence[str]) -> Mapping[str, T] | None:
        """One call outside; ``None`` when it failed. Raises ``_StrangeId``."""
        started = self._clock()
        try:
            found = source.ask(track_ids)
        except (UpstreamError, SecretUnavailable) as error:
            self._watch(CIRCUITS[source.service], (self._clock() - started).total_seconds(), error)
            if isinstance(error, UpstreamRefused) and error.status == STRANGE_ID_STATUS:
                raise _StrangeId(error) from error
            turn.silent[source.service] = self._failed(turn, source.service, error)
            return None
        self._watch(CIRCUITS[source.service], (self._clock() - started).total_seconds(), None)
        self._failures.pop(source.service, None)
        return found

    def _failed(self, turn: Round, service: IdentitySource, error: DaltonifyError) -> LookUpTried:
        """Leave the service in peace for as long as is due; what to tell of the failure."""
        now, settings, name = self._clock(), self._settings, _NAMES[service]
        is_secret_passing = isinstance(error, SecretUnavailable) and error.may_pass
        if isinstance(error, SecretUnavailable | ConsentNeeded) and not is_secret_passing:
            # A fault of this installation, which says nothing about the service and is nothing to wait for.
            tried = LookUpTried(service, (), LookUpOutcome.NOT_ASKED)
            self._open[service] = now + settings.pause_after_refusal, tried
            return tried
        why = f"{name} does not answer at the moment."
        pause: timedelta | None = settings.pause_after_refusal
        if isinstance(error, UpstreamRateLimited):
            why = f"{name} was asked too often and wants a pause."
            seconds = min(error.retry_after_seconds, settings.longest_pause.total_seconds())
            pause = timedelta(seconds=max(1, seconds))
        elif isinstance(error, UpstreamUnavailable) or is_secret_passing:
            why = f"{name} cannot be asked at the moment." if is_secret_passing else why
            failures = self._failures[service] = self._failures.get(service, 0) + 1
            pause = settings.pause_after_failures if failures >= settings.failures_that_pause else None
        if pause:
            circuit = Circuit(now + pause, why)
            self._open[service] = circuit.open_until, _pause(service, circuit)
            if self._circuits is not None:
                store = self._circuits
                self._records(turn, lambda: store.open_circuit(CIRCUITS[service], circuit))
        retry_at = now + (pause or settings.pause_after_failures)
        return LookUpTried(service, (), LookUpOutcome.NO_ANSWER, why, retry_at)

    def _paused(self, turn: Round, service: IdentitySource) -> LookUpTried | None:
        now = self._clock()
        until, tried = self._open.get(service, (now, None))
        if until > now or self._circuits is None:
            return tried if until > now else None
        store = self._circuits
        circuit = self._records(turn, lambda: store.circuit(CIRCUITS[service], now))
        return _pause(service, circuit) if circuit else None

    def _remembered[T](self, turn: Round, source: Source[T], track_ids: Sequence[str]) -> dict[str, T | None]:
        now = self._clock()
        stored = {
            track_id: known
            for track_id in track_ids
            if (known := self._memory.get((source.kind, track_id))) and known.until > now
        }
        rest = [track_id for track_id in track_ids if track_id not in stored]
        if rest and self._cache is not None:
            cache = self._cache
            read = self._records(turn, lambda: cache.read(source.kind, rest, now)) or {}
            self._keep(source.kind, read)
            stored |= {track_id: one for track_id, one in read.items() if one.until > now}
        answers: dict[str, T | None] = {}
        for track_id, one in stored.items():
            try:
                answers[track_id] = None if one.value is None else source.unpack(track_id, one.value)
            except (InvalidTrack, ValueError, TypeError, KeyError, AttributeError):
                continue  # written by another version; asking again replaces it
        return answers

    def _remember[T](self, turn: Round, source: Source[T], learned: Mapping[str, T | None]) -> None:
        if not learned:
            return
        now = self._clock()
        found = {
            track_id: LookUp(None, now + self._settings.miss_lasts)
            if one is None
            else LookUp(source.pack(one), now + source.lasts)
            for track_id, one in learned.items()
        }
        self._keep(source.kind, found)
        if self._cache is not None:
            cache = self._cache
            self._records(turn, lambda: cache.write(source.kind, found))

    def _keep(self, kind: LookUpKind, found: Mapping[str, LookUp]) -> None:
        if len(self._memory) + len(found) > self._settings.remembered:
            self._memory.clear()
        self._memory |= {(kind, track_id): one for track_id, one in found.items()}

    def _records[T](self, turn: Round, action: Callable[[], T]) -> T | None:
        """Use our own table; ``None`` when it fails, has just failed, or the deadline is near."""
        now = self._clock()
        is_resting = self._records_rest_until is not None and now < self._records_rest_until
        if is_resting or not self._is_before_deadline(turn):
            return None
        try:
            return action()
        except UpstreamError as error:
            self._records_rest_until = self._clock() + self._settings.records_rest
            self._watch(RECORDS, (self._clock() - now).total_seconds(), error)
            return None

    def _has_time(self, turn: Round) -> bool:
        return self._clock() < turn.ends and self._is_before_deadline(turn)

    def _is_before_deadline(self, turn: Round) -> bool:
        return self._clock() + timedelta(seconds=self._settings.call_seconds) <= turn.deadline


class _StrangeId(Exception):
    """A service can make nothing of one of the ids that it was asked for."""

    def __init__(self, refusal: UpstreamRefused) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def _outcome(service: IdentitySource, answer: object) -> LookUpTried:
    if answer is not None:
        return LookUpTried(service, (), LookUpOutcome.FOUND)
    return LookUpTried(service, (), LookUpOutcome.NOT_KNOWN, f"{_NAMES[service]} does not know it.")


def _pause(service: IdentitySource, circuit: Circuit) -> LookUpTried:
    return LookUpTried(service, (), LookUpOutcome.PAUSED, circuit.why, circuit.open_until)
