"""Everything that a release meets on its way into a playlist, in memory, with a clock that stands still."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import (
    SeedDataNeeded,
    SeedKnowledge,
    UpstreamUnavailable,
)
from daltonify_core.index.candidate_search import SearchPath
from daltonify_core.playlist.band import Band, BandUse
from daltonify_core.playlist.genre_choice import GenreChoice, GenreSource
from daltonify_core.playlist.own_slots import own_positions
from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.playlist.recommendation import IndexDescription, Recommendation, Row
from daltonify_core.playlist.request import RecommendationRequest
from daltonify_core.ports.releases import FoundRelease
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import ReferenceKind, Release, ReleaseReference, ReleaseState
from daltonify_core.use_cases.look_up_budget import BudgetedDirectory, BudgetSettings, LookUpBudget
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner
from daltonify_core.use_cases.publish_playlist import PublishPlaylist
from daltonify_core.use_cases.record_release import RecordRelease
from daltonify_core.use_cases.sweep_releases import sweep_releases
from daltonify_core.use_cases.work_on_release import Worked, WorkOnRelease
from tests.fakes.faults import FaultPlan, ProcessKilled
from tests.fakes.memory_playlists import MemoryPlaylistService
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.memory_releases import MemoryArtists, MemoryReleaseDirectory, MemoryReleaseQueue, MemoryReleases
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TOKEN_KEY = b"NEVERLOGME the key from which edit tokens are made"
ME, SOMEBODY_ELSE = "A" * 22, "B" * 22
WORKER_SECONDS = 120
SWEEP_SECONDS = 300
DAY = timedelta(days=1)
PROFILE = ArtistProfile(ME, "Me", NOON, genre="rock", size=12, own_kept=1)


def track_id(name: str) -> str:
    return f"{name:x>22}"


def uri(name: str) -> str:
    return f"spotify:track:{track_id(name)}"


def reference(name: str) -> ReleaseReference:
    return ReleaseReference(ReferenceKind.TRACK, track_id(name))


def found(name: str, date: str | None = "2026-01-02", artist_id: str = ME) -> FoundRelease:
    return FoundRelease(track_id(name), name, (artist_id,), ("Me",), release_date=date)


POOL = [f"other{number}" for number in range(100)]


@dataclass
class FakeRecommender:
    """Takes from a pool in its order: pinned tracks first, nothing that is excluded, own tracks at their slots."""

    index_version: str = "v1"
    requests: list[RecommendationRequest] = field(default_factory=list)
    error: Exception | None = None
    without_features: set[str] = field(default_factory=set)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def __call__(self, request: RecommendationRequest, deadline: datetime) -> Recommendation:
        with self.faults.step("recommend"):
            return self._answer(request)

    def _answer(self, request: RecommendationRequest) -> Recommendation:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        lacking = [
            ("features",) if seed.track_id in self.without_features and not seed.features.present() else ()
            for seed in request.seeds
        ]
        if any(lacking):
            raise SeedDataNeeded(
                "Nobody knows how it sounds.",
                [SeedKnowledge(seed.track_id, seed.title, seed.artists, missing=names, facts={}) for seed, names in
                 zip(request.seeds, lacking, strict=True)],
            )  # fmt: skip
        allowed = [name for name in POOL if track_id(name) not in request.filters.exclude_tracks]
        pinned = [name for name in allowed if track_id(name) in request.pinned]
        chosen = (pinned + [name for name in allowed if name not in pinned])[: request.size + 5]
        rows = [row(name) for name in chosen[: request.size]]
        places = own_positions(len(request.seeds), len(rows), request.own_slots)
        for place, seed in zip(places, request.seeds, strict=True):
            rows.insert(place - 1, row(seed.title or "")._replace(own=True))
        return Recommendation(
            index=IndexDescription(self.index_version, 100, "2026-01-01T00:00:00Z", None, "test"),
            search=SearchPath.EXACT,
            seeds=(),
            genre=GenreChoice(("rock",), GenreSource.ASKED, ()),
            band=BandUse(Band(0, 0), Band(0, 0), widened=False, candidates=0, tracks_at=()),
            tracks=tuple(rows),
            reserves=tuple(row(name) for name in chosen[request.size :]),
            notes=(),
        )


def row(name: str) -> Row:
    values: dict[str, Any] = dict.fromkeys(Row._fields)
    facts = {"own": False, "track_id": track_id(name), "title": name, "artists": (f"by {name}",)}
    return Row(**values | facts)


@dataclass
class World:
    """Everything that a worker meets, and a clock that stands still."""

    profile: ArtistProfile = PROFILE
    publish_settings: PublishSettings = field(default_factory=PublishSettings)
    budget_settings: BudgetSettings = field(default_factory=BudgetSettings)
    clock: SetClock = field(default_factory=lambda: SetClock(NOON))
    releases: MemoryReleases = field(default_factory=MemoryReleases)
    artists: MemoryArtists = field(default_factory=MemoryArtists)
    queue: MemoryReleaseQueue = field(default_factory=MemoryReleaseQueue)
    directory: MemoryReleaseDirectory = field(default_factory=MemoryReleaseDirectory)
    recommender: FakeRecommender = field(default_factory=FakeRecommender)
    publications: MemoryPublicationStore = field(default_factory=MemoryPublicationStore)
    sounds: dict[str, AudioFeatures] = field(default_factory=dict)
    killed: int = 0

    def __post_init__(self) -> None:
        self.spotify = MemoryPlaylistService(clock=self.clock)
        self.artists.add(self.profile)
        self._ids = count(1)
        self._change_ids = count(1)

    def new_id(self) -> str:
        """Of a change that is not a release."""
        return str(next(self._change_ids))

    @property
    def faults(self) -> list[FaultPlan]:
        """One for everything that a worker asks."""
        parts = (self.releases, self.artists, self.directory, self.recommender, self.publications, self.spotify)
        return [part.faults for part in parts]

    def on_spotify(self, *names: str, **more: Any) -> None:
        for name in names:
            self.directory.found[reference(name)] = found(name, **more)

    def announce(self, name: str) -> Release:
        record = RecordRelease(self.releases, self.queue, lambda: f"release{next(self._ids)}", self.clock)
        return record.by_operator(self.profile.artist_id, announced_release({"uri": uri(name)}))

    def worker(self) -> WorkOnRelease:
        """A new one every time, as after a cold start."""
        planner = PlaylistPlanner(self.recommender, lambda artist_id: self.sounds.get(artist_id, AudioFeatures()))
        budget = LookUpBudget(self.publications, self.clock, self.budget_settings)
        directory = BudgetedDirectory(self.directory, budget)
        return WorkOnRelease(self.releases, self.artists, directory, planner, self.publisher(), self.clock)

    def publisher(self) -> PublishPlaylist:
        return PublishPlaylist(
            self.publications,
            self.spotify,
            lambda ids: dict.fromkeys(ids, "test"),
            TOKEN_KEY,
            self.clock,
            self.publish_settings,
        )

    def work(self, release_id: str) -> Worked | None:
        """One message; ``None`` when the worker died of it."""
        try:
            return self.worker().attempt(release_id, self.clock() + timedelta(seconds=WORKER_SECONDS))
        except (ProcessKilled, UpstreamUnavailable):
            self.killed += 1
            return None

    def deliver(self) -> None:
        """Every message that waits, in order."""
        while self.queue.sent:
            self.work(self.queue.sent.pop(0).release_id)

    def sweep(self) -> None:
        """Five minutes later: a sweep, and what it sent."""
        self.clock.advance(SWEEP_SECONDS)
        sweep_releases(self.releases, self.queue, self.clock)
        self.deliver()

    def settle(self, most: timedelta = timedelta(days=3)) -> None:
        """Sweep until nothing is open any more."""
        ends = self.clock() + most
        self.deliver()
        while self.clock() < ends and any(one.state not in ENDED for one in self.releases.releases.values()):
            self.sweep()

    def release(self, number: int = 1) -> Release:
        return self.releases.releases[f"release{number}"]

    def playlist(self) -> list[str]:
        """Names of the tracks of the only playlist there is."""
        (playlist,) = self.spotify.playlists.values()
        return names(playlist.uris)


ENDED = (ReleaseState.DONE, ReleaseState.FAILED)


def why(world: World) -> str:
    return world.release().why or ""


def names(uris: Sequence[str]) -> list[str]:
    return [each.rpartition(":")[2].lstrip("x") for each in uris]
