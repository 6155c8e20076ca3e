"""``daltonify artists``: who has a playlist at every release, what they want, and who may announce it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import InvalidQuery, InvalidTrack
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.releases.hook import Hook, HookKind
from daltonify_core.releases.profile import ArtistProfile, LivingPlaylist, PlaylistVersion
from daltonify_core.use_cases.keep_artists import artist_id_of
from daltonify_core.use_cases.keep_hooks import ROTATION, NewSecret
from infra.cli import releases, screen, wiring

_HOOK_PATH: Final = "/api/webhooks/releases/"
_SHOWN_VERSIONS: Final = 5
_SHOWN_RELEASES: Final = 10

type ErrorReport = Callable[[bool], AbstractContextManager[None]]

Artist = Annotated[str, typer.Argument(help="the artist's Spotify link, URI or id")]
HookId = Annotated[str, typer.Argument(help="the hook's id, from `daltonify artists show`")]
Stack = releases.Stack
Json = releases.Json

# What an artist may want; each is left as it is when its option is not given.
Genre = Annotated[str | None, typer.Option(help="genre to recommend from  [default: the tracks' own]")]
MinLift = Annotated[int | None, typer.Option(help="least points of popularity above the artist")]
MaxLift = Annotated[int | None, typer.Option(help="most points of popularity above the artist")]
Size = Annotated[int | None, typer.Option(help="number of recommended tracks, 5 to 100  [default: 30]")]
Slots = Annotated[OwnSlots | None, typer.Option(help="where own tracks stand  [default: early]")]
OwnKept = Annotated[int | None, typer.Option(help="how many own tracks the playlist keeps, newest first  [default: 1]")]
LivesOn = Annotated[
    bool | None,
    typer.Option("--one-playlist/--new-playlists", help="one playlist lives on, or each release has its own"),
]
Renews = Annotated[bool | None, typer.Option("--renew/--no-renew", help="renew it after each build of the index too")]
Polled = Annotated[bool | None, typer.Option("--poll/--no-poll", help="look for new releases on Spotify once a day")]
Pinned = Annotated[list[str] | None, typer.Option("--pin", help="track that always stays; repeat it for every one")]
Excluded = Annotated[list[str] | None, typer.Option("--exclude-artist", help="artist to leave out; may be repeated")]
Title = Annotated[str | None, typer.Option(help="title of the playlist")]
Description = Annotated[str | None, typer.Option(help="its description")]
Contact = Annotated[str | None, typer.Option(help="how to reach the artist; never shown to anybody else")]
Followers = Annotated[
    int | None, typer.Option(help="the artist's followers on Spotify, for artists nobody has data on")
]
Feature = Annotated[
    list[str] | None, typer.Option(help="how they sound, such as energy=0.9; for new tracks; may be repeated")
]


def add_to(app: typer.Typer, errors: ErrorReport) -> None:
    """Add the commands; ``errors`` turns what they raise into a message (or a JSON document) and an exit code."""
    artists = typer.Typer(help="Artists who have a playlist at every release.", no_args_is_help=True)
    hooks = typer.Typer(help="Addresses at which releases are announced.", no_args_is_help=True)
    app.add_typer(artists, name="artists")
    artists.add_typer(hooks, name="hooks")
    _add_profiles(artists, errors)
    _add_hooks(hooks, errors)


def _add_profiles(artists: typer.Typer, errors: ErrorReport) -> None:
    @artists.command()
    def add(
        artist: Artist,
        name: Annotated[str, typer.Option(help="the artist's name, as on Spotify")],
        genre: Genre = None,
        min_lift: MinLift = None,
        max_lift: MaxLift = None,
        size: Size = None,
        own_slots: Slots = None,
        own_kept: OwnKept = None,
        lives_on: LivesOn = None,
        renews: Renews = None,
        polled: Polled = None,
        pinned: Pinned = None,
        excluded_artists: Excluded = None,
        title: Title = None,
        description: Description = None,
        contact: Contact = None,
        followers: Followers = None,
        feature: Feature = None,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Register an artist."""
        with errors(as_json):
            wishes = _wishes(
                genre=genre,
                band=_band(min_lift, max_lift),
                size=size,
                own_slots=own_slots,
                own_kept=own_kept,
                lives_on=lives_on,
                renews=renews,
                polled=polled,
                pinned=pinned,
                excluded_artists=excluded_artists,
                title=title,
                description=description,
                contact=contact,
                followers=followers,
                features=_features(feature),
            )
            profile = wiring.installation(stack).keep_artists().add(artist, name, wishes)
            if as_json:
                screen.print_json({"artist": profile_values(profile)})
            else:
                screen.print_plain(f"{profile.name} ({profile.artist_id}) is registered.")
                screen.print_hint(f"Make a hook with `daltonify artists hooks add {profile.artist_id}`.")

    @artists.command("list")
    def list_artists(stack: Stack = None, as_json: Json = False) -> None:
        """Show who is registered."""
        with errors(as_json):
            found = wiring.installation(stack).artists.all()
            if as_json:
                screen.print_json({"artists": [profile_values(one) for one in found]})
            elif found:
                rows = [(one.name, one.genre or "", _way(one), one.artist_id) for one in found]
                screen.print_rows(("artist", "genre", "playlist", "id"), rows)
            else:
                screen.print_plain("Nobody is registered yet. Use `daltonify artists add`.")

    @artists.command()
    def show(artist: Artist, stack: Stack = None, as_json: Json = False) -> None:
        """Show what an artist wants, their playlist with its versions, hooks and newest releases."""
        with errors(as_json):
            service = wiring.installation(stack)
            profile = service.keep_artists().find(artist)
            store, now = service.artists, datetime.now(UTC)
            playlist, versions = store.playlist(profile.artist_id), store.versions(profile.artist_id)
            known, newest = (
                store.hooks(profile.artist_id),
                service.releases.of_artist(profile.artist_id, _SHOWN_RELEASES, now),
            )
            if as_json:
                screen.print_json(
                    {
                        "artist": profile_values(profile),
                        "playlist": _playlist_values(playlist, service.playlist_url(playlist.playlist_id), versions)
                        if playlist
                        else None,
                        "hooks": [hook_values(one, now) for one in known],
                        "releases": [releases.release_values(one) for one in newest],
                    }
                )
                return
            wanted = [
                (name, _shown(value))
                for name, value in profile_values(profile).items()
                if value not in (None, "", [], {})
            ]
            screen.print_rows(("field", "value"), wanted)
            if playlist is not None:
                screen.print_plain(f"\nPlaylist {service.playlist_url(playlist.playlist_id)}")
                told = [
                    (str(one.number), f"{one.made_at:%Y-%m-%d %H:%M}", str(len(one.tracks)), one.why)
                    for one in versions[:_SHOWN_VERSIONS]
                ]
                screen.print_rows(("version", "made (UTC)", "tracks", "why"), told)
            if known:
                screen.print_plain("")
                shown = [(one.hook_id, one.kind.value, _hook_state(one, now), one.label) for one in known]
                screen.print_rows(("hook", "kind", "state", "for"), shown)
            if newest:
                screen.print_plain("")
                releases.print_releases(newest)

    @artists.command()
    def change(
        artist: Artist,
        name: Annotated[str | None, typer.Option(help="the artist's name, as on Spotify")] = None,
        genre: Genre = None,
        min_lift: MinLift = None,
        max_lift: MaxLift = None,
        size: Size = None,
        own_slots: Slots = None,
        own_kept: OwnKept = None,
        lives_on: LivesOn = None,
        renews: Renews = None,
        polled: Polled = None,
        frozen: Annotated[
            bool | None, typer.Option("--freeze/--no-freeze", help="change nothing of the playlist until taken back")
        ] = None,
        pinned: Pinned = None,
        excluded_artists: Excluded = None,
        title: Title = None,
        description: Description = None,
        contact: Contact = None,
        followers: Followers = None,
        feature: Feature = None,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Change what an artist wants; lists are replaced whole, and an empty text takes a field back."""
        with errors(as_json):
            keeper = wiring.installation(stack).keep_artists()
            wishes = _wishes(
                name=name,
                genre=genre,
                size=size,
                own_slots=own_slots,
                own_kept=own_kept,
                lives_on=lives_on,
                renews=renews,
                polled=polled,
                frozen=frozen,
                pinned=pinned,
                excluded_artists=excluded_artists,
                title=title,
                description=description,
                contact=contact,
                followers=followers,
                features=_features(feature),
            )
            if min_lift is not None or max_lift is not None:
                before = keeper.find(artist).band
                low, high = (before.min_lift, before.max_lift) if before else (None, None)
                wishes["band"] = _band(low if min_lift is None else min_lift, high if max_lift is None else max_lift)
            if not wishes:
                raise InvalidQuery("Say what to change, such as --size 40. `daltonify artists change --help` lists it.")
            profile = keeper.change(artist, wishes)
            if as_json:
                screen.print_json({"artist": profile_values(profile)})
            else:
                screen.print_plain(f"{profile.name} is changed; the next release follows it.")

    @artists.command()
    def remove(
        artist: Artist,
        is_sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Forget an artist with their hooks; the playlist stays on Spotify."""
        with errors(as_json):
            service = wiring.installation(stack)
            # None as well after a removal that broke off, which was agreed to.
            profile = service.artists.find(artist_id_of(artist))
            if profile is not None and not is_sure:
                typer.confirm(
                    f"Forget {profile.name}, their hooks, and every version of their playlist?", abort=True, err=True
                )
            removed = service.keep_artists().remove(artist)
            if as_json:
                screen.print_json({"removed": removed})
            else:
                name = profile.name if profile else removed
                screen.print_plain(f"{name} is forgotten. What they published stays on Spotify.")

    @artists.command("forget-playlist")
    def forget_playlist(
        artist: Artist,
        is_sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Let the next release begin a new playlist, when the one that lived on is gone from Spotify."""
        with errors(as_json):
            keeper = wiring.installation(stack).keep_artists()
            profile = keeper.find(artist)
            if not is_sure:
                typer.confirm(f"Forget every version of {profile.name}'s playlist?", abort=True, err=True)
            keeper.forget_playlist(profile.artist_id)
            if as_json:
                screen.print_json({"forgotten": profile.artist_id})
            else:
                screen.print_plain(f"The next release of {profile.name} begins a new playlist.")
                screen.print_hint("Give one that failed meanwhile another try: `daltonify releases replay …`.")


def _add_hooks(hooks: typer.Typer, errors: ErrorReport) -> None:
    @hooks.command()
    def add(
        artist: Artist,
        kind: Annotated[
            HookKind, typer.Option(help="signed after Standard Webhooks, or bearer for senders that cannot sign")
        ] = HookKind.SIGNED,
        label: Annotated[str, typer.Option("--for", help="who sends here, for your own overview")] = "",
        stack: Stack = None,
        as_json: Json = False,
    ) -> None:
        """Make a hook and show its secret, this once."""
        with errors(as_json):
            service = wiring.installation(stack)
            made = service.keep_hooks().add(artist_id_of(artist), kind, label)
            _show_secret(made, service.names.get("PAGE_URL", ""), as_json)

    @hooks.command()
    def rotate(hook: HookId, stack: Stack = None, as_json: Json = False) -> None:
        """Give a hook another secret; the one before is good for two more days."""
        with errors(as_json):
            service = wiring.installation(stack)
            _show_secret(service.keep_hooks().rotate(hook), service.names.get("PAGE_URL", ""), as_json)

    @hooks.command()
    def revoke(hook: HookId, stack: Stack = None, as_json: Json = False) -> None:
        """Close a hook for good; its senders are told to stop."""
        with errors(as_json):
            revoked = wiring.installation(stack).keep_hooks().revoke(hook)
            if as_json:
                screen.print_json({"hook": hook_values(revoked, datetime.now(UTC))})
            else:
                screen.print_plain(f"The hook {revoked.hook_id} takes nothing any more.")


def profile_values(profile: ArtistProfile) -> dict[str, Any]:
    """A profile as JSON."""
    return {
        **asdict(profile),
        "made_at": profile.made_at.isoformat(timespec="seconds"),
        "own_slots": profile.own_slots.value,
        "pinned": list(profile.pinned),
        "excluded_artists": list(profile.excluded_artists),
        "features": dict(profile.features.present()),
    }


def hook_values(hook: Hook, now: datetime) -> dict[str, Any]:
    """A hook as JSON; never its secret, nor a hash of one."""
    return {
        "id": hook.hook_id,
        "artist_id": hook.artist_id,
        "kind": hook.kind.value,
        "label": hook.label,
        "state": _hook_state(hook, now),
        "made_at": hook.made_at.isoformat(timespec="seconds"),
        "address": f"{_HOOK_PATH}{hook.hook_id}",
    }


def _show_secret(made: NewSecret, page_url: str, as_json: bool) -> None:
    hook, address = made.hook, f"{page_url.rstrip('/')}{_HOOK_PATH}{made.hook.hook_id}"
    if as_json:
        values = hook_values(hook, datetime.now(UTC)) | {"address": address}
        screen.print_json({"hook": values, "secret": made.secret})
        return
    # Unwrapped, because both are to be copied.
    typer.echo(f"Address: {address}")
    typer.echo(f"{'Signing secret' if hook.kind is HookKind.SIGNED else 'Token'}: {made.secret}")
    screen.print_hint("The secret is shown this once. Keep it where the sender keeps its passwords.")
    if hook.generation > 1:
        screen.print_hint(f"The one before is good for {ROTATION.days} more days; older ones are not any more.")


def _hook_state(hook: Hook, now: datetime) -> str:
    return ("revoked", "open", "rotating")[len(hook.generations(now))]


def _playlist_values(playlist: LivingPlaylist, url: str, versions: Sequence[PlaylistVersion]) -> dict[str, Any]:
    return {
        "id": playlist.playlist_id,
        "url": url,
        "version": playlist.version,
        "versions": [
            asdict(one)
            | {"made_at": one.made_at.isoformat(timespec="seconds"), "tracks": [track.uri for track in one.tracks]}
            for one in versions
        ],
    }


def _way(profile: ArtistProfile) -> str:
    if profile.frozen:
        return "frozen"
    return ("lives on, renewed" if profile.renews else "lives on") if profile.lives_on else "one per release"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={inner}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _wishes(**given: Any) -> dict[str, Any]:
    """What was said at all; an empty text or list entry takes a field back."""
    wishes = {name: value for name, value in given.items() if value is not None}
    for name in ("pinned", "excluded_artists"):
        if name in wishes:
            wishes[name] = tuple(text for text in wishes[name] if text)
    for name in ("genre", "title"):
        if name in wishes:
            wishes[name] = wishes[name] or None
    return wishes


def _band(min_lift: int | None, max_lift: int | None) -> BandLifts | None:
    return None if min_lift is None and max_lift is None else BandLifts.from_ends(min_lift, max_lift)


def _features(texts: Sequence[str] | None) -> AudioFeatures | None:
    if texts is None:
        return None
    values: dict[str, float] = {}
    for text in filter(None, texts):
        name, _, number = text.partition("=")
        try:
            values[name.strip()] = float(number)
        except ValueError as error:
            raise InvalidQuery(
                f"{text[:60]!r} is not a feature; write it as name=number, such as energy=0.9."
            ) from error
    try:
        return AudioFeatures.from_mapping(values)
    except InvalidTrack as error:
        raise InvalidQuery(error.message) from error
