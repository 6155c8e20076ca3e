"""Change a living playlist without a release: renew it, or bring an older version back.

Both are steps from one version to the next, stored only if nobody else took that step, and sent under a key that
belongs to it, so that doing it again after a fault goes on instead of doing it twice. The playlist is in hand meanwhile
for as long as this process may live and a little more; whoever took longer than that stores nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daltonify_core.errors import InvalidQuery, PublicationInProgress
from daltonify_core.playlist.publishing import PublishRequest
from daltonify_core.ports.releases import ArtistStore, ReleaseStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.profile import ArtistProfile, LivingPlaylist, PlaylistVersion
from daltonify_core.releases.release import OPEN_STATES
from daltonify_core.use_cases.plan_playlist import PlaylistPlanner, published_tracks
from daltonify_core.use_cases.work_on_release import Publisher

LEASE_MARGIN: Final = timedelta(seconds=30)
"""How long after its deadline a change counts as alive: a call may hang, and clocks differ."""
_BUSY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was carried out: the playlist and its new version."""

    playlist: LivingPlaylist
    version: PlaylistVersion


class ChangePlaylist:
    """Changes living playlists; ``publisher`` must take every track that an older version held.

    ``new_id`` makes random texts, by which two changes of one playlist are told apart.
    """

    def __init__(
        self,
        artists: ArtistStore,
        releases: ReleaseStore,
        planner: PlaylistPlanner,
        publisher: Publisher,
        new_id: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._artists = artists
        self._releases = releases
        self._planner = planner
        self._publisher = publisher
        self._new_id = new_id
        self._clock = clock

    def renew(self, artist_id: str, index_version: str, deadline: datetime) -> Changed | None:
        """Renew a third of the others; ``None`` where the profile does not want it or this index has had its turn.

        Raises ``PublicationInProgress`` while somebody else has the playlist in hand, ``ArtistGone``, and what
        recommending and publishing do; doing it again goes on.
        """
        profile, living, versions = self._known(artist_id)
        if profile is None or living is None or not versions:
            return None
        if not profile.renews or profile.frozen or not profile.lives_on or versions[0].index_version == index_version:
            return None
        with self._in_hand(artist_id, deadline) as holder:
            plan = self._planner.for_renewal(profile, living, versions[0], living.version, deadline)
            request = PublishRequest(
                title=plan.title,
                description=plan.description,
                uris=plan.uris,
                seeds=plan.own_uris,
                reserves=plan.reserves,
                playlist_id=living.playlist_id,
                edit_token=self._publisher.edit_token(living.playlist_id, living.reference),
            )
            # With the content: another index in between may have made another plan of the same step.
            key = f"renewal {artist_id} {living.version} {request.payload_hash()[:16]}"
            published = self._publisher.publish(request, key, f"artist {artist_id}", deadline)
            version = PlaylistVersion(
                number=living.version + 1,
                made_at=self._clock(),
                why="renewed",
                title=plan.title,
                description=plan.description,
                tracks=published_tracks(plan, published),
                index_version=plan.index_version,
            )
            return self._stored(living, version, holder)

    def return_to(self, artist_id: str, number: int | None, deadline: datetime) -> Changed:
        """Make the content of an older version the newest one: that of ``number``, or of the one before the newest.

        Nothing is lost by it, because it is a new version itself. Raises ``InvalidQuery`` when there is no such
        version, ``PublicationInProgress`` while somebody else has the playlist in hand, ``ArtistGone``, and what
        publishing does.
        """
        _, living, versions = self._known(artist_id)
        if living is None or len(versions) < 2:
            raise InvalidQuery("There is no older version of this artist's playlist to return to.", "version")
        wanted = versions[1].number if number is None else number
        old = next((version for version in versions[1:] if version.number == wanted), None)
        if old is None:
            kept = f"{versions[-1].number} to {versions[1].number}"
            raise InvalidQuery(f"There is no older version {wanted}; the ones kept are {kept}.", "version")
        with self._in_hand(artist_id, deadline) as holder:
            request = PublishRequest(
                title=old.title,
                description=old.description,
                uris=tuple(track.uri for track in old.tracks),
                seeds=tuple(track.uri for track in old.tracks if track.is_own),
                playlist_id=living.playlist_id,
                edit_token=self._publisher.edit_token(living.playlist_id, living.reference),
            )
            key = f"return {artist_id} {living.version} {wanted}"
            published = self._publisher.publish(request, key, f"artist {artist_id}", deadline)
            number = living.version + 1
            version = replace(
                old,
                number=number,
                made_at=self._clock(),
                why=f"back to version {wanted}",
                tracks=tuple(track for track in old.tracks if track.uri not in published.left_out),
                release_id=None,
                # Of the version it stands for: else tomorrow's renewal would take back what was asked for.
                index_version=versions[0].index_version,
            )
            return self._stored(living, version, holder)

    def _known(self, artist_id: str) -> tuple[ArtistProfile | None, LivingPlaylist | None, Sequence[PlaylistVersion]]:
        return self._artists.find(artist_id), self._artists.playlist(artist_id), self._artists.versions(artist_id)

    @contextmanager
    def _in_hand(self, artist_id: str, deadline: datetime) -> Iterator[str]:
        """Have the playlist in hand, by the name that is given."""
        # Of this change alone: one that outlived its hold must not pass for the one that has it now.
        holder = f"change {self._new_id()}"
        until = deadline + LEASE_MARGIN
        now = self._clock()
        other = self._artists.hold(artist_id, holder, now, until)
        if other is not None:
            release = self._releases.find(other, now)
            if release is not None and release.state not in OPEN_STATES:
                # It ended without letting go.
                other = self._artists.hold(artist_id, holder, now, until, other)
        if other is not None:
            raise PublicationInProgress(
                "Another change of this playlist is under way, or a release on its way into it. Try again in a minute.",
                _BUSY_SECONDS,
            )
        try:
            yield holder
        finally:
            self._artists.let_go(artist_id, holder)

    def _stored(self, living: LivingPlaylist, version: PlaylistVersion, holder: str) -> Changed:
        playlist = replace(living, version=version.number)
        if not self._artists.save_version(playlist, version, holder, self._clock()):
            raise PublicationInProgress("The playlist was changed in between. Try again in a minute.", _BUSY_SECONDS)
        return Changed(playlist, version)
