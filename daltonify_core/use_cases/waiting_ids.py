"""Ids that wait to be looked up, batch by batch, though one that a service can make nothing of spoils its whole batch.

Such a batch is asked for again in halves, one part at each call, until the id stands alone. So what was found besides
is stored on the way, callers pause between any two calls, and a limit amid the search costs nothing.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from daltonify_core.errors import UpstreamRefused
from daltonify_core.ports.look_ups import FEATURE_BATCH

STRANGE_ID_STATUS: Final = 400
"""With this a service says that one of the ids makes no sense to it, not that it will not serve us."""

type Ids = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered[T]:
    """What became of one call: ``answer`` is ``None`` when the one id of ``batch`` is strange.

    An empty ``batch`` means that nothing is settled yet.
    """

    batch: Ids = ()
    answer: T | None = None


class WaitingIds:
    """A queue of ids; ``served`` are ids that the service has answered for at some time, read when they are needed.

    A service that refuses them as well refuses everything, which says nothing about the id that is judged.
    """

    def __init__(self, track_ids: Iterable[str], served: Iterable[str]) -> None:
        self._left = deque(track_ids)
        self._served = served
        self._sizes: list[int] = []
        self._refused_alone = 0

    def __len__(self) -> int:
        return len(self._left)

    def ask[T](self, look_up: Callable[[Ids], T]) -> Answered[T]:
        """Look up the next batch, which goes on waiting until ``settle``; raises what ``look_up`` does.

        ``UpstreamRefused`` for strange ids comes only when everything is refused.
        """
        batch = tuple(islice(self._left, self._sizes[0] if self._sizes else FEATURE_BATCH))
        try:
            return Answered(batch, look_up(batch))
        except UpstreamRefused as refusal:
            if refusal.status != STRANGE_ID_STATUS:
                raise
            return self._set_apart(batch, look_up, refusal)

    def settle(self, batch: Ids) -> None:
        """The batch waits no longer."""
        if batch:
            for _ in batch:
                self._left.popleft()
            del self._sizes[:1]

    def _set_apart[T](self, batch: Ids, look_up: Callable[[Ids], T], refusal: UpstreamRefused) -> Answered[T]:
        half = len(batch) // 2
        if half:
            self._sizes[:1] = [half, len(batch) - half]
            return Answered()
        witness = next((track_id for track_id in self._served if track_id not in batch), None)
        if witness is not None:
            look_up((witness,))
            return Answered(batch)
        # Nobody was ever answered for, so one strange id and a service that refuses everything look alike.
        self._refused_alone += 1
        if self._refused_alone >= min(FEATURE_BATCH, len(self._left)):
            raise refusal
        # Its turn comes again when another one may have been answered.
        self._left.rotate(-1)
        return Answered()
