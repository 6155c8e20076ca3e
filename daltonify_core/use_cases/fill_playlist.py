"""Put tracks into a playlist until it holds exactly those that the service takes and plays.

The service takes a list of tracks whole or not at all and does not say which one it does not know, so an unknown track
is found by halving. What it takes may still not play; only reading the playlist back tells.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from daltonify_core.errors import PublishingUnfinished, UpstreamRefused, UpstreamUncertain
from daltonify_core.playlist.publishing import Lineup, line_up
from daltonify_core.ports.publishing import ListedItem, PlaylistService
from daltonify_core.ports.surroundings import Clock

MOST_PER_CALL: Final = 100
_BAD_REQUEST: Final = 400
_SECONDS_TO_TRY_AGAIN: Final = 15


class TimeLimit:
    """Starts no call that might outlast the deadline: a call that is cut off leaves us ignorant of what it did."""

    def __init__(self, clock: Clock, deadline: datetime, call_seconds: float) -> None:
        self._clock = clock
        self._last_start = deadline - timedelta(seconds=call_seconds)

    def call[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that may take as long as one call may; raises ``PublishingUnfinished`` if time is up."""
        if self._clock() > self._last_start:
            raise PublishingUnfinished(
                "Publishing takes longer than one request may. Send the same request again; it goes on from here.",
                retry_after_seconds=1,
            )
        return function(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a fill came to. ``tracks`` is how many a listener can play.

    ``relinked`` counts tracks that the service lists under another uri than the one it was given, as it does where
    another release of the same recording is the one on offer. ``untouched`` says that the service took none of the
    tracks, so that the playlist is as it was before.
    """

    lineup: Lineup
    tracks: int
    relinked: int = 0
    untouched: bool = False


class PlaylistFiller:
    """Fills one playlist.

    ``refused`` grows as tracks turn out unknown or unplayable, ``suspects`` is the smallest group that is known to hold
    an unknown one; with both a later filler goes on where this one stopped.

    Halving adds groups of tracks at the end of the playlist and leaves what was there alone; the replacement that
    follows takes them away again. Replacing is idempotent, so an unanswered write is repeated after a look at what the
    playlist holds, ``attempts`` times in all.
    """

    def __init__(
        self,
        service: PlaylistService,
        time_limit: TimeLimit,
        playlist_id: str,
        uris: Sequence[str],
        reserves: Sequence[str],
        refused: Sequence[str],
        suspects: Sequence[str],
        attempts: int,
    ) -> None:
        self.refused = list(refused)
        self.suspects = tuple(suspects)
        self._service = service
        self._time = time_limit
        self._playlist_id = playlist_id
        self._uris = uris
        self._reserves = reserves
        self._attempts = attempts
        self._accepted: set[str] = set()
        self._differing: tuple[tuple[str, ...], list[str | None]] | None = None

    def fill(self) -> Filled:
        """Raises ``PublishingUnfinished`` when time or attempts are used up, and what the service raises."""
        attempts_left = self._attempts
        while attempts_left:
            lineup = line_up(self._uris, self._reserves, self.refused)
            if not lineup.uris and not (self._accepted or self._holds_ours()):
                return Filled(lineup, 0, untouched=True)
            refused_before = len(self.refused)
            try:
                self._search([uri for uri in self.suspects if uri not in self.refused])
                is_answered = len(self.refused) == refused_before and self._write(lineup.uris)
            except UpstreamUncertain:
                is_answered = False
            if len(self.refused) == refused_before:
                filled = self._compare(lineup, is_answered)
                if filled:
                    return filled
            if len(self.refused) == refused_before:
                attempts_left -= 1
        raise PublishingUnfinished(
            "Spotify does not hold the tracks as they were sent yet. Send the same request again; it goes on.",
            _SECONDS_TO_TRY_AGAIN,
        )

    def _write(self, uris: Sequence[str]) -> bool:
        """Replace the content; false when a track was refused, which is then sought."""
        for number, chunk in enumerate(batched(uris, MOST_PER_CALL) if uris else [()]):
            if not self._is_taken(self._service.append_items if number else self._service.replace_items, chunk):
                self._search([uri for uri in chunk if uri not in self._accepted])
                return False
        return True

    def _search(self, group: Sequence[str]) -> None:
        """Find every unknown track of a group that was refused."""
        self.suspects = tuple(group)
        for half in _halves(group):
            if self._is_taken(self._service.append_items, half):
                continue
            if len(half) == 1:
                self.refused.extend(half)
            else:
                self._search(half)
        self.suspects = ()

    def _is_taken(self, write: Callable[[str, Sequence[str]], None], uris: Sequence[str]) -> bool:
        try:
            self._time.call(write, self._playlist_id, uris)
        except UpstreamRefused as refusal:
            if refusal.status != _BAD_REQUEST:
                raise
            return False
        self._accepted.update(uris)
        return True

    def _compare(self, lineup: Lineup, is_answered: bool) -> Filled | None:
        """What the playlist holds against what was wanted; ``None`` when it has to be written again."""
        rows = self._read()
        listed = [row.uri for row in rows]
        if len(rows) != len(lineup.uris) or (not is_answered and listed != list(lineup.uris)):
            return None
        unplayable = [wanted for wanted, row in zip(lineup.uris, rows, strict=True) if not _is_playable(row)]
        if unplayable:
            self.refused.extend(unplayable)
            return None
        relinked = sum(wanted != uri for wanted, uri in zip(lineup.uris, listed, strict=True))
        if relinked and self._differing != (lineup.uris, listed):
            # Written once more and read alike again, it is the service's doing and not somebody else's write.
            self._differing = (lineup.uris, listed)
            return None
        return Filled(lineup, len(rows), relinked)

    def _holds_ours(self) -> bool:
        ours = {*self._uris, *self._reserves}
        return any(row.uri in ours for row in self._read())

    def _read(self) -> list[ListedItem]:
        return self._time.call(self._service.read_items, self._playlist_id)


def _is_playable(row: ListedItem) -> bool:
    return row.uri is not None and row.playable is not False


def _halves(uris: Sequence[str]) -> list[Sequence[str]]:
    middle = math.ceil(len(uris) / 2)
    return [half for half in (uris[:middle], uris[middle:]) if half]
