"""The tracks that were collected so far: one row per track, whoever is killed, whoever writes at the same time.

Rows lie in numbered shards. Three rules keep them:

1. A row is added to the last shard only, and a next shard is begun only after the last was seen full. A shard that
   cannot take a whole batch is full; rows are never removed, so it stays full.
2. A row that is there already is replaced where it lies.
3. A shard is written in one step, and only if nobody changed it since it was read.

**No row is doubled.** By rule 1 every shard but the last has all the ids that it will ever have. A writer reads the
shards in order, so when it comes to one that is not full, it knows the ids of all before. Its write succeeds only if
that shard is unchanged (rule 3); then it is still not full, no later one exists, and the writer knew every id there is.
Ids that it knew are replaced (rule 2), the others are new. The same holds where the writer begins a shard.

**No row is lost.** A write keeps every row that it read (rules 1 and 2), and by rule 3 it read all there are. What a
run has asked for is known by the rows alone, so whatever was not written is asked for again.

Misses (ids that came to nothing) are written apart and later. When they are lost, a service is asked once more.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from daltonify_core.catalogue.collection import (
    MISSES_NAME,
    SHARD_ROWS,
    Miss,
    decode_misses,
    decode_shard,
    encode_misses,
    encode_shard,
    shard_name,
    shard_number,
)
from daltonify_core.catalogue.merging import merge_rows
from daltonify_core.catalogue.track import Track
from daltonify_core.errors import CollectionConflict
from daltonify_core.ports.catalogue import CollectionFile, CollectionFiles
from daltonify_core.ports.look_ups import FEATURE_BATCH
from daltonify_core.ports.surroundings import Progress, no_progress

MISS_DAYS: Final = 30
"""After so many days an id is asked for again: new releases become known within weeks."""
NOT_REFRESHED: Final = "not_refreshed"
"""The reason of a miss of a row that is there: only its popularity could not be read anew."""
# Each failure means that somebody else's write went through, and between two of those lies a look-up over the network.
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class KnownRow:
    """What a run must know of a row without holding it. ``snapshot`` is ``""`` where there is none."""

    shard: int
    genres: tuple[str, ...]
    snapshot: str


class CollectedShards:
    """Reads everything once, and from then on learns whatever it meets.

    ``rows`` and ``misses`` are by track id. Raises ``InvalidDataset`` for a file that is not as it was written, or that
    could not be read again if it were, and whatever ``CollectionFiles`` does.
    """

    def __init__(self, files: CollectionFiles, progress: Progress = no_progress) -> None:
        self._files = files
        self.rows: dict[str, KnownRow] = {}
        self.misses: Mapping[str, Miss] = {}
        numbers = sorted(number for name in files.names() if (number := shard_number(name)) is not None)
        self._last = numbers[-1] if numbers else 1
        for done, number in enumerate(numbers, start=1):
            self._read(number)
            progress("read collected tracks", done, len(numbers))
        self._read_misses()

    def put(self, tracks: Sequence[Track]) -> None:
        """Write at most ``FEATURE_BATCH`` tracks, each into the row that it has or into a new one.

        A row that is there is merged as a catalogue merges rows, with ``tracks`` first. Raises ``CollectionConflict``
        when others keep writing.
        """
        _insist(lambda: self._put_once(tracks))

    def change(self, number: int, change: Callable[[Track], Track]) -> None:
        """Replace every row of one shard; ``change`` keeps the id, and may be called for a row more than once.

        Raises ``CollectionConflict`` when others keep writing.
        """

        def change_once() -> None:
            stored, tracks = self._read(number)
            self._write(number, stored, {track_id: change(track) for track_id, track in tracks.items()})

        _insist(change_once)

    def remember(self, misses: Mapping[str, Miss], today: date) -> None:
        """Add misses to those that are stored, and drop those that count no longer."""

        def remember_once() -> None:
            stored = self._read_misses()
            kept = {**self.misses, **misses}
            self.misses = {track_id: miss for track_id, miss in kept.items() if _counts(miss, today)}
            content = encode_misses(self.misses)
            if stored is None or stored.content != content:
                self._files.write(MISSES_NAME, content, stored.tag if stored else None)

        if misses:
            _insist(remember_once)

    def is_missed(self, track_id: str, today: date) -> bool:
        """Whether the id came to nothing so lately that it is not worth asking for."""
        miss = self.misses.get(track_id)
        return miss is not None and _counts(miss, today)

    def oldest(self, today: date) -> tuple[str, KnownRow] | None:
        """The row whose popularity was read longest ago, of those that are worth asking for."""
        due = ((row.snapshot, track_id) for track_id, row in self.rows.items() if not self.is_missed(track_id, today))
        first = min(due, default=None)
        return None if first is None else (first[1], self.rows[first[1]])

    def _put_once(self, tracks: Sequence[Track]) -> None:
        number, stored, there = self._find_open()
        added = [track for track in tracks if track.track_id not in self.rows]
        shards: dict[int, list[Track]] = {}
        for track in tracks:
            if known := self.rows.get(track.track_id):
                shards.setdefault(known.shard, []).append(track)
        if added:
            shards.setdefault(number, []).extend(added)
        for shard, group in sorted(shards.items()):
            before, rows = (stored, there) if shard == number else self._read(shard)
            merged = {
                track.track_id: merge_rows([track, rows[track.track_id]]) if track.track_id in rows else track
                for track in group
            }
            self._write(shard, before, {**rows, **merged})

    def _find_open(self) -> tuple[int, CollectionFile | None, dict[str, Track]]:
        while True:
            stored, tracks = self._read(self._last)
            if len(tracks) + FEATURE_BATCH <= SHARD_ROWS:
                return self._last, stored, tracks
            self._last += 1

    def _read(self, number: int) -> tuple[CollectionFile | None, dict[str, Track]]:
        stored = self._files.read(shard_name(number))
        tracks = {} if stored is None else decode_shard(stored.content, shard_name(number))
        self._learn(number, tracks.values())
        return stored, tracks

    def _write(self, number: int, stored: CollectionFile | None, tracks: Mapping[str, Track]) -> None:
        content = encode_shard(tracks.values())
        if stored is None or stored.content != content:
            self._files.write(shard_name(number), content, stored.tag if stored else None)
        self._learn(number, tracks.values())

    def _learn(self, number: int, tracks: Iterable[Track]) -> None:
        for track in tracks:
            self.rows[track.track_id] = KnownRow(number, track.genres, track.snapshot or "")

    def _read_misses(self) -> CollectionFile | None:
        stored = self._files.read(MISSES_NAME)
        self.misses = decode_misses(stored.content) if stored else {}
        return stored


def _counts(miss: Miss, today: date) -> bool:
    return today < miss.asked_on + timedelta(days=MISS_DAYS)


def _insist(write: Callable[[], None]) -> None:
    for _ in range(_TRIES - 1):
        try:
            return write()
        except CollectionConflict:
            continue
    return write()
