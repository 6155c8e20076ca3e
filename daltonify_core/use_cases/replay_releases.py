"""Give releases another try: those that failed, and those whose messages crashed workers again and again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from daltonify_core.errors import InvalidQuery, UpstreamUnavailable
from daltonify_core.ports.releases import DeadLetters, ReleaseQueue, ReleaseStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.message import is_release_id, read_message
from daltonify_core.releases.release import OPEN_STATES, Release, ReleaseState
from daltonify_core.use_cases.record_release import send


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of dead letters: ids of releases that were sent anew, and how many letters were about none."""

    sent: tuple[str, ...]
    dropped: int


class ReplayReleases:
    """For the operator, after what was wrong has been mended."""

    def __init__(self, releases: ReleaseStore, queue: ReleaseQueue, clock: Clock) -> None:
        self._releases = releases
        self._queue = queue
        self._clock = clock

    def replay(self, release_id: str) -> Release:
        """Receive a failed release anew, let a waiting one go on now, or send again what is due; its record then.

        A queue that fails loses nothing: the next sweep sends it. Raises ``InvalidQuery`` for one that is done, that a
        worker has in hand, or that cannot be hurried, and when there is none.
        """
        now = self._clock()
        seen = self._releases.find(release_id, now) if is_release_id(release_id) else None
        if seen is None:
            raise InvalidQuery("There is no such release. `daltonify releases list` shows an artist's.", "release")
        if seen.state is ReleaseState.DONE:
            raise InvalidQuery("This release is done. `daltonify releases undo` brings the list before it back.")
        release = self._again(seen, now)
        if release is None:
            raise InvalidQuery("Something happened to this release just now. Look at it again.", "release")
        send(release, self._queue, self._releases, now)
        return release

    def _again(self, seen: Release, now: datetime) -> Release | None:
        if seen.state is ReleaseState.FAILED:
            return self._releases.replay(seen.release_id, now)
        if seen.is_due(now):
            return seen
        if seen.state is not ReleaseState.WAITING:
            raise InvalidQuery(
                f"A worker has this release in hand. Should it have died, another one goes on {_at(seen)}.", "release"
            )
        if seen.held_until is not None and seen.held_until > now:
            raise InvalidQuery(f"{seen.why} It cannot be hurried; it goes on by itself {_at(seen)}.", "release")
        return self._releases.hurry(seen.release_id, now)

    def replay_dead_letters(self, letters: DeadLetters) -> Replayed:
        """Send every open release anew that a dead letter is about, and remove the letter.

        One that was given up, because workers died of it again and again, is received anew. A letter about a release
        that ended otherwise or expired meanwhile, or about anything else, is dropped: renewals come again by
        themselves. Raises ``UpstreamUnavailable`` when nothing can be sent; the letters left stay where they are.
        """
        sent: list[str] = []
        dropped = 0
        for letter, text in self._every(letters):
            message = read_message(text)
            now = self._clock()
            release = self._releases.find(message.release_id, now) if message and message.release_id else None
            if release is not None and release.was_given_up:
                # None where a second letter about it, or somebody else, was quicker.
                release = self._releases.replay(release.release_id, now) or release
            if release is None or release.state not in OPEN_STATES:
                dropped += 1
            elif send(release, self._queue, self._releases, now):
                sent.append(release.release_id)
            else:
                raise UpstreamUnavailable("The queue of releases cannot be reached. Try again in a moment.")
            letters.remove(letter)
        return Replayed(tuple(dict.fromkeys(sent)), dropped)

    def _every(self, letters: DeadLetters) -> Iterator[tuple[str, str]]:
        while some := letters.read():
            yield from some


def _at(release: Release) -> str:
    return f"at {release.next_attempt_at:%Y-%m-%d %H:%M} UTC"
