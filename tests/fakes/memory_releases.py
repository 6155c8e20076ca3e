"""Releases, artists, a queue and a directory of releases that live in memory."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from daltonify_core.errors import ArtistGone, CapReached, UpstreamRefused
from daltonify_core.ports.limits import Cap
from daltonify_core.ports.releases import FoundRelease, NewAlbum, PollState
from daltonify_core.releases.hook import Hook
from daltonify_core.releases.profile import MAXIMUM_VERSIONS, ArtistProfile, LivingPlaylist, PlaylistVersion
from daltonify_core.releases.release import (
    Release,
    ReleaseReference,
    ReleaseState,
    check_transition,
    claimed,
    replayed,
)
from tests.fakes.faults import FaultPlan


@dataclass
class MemoryReleases:
    """``faults`` strikes calls by number or by name."""

    releases: dict[str, Release] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tracks: dict[tuple[str, str], str] = field(default_factory=dict)
    counters: dict[tuple[str, datetime | None], int] = field(default_factory=dict)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def begin(self, release: Release, key: str, caps: Sequence[Cap], now: datetime) -> Release | None:
        with self.faults.step("begin"):
            stored = self._unexpired(self.keys.get(key, ""), now)
            if stored is not None:
                return stored
            for cap in caps:
                if self.counters.get((cap.counter, cap.until), 0) >= cap.limit:
                    raise CapReached(cap.message, math.ceil((cap.until - now).total_seconds()) if cap.until else None)
            for cap in caps:
                self.counters[cap.counter, cap.until] = self.counters.get((cap.counter, cap.until), 0) + 1
            self.keys[key] = release.release_id
            self.releases[release.release_id] = release
        return None

    def find(self, release_id: str, now: datetime) -> Release | None:
        with self.faults.step("find"):
            return self._unexpired(release_id, now)

    def claim(self, release_id: str, now: datetime, lease_until: datetime) -> Release | None:
        with self.faults.step("claim"):
            seen = self._unexpired(release_id, now)
            if seen is None or not seen.is_due(now):
                return None
            taken = self.releases[release_id] = claimed(seen, lease_until)
        return taken

    def save(self, release: Release, before: ReleaseState) -> bool:
        with self.faults.step("save"):
            check_transition(before, release.state)
            stored = self.releases.get(release.release_id)
            if stored is None or (stored.attempt, stored.state) != (release.attempt, before):
                return False
            self.releases[release.release_id] = release
        return True

    def note_queued(self, release_id: str, attempt: int, now: datetime) -> None:
        with self.faults.step("note_queued"):
            stored = self.releases.get(release_id)
            if stored is not None and stored.attempt == attempt:
                self.releases[release_id] = replace(stored, queued_at=now)

    def due(self, now: datetime) -> Iterator[Release]:
        with self.faults.step("due"):
            due = [one for one in self.releases.values() if one.is_due(now) and one.expires_at > now]
        yield from sorted(due, key=lambda one: one.next_attempt_at or now)

    def of_artist(self, artist_id: str, limit: int, now: datetime) -> list[Release]:
        with self.faults.step("of_artist"):
            found = [one for one in self.releases.values() if one.artist_id == artist_id and one.expires_at > now]
            return sorted(found, key=lambda one: (one.received_at, one.release_id), reverse=True)[:limit]

    def own_track(self, artist_id: str, track_id: str, release_id: str, instead_of: str | None = None) -> str:
        with self.faults.step("own_track"):
            if instead_of is not None and self.tracks.get((artist_id, track_id)) == instead_of:
                self.tracks[artist_id, track_id] = release_id
            return self.tracks.setdefault((artist_id, track_id), release_id)

    def hurry(self, release_id: str, now: datetime) -> Release | None:
        with self.faults.step("hurry"):
            seen = self._unexpired(release_id, now)
            if seen is None or seen.state is not ReleaseState.WAITING or (seen.held_until and seen.held_until > now):
                return None
            hurried = replace(seen, next_attempt_at=now, queued_at=None)
            self.releases[release_id] = hurried
        return hurried

    def replay(self, release_id: str, now: datetime) -> Release | None:
        with self.faults.step("replay"):
            seen = self._unexpired(release_id, now)
            if seen is None or seen.state is not ReleaseState.FAILED:
                return None
            anew = self.releases[release_id] = replayed(seen, now)
        return anew

    def _unexpired(self, release_id: str, now: datetime) -> Release | None:
        stored = self.releases.get(release_id)
        return stored if stored and stored.expires_at > now else None


@dataclass
class MemoryArtists:
    """``faults`` strikes calls by number or by name."""

    profiles: dict[str, ArtistProfile] = field(default_factory=dict)
    kept_hooks: dict[str, Hook] = field(default_factory=dict)
    playlists: dict[str, LivingPlaylist] = field(default_factory=dict)
    kept_versions: dict[str, dict[int, PlaylistVersion]] = field(default_factory=dict)
    holders: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    polls: dict[str, PollState] = field(default_factory=dict)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def add(self, profile: ArtistProfile) -> bool:
        with self.faults.step("add"):
            return self.profiles.setdefault(profile.artist_id, profile) is profile

    def replace(self, profile: ArtistProfile) -> bool:
        with self.faults.step("replace"):
            if profile.artist_id not in self.profiles:
                return False
            self.profiles[profile.artist_id] = profile
        return True

    def find(self, artist_id: str) -> ArtistProfile | None:
        with self.faults.step("find"):
            return self.profiles.get(artist_id)

    def all(self) -> list[ArtistProfile]:
        with self.faults.step("all"):
            return [self.profiles[artist_id] for artist_id in sorted(self.profiles)]

    def remove(self, artist_id: str) -> bool:
        with self.faults.step("remove"):
            for hook in self._hooks(artist_id):
                del self.kept_hooks[hook.hook_id]
            for kept in (self.playlists, self.kept_versions, self.holders, self.polls):
                kept.pop(artist_id, None)
            return self.profiles.pop(artist_id, None) is not None

    def forget_playlist(self, artist_id: str) -> bool:
        with self.faults.step("forget_playlist"):
            self.kept_versions.pop(artist_id, None)
            return self.playlists.pop(artist_id, None) is not None

    def add_hook(self, hook: Hook) -> bool:
        with self.faults.step("add_hook"):
            if hook.artist_id not in self.profiles:
                return False
            self.kept_hooks[hook.hook_id] = hook
        return True

    def replace_hook(self, hook: Hook, seen: Hook) -> bool:
        with self.faults.step("replace_hook"):
            if self.kept_hooks.get(hook.hook_id) != seen:
                return False
            self.kept_hooks[hook.hook_id] = hook
        return True

    def hook(self, hook_id: str) -> Hook | None:
        with self.faults.step("hook"):
            return self.kept_hooks.get(hook_id)

    def hooks(self, artist_id: str) -> list[Hook]:
        with self.faults.step("hooks"):
            return self._hooks(artist_id)

    def playlist(self, artist_id: str) -> LivingPlaylist | None:
        with self.faults.step("playlist"):
            return self.playlists.get(artist_id)

    def versions(self, artist_id: str) -> list[PlaylistVersion]:
        with self.faults.step("versions"):
            kept = self.kept_versions.get(artist_id, {})
            return [kept[number] for number in sorted(kept, reverse=True)]

    def save_version(self, playlist: LivingPlaylist, version: PlaylistVersion, holder: str, now: datetime) -> bool:
        with self.faults.step("save_version"):
            self._check_registered(playlist.artist_id)
            held_by, until = self.holders.get(playlist.artist_id, (None, now))
            if held_by != holder or until <= now:
                return False
            kept = self.kept_versions.setdefault(playlist.artist_id, {})
            current = self.playlists.get(playlist.artist_id)
            if version.number in kept or (current and current.version >= playlist.version):
                return False
            kept[version.number] = version
            kept.pop(version.number - MAXIMUM_VERSIONS, None)
            self.playlists[playlist.artist_id] = playlist
        return True

    def hold(
        self, artist_id: str, holder: str, now: datetime, until: datetime, instead_of: str | None = None
    ) -> str | None:
        with self.faults.step("hold"):
            self._check_registered(artist_id)
            current, ends = self.holders.get(artist_id, (None, now))
            if current not in (None, holder, instead_of) and ends > now:
                return current
            self.holders[artist_id] = (holder, until)
        return None

    def let_go(self, artist_id: str, holder: str) -> None:
        with self.faults.step("let_go"):
            if artist_id in self.holders and self.holders[artist_id][0] == holder:
                del self.holders[artist_id]

    def poll_state(self, artist_id: str) -> PollState | None:
        with self.faults.step("poll_state"):
            return self.polls.get(artist_id)

    def save_poll_state(self, state: PollState) -> None:
        with self.faults.step("save_poll_state"):
            if state.artist_id in self.profiles:
                self.polls[state.artist_id] = state

    def _check_registered(self, artist_id: str) -> None:
        if artist_id not in self.profiles:
            raise ArtistGone

    def _hooks(self, artist_id: str) -> list[Hook]:
        found = [hook for hook in self.kept_hooks.values() if hook.artist_id == artist_id]
        return sorted(found, key=lambda hook: (hook.made_at, hook.hook_id))


@dataclass
class MemoryReleaseQueue:
    """``sent`` holds the releases that it was told of, in order, ``renewals`` the artists of whom it was."""

    sent: list[Release] = field(default_factory=list)
    renewals: list[str] = field(default_factory=list)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def send(self, release: Release) -> None:
        with self.faults.step("send"):
            self.sent.append(release)

    def send_renewal(self, artist_id: str, day: date) -> None:
        with self.faults.step("send_renewal"):
            if artist_id not in self.renewals:
                self.renewals.append(artist_id)


@dataclass
class MemoryReleaseDirectory:
    """``found`` by reference and ``albums`` by artist are what Spotify has; of ``unknown`` artists it tells nothing."""

    found: dict[ReleaseReference, FoundRelease] = field(default_factory=dict)
    albums: dict[str, list[NewAlbum]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    announced_for: list[str | None] = field(default_factory=list)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def find(
        self, reference: ReleaseReference, artist_id: str, artist_name: str, announced_for: str | None = None
    ) -> FoundRelease | None:
        with self.faults.step("find"):
            self.announced_for.append(announced_for)
            return self.found.get(reference)

    def newest(self, artist_id: str, limit: int) -> list[NewAlbum]:
        with self.faults.step("newest"):
            if artist_id in self.unknown:
                raise UpstreamRefused("Spotify does not accept what was asked of it (status 404).", 404)
            return self.albums.get(artist_id, [])[:limit]
