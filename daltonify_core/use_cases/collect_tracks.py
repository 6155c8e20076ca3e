"""Collect features, names and popularity of wanted tracks into the catalogue, batch by batch.

A run decides what to ask for and what to keep; when to ask, how long to wait and when to give up is its caller's
business, because a person at a terminal and a scheduled job differ in that. Whoever stops a run between any two calls,
or kills it within one, loses no row: see ``collected_shards``.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date
from typing import Final, Protocol

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.canonical_csv import read_rows
from daltonify_core.catalogue.collection import Miss, check_readable
from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.catalogue.track import ArtistCredit, Track
from daltonify_core.errors import InvalidQuery, InvalidTrack
from daltonify_core.ports.catalogue import CatalogueShards
from daltonify_core.ports.look_ups import FEATURE_BATCH, FeatureService, TrackIdentity
from daltonify_core.ports.surroundings import Clock, Progress, no_progress
from daltonify_core.use_cases.collected_shards import NOT_REFRESHED, CollectedShards
from daltonify_core.use_cases.waiting_ids import Ids, WaitingIds

SOURCE: Final = "reccobeats"
UNKNOWN: Final = "unknown"
"""The reason of a miss that nobody knows yet."""
STRANGE_ID: Final = "strange_id"
"""The reason of a miss that the service can make nothing of; all other ones are rows that cannot be tracks."""
_EXAMPLES: Final = 5
_EXAMPLE_CHARACTERS: Final = 160
# Written together, because a service that knows one track in ten would have them written at every batch.
_MISSES_TOGETHER: Final = 10 * FEATURE_BATCH
_PROGRESS_ROWS: Final = 5_000


class Run(Protocol):
    """Work that goes on batch by batch.

    ``ask`` may raise what ``FeatureService`` does, and can be called again then; ``keep`` and ``finish`` raise what
    ``CollectedShards`` does.
    """

    def is_done(self) -> bool:
        """Whether nothing is left to be asked for."""

    def ask(self) -> None:
        """Look up the next batch, or a part of one that was refused."""

    def keep(self) -> None:
        """Store what was looked up, and go on to what comes after it."""

    def finish(self) -> None:
        """Store what waits to be stored with more; to be called whenever a run ends, done or not."""


@dataclass(frozen=True, slots=True)
class CollectReport:
    """The account of one run: ``asked_for`` is the sum of all other numbers.

    ``known`` tracks are in the catalogue, ``missed_lately`` ones came to nothing within the last ``MISS_DAYS``; both
    were passed over. ``left`` ones were not reached. ``refused`` maps reasons to numbers, ``examples`` holds up to five
    of each.
    """

    asked_for: int
    collected: int
    unknown: int
    refused: Mapping[str, int]
    known: int
    missed_lately: int
    left: int
    examples: Mapping[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, object]:
        """Plain values for ``--json``."""
        return asdict(self)


class CollectRun:
    """Collects the wanted tracks of one genre.

    An id is passed over when ``elsewhere`` (the rest of the catalogue) holds it, when it was collected for this genre,
    or when it came to nothing lately. ``again`` asks for all of them but those that were asked for today, so that such
    a run too goes on where it was stopped. Raises ``InvalidQuery`` for a genre that is no name.
    """

    def __init__(
        self,
        service: FeatureService,
        shards: CollectedShards,
        wanted: Iterable[str],
        genre: str,
        clock: Clock,
        elsewhere: Container[str] = (),
        again: bool = False,
    ) -> None:
        name = normalise_genre(genre)
        if name is None:
            raise InvalidQuery(f"{genre[:60]!r} names no genre; one looks like indie pop.", field="genre")
        self._service = service
        self._shards = shards
        self._genre = name
        self._clock = clock
        self._elsewhere = elsewhere
        self._again = again
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._misses: dict[str, Miss] = {}
        self._batch: Ids = ()
        self._found: list[Track] = []
        self._missed: dict[str, Miss] = {}
        unique = tuple(dict.fromkeys(wanted))
        self.asked_for = len(unique)
        self._left = WaitingIds(self._worth_asking(unique), shards.rows)

    @property
    def left(self) -> int:
        """How many tracks are still to be asked for."""
        return len(self._left)

    @property
    def collected(self) -> int:
        """How many tracks were stored by this run."""
        return self._counts["collected"]

    def is_done(self) -> bool:
        """Whether every wanted track is accounted for."""
        return not self._left

    def ask(self) -> None:
        """Look up the next batch; raises what ``FeatureService`` does."""
        today = self._today()
        self._batch, self._found, self._missed = (), [], {}
        asked = self._left.ask(self._look_up)
        self._batch = asked.batch
        if asked.answer is None:
            for track_id in asked.batch:
                self._refuse(track_id, InvalidTrack(STRANGE_ID, "The service refuses to be asked for it."))
            return
        features, identities = asked.answer
        for track_id in asked.batch:
            if track_id not in features:
                self._missed[track_id] = Miss(today, UNKNOWN)
                continue
            try:
                self._found.append(
                    collected_track(track_id, features[track_id], identities.get(track_id), self._genre, today)
                )
            except InvalidTrack as error:
                self._refuse(track_id, error)

    def keep(self) -> None:
        """Store the rows of the batch; raises what ``CollectedShards`` does."""
        if self._found:
            self._shards.put(self._found)
        self._misses |= self._missed
        self._counts["collected"] += len(self._found)
        for miss in self._missed.values():
            self._refused[miss.reason] += 1
        self._left.settle(self._batch)
        self._batch, self._found, self._missed = (), [], {}
        if len(self._misses) >= _MISSES_TOGETHER:
            self.finish()

    def finish(self) -> None:
        """Store the misses that wait; raises what ``CollectedShards`` does."""
        self._shards.remember(self._misses, self._today())
        self._misses = {}

    def report(self) -> CollectReport:
        """What came of the run so far."""
        refused = {reason: count for reason, count in self._refused.most_common() if reason != UNKNOWN}
        return CollectReport(
            asked_for=self.asked_for,
            collected=self.collected,
            unknown=self._refused[UNKNOWN],
            refused=refused,
            known=self._counts["known"],
            missed_lately=self._counts["missed_lately"],
            left=self.left,
            examples={reason: tuple(self._examples[reason]) for reason in refused},
        )

    def _refuse(self, track_id: str, error: InvalidTrack) -> None:
        self._missed[track_id] = Miss(self._today(), error.reason)
        examples = self._examples.setdefault(error.reason, [])
        if len(examples) < _EXAMPLES:
            examples.append(f"{track_id}: {error.message}"[:_EXAMPLE_CHARACTERS])

    def _look_up(self, track_ids: Ids) -> tuple[Mapping[str, AudioFeatures], Mapping[str, TrackIdentity]]:
        features = self._service.features(track_ids)
        return features, self._service.identities(tuple(features)) if features else {}

    def _worth_asking(self, track_ids: Iterable[str]) -> Iterable[str]:
        today = self._today()
        for track_id in track_ids:
            if self._is_known(track_id, today):
                self._counts["known"] += 1
            elif self._is_missed(track_id, today):
                self._counts["missed_lately"] += 1
            else:
                yield track_id

    def _is_known(self, track_id: str, today: date) -> bool:
        row = self._shards.rows.get(track_id)
        is_collected = row is not None and self._genre in row.genres
        if self._again:
            return is_collected and row is not None and row.snapshot >= today.isoformat()
        return is_collected or track_id in self._elsewhere

    def _is_missed(self, track_id: str, today: date) -> bool:
        miss = self._shards.misses.get(track_id)
        # What came to nothing then was a refresh; the track itself is known, if not for this genre.
        if miss is None or miss.reason == NOT_REFRESHED:
            return False
        return miss.asked_on >= today if self._again else self._shards.is_missed(track_id, today)

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()


def collected_track(
    track_id: str, features: AudioFeatures, identity: TrackIdentity | None, genre: str, today: date
) -> Track:
    """A row of the catalogue out of what a service says; raises ``InvalidTrack`` for too little or too much of it."""
    if identity is None:
        raise InvalidTrack("identity_missing", "Its sound is known, but neither its title nor its artists.")
    track = Track(
        track_id=track_id,
        title=identity.title,
        artists=artist_credits(identity),
        features=features,
        album=identity.album,
        release_date=identity.release_date,
        duration_ms=identity.duration_ms,
        explicit=identity.explicit,
        popularity=identity.popularity,
        genres=(genre,),
        snapshot=today.isoformat(),
        source=SOURCE,
    )
    check_readable(track)
    return track


def artist_credits(identity: TrackIdentity) -> tuple[ArtistCredit, ...]:
    """The artists of an identity with their ids, where it has them; raises ``InvalidTrack``."""
    ids = identity.artist_ids or (None,) * len(identity.artists)
    return tuple(ArtistCredit(name, artist_id) for name, artist_id in zip(identity.artists, ids, strict=True))


def catalogue_track_ids(shards: CatalogueShards, names: Iterable[str], progress: Progress = no_progress) -> set[str]:
    """Ids of every valid track in these shards; raises ``InvalidDataset`` for one that is no catalogue file."""
    found: set[str] = set()
    rows = 0
    for name in names:
        with shards.open(name) as stream:
            for row in read_rows(stream, name):
                rows += 1
                if not isinstance(row, InvalidTrack):
                    found.add(row.track_id)
                if rows % _PROGRESS_ROWS == 0:
                    progress("read catalogue", rows, 0)
    if rows:
        progress("read catalogue", rows, rows)
    return found
