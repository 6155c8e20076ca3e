"""Artists' profiles, hooks, living playlists and what was seen of their releases, in the table.

Everything of one artist but the hooks themselves lies under one partition key, so that it can be forgotten as a whole.
A removal marks the profile first, and whatever is written for an artist is written only beside one without that mark:
so nothing comes back that a removal has taken away, and none of it is left behind.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from daltonify_core.adapters.dynamodb.items import ConditionFailed, Items, stamp, stored_key, time_of, translated
from daltonify_core.adapters.dynamodb.releases import listed_tracks
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import ArtistGone
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.ports.releases import PollState
from daltonify_core.releases.hook import Hook, HookKind
from daltonify_core.releases.profile import MAXIMUM_VERSIONS, ArtistProfile, LivingPlaylist, PlaylistVersion

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PROFILES: Final = "artists"
_ARTIST: Final = "artist"
_HOOK: Final = "hook"
_HOOKS: Final = "hook#"
_PLAYLIST: Final = "playlist"
_VERSIONS: Final = "version#"
_HOLD: Final = "hold"
_POLL: Final = "poll"
_REGISTERED: Final = "attribute_exists(pk) AND attribute_not_exists(leaving)"


class DynamoArtistStore:
    """The port ``ArtistStore`` over a ready low-level client; the table has keys ``pk`` and ``sk``, both texts."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._items = Items(client, table_name)
        self._client = client
        self._table = table_name

    def add(self, profile: ArtistProfile) -> bool:
        """A conditional put."""
        return self._put(_from_profile(profile), "attribute_not_exists(pk)")

    def replace(self, profile: ArtistProfile) -> bool:
        """A conditional put."""
        return self._put(_from_profile(profile), _REGISTERED)

    def find(self, artist_id: str) -> ArtistProfile | None:
        """The profile of this artist."""
        item = self._read(_PROFILES, artist_id)
        return _to_profile(item) if item and "leaving" not in item else None

    def all(self) -> list[ArtistProfile]:
        """Every profile, by artist id."""
        return [_to_profile(item) for item in self._query(_PROFILES, "") if "leaving" not in item]

    def remove(self, artist_id: str) -> bool:
        """The mark first and the profile last, so that a removal that broke off can be done again."""
        is_there = self._mark_as_leaving(artist_id)
        for hook in self.hooks(artist_id):
            self._delete(stored_key(_HOOK, hook.hook_id))
        for item in list(self._query(part_of_artist(artist_id), "")):
            self._delete({"pk": item["pk"], "sk": item["sk"]})
        self._delete(_key(_PROFILES, artist_id))
        return is_there

    def forget_playlist(self, artist_id: str) -> bool:
        """The playlist itself last, so that what broke off can be done again."""
        part = part_of_artist(artist_id)
        is_there = self.playlist(artist_id) is not None
        for item in list(self._query(part, _VERSIONS)):
            self._delete({"pk": item["pk"], "sk": item["sk"]})
        self._delete(_key(part, _PLAYLIST))
        return is_there

    def add_hook(self, hook: Hook) -> bool:
        """One transaction: a hook that nobody can list could not be revoked, and one of nobody would stay for ever."""
        pointer = _key(part_of_artist(hook.artist_id), f"{_HOOKS}{stamp(hook.made_at)}#{hook.hook_id}")
        try:
            return self._write_for(hook.artist_id, self._put_of(pointer), self._put_of(_from_hook(hook)))
        except ArtistGone:
            return False

    def replace_hook(self, hook: Hook, seen: Hook) -> bool:
        """A conditional put: a rotation that began before a revocation must not undo it."""
        values = {":seen": {"S": _secrets_of(seen)}}
        return self._put(_from_hook(hook), "attribute_exists(pk) AND secrets = :seen", values)

    def hook(self, hook_id: str) -> Hook | None:
        """The hook of this id, revoked or not."""
        item = self._items.read(_HOOK, hook_id)
        return _to_hook(item) if item else None

    def hooks(self, artist_id: str) -> list[Hook]:
        """Every hook of an artist, oldest first."""
        ids = [item["sk"]["S"].rpartition("#")[2] for item in self._query(part_of_artist(artist_id), _HOOKS)]
        return [hook for hook_id in ids if (hook := self.hook(hook_id)) is not None]

    def playlist(self, artist_id: str) -> LivingPlaylist | None:
        """The playlist that lives on."""
        item = self._read(part_of_artist(artist_id), _PLAYLIST)
        if item is None:
            return None
        return LivingPlaylist(
            artist_id, item["playlist_id"]["S"], item["reference"]["S"], version=int(item["version"]["N"])
        )

    def versions(self, artist_id: str) -> list[PlaylistVersion]:
        """Every version of it that is kept, newest first."""
        return [_to_version(item) for item in self._query(part_of_artist(artist_id), _VERSIONS, newest_first=True)]

    def save_version(self, playlist: LivingPlaylist, version: PlaylistVersion, holder: str, now: datetime) -> bool:
        """One transaction over both items, beside the hold; what is too old is forgotten afterwards."""
        part = part_of_artist(playlist.artist_id)
        living = {
            **_key(part, _PLAYLIST),
            "playlist_id": {"S": playlist.playlist_id},
            "reference": {"S": playlist.reference},
            "version": {"N": str(playlist.version)},
        }
        held = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(part, _HOLD),
                "ConditionExpression": "holder = :holder AND #until > :now",
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": {":holder": {"S": holder}, ":now": {"S": stamp(now)}},
            }
        }
        content = {"content": {"S": _version_text(version)}}
        newest = self._put_of({**_key(part, _version_key(version.number)), **content}, "attribute_not_exists(pk)")
        current = self._put_of(
            living,
            "attribute_not_exists(pk) OR version < :version",
            {":version": {"N": str(playlist.version)}},
        )
        if not self._write_for(playlist.artist_id, held, newest, current):
            return False
        oldest_kept = version.number - MAXIMUM_VERSIONS + 1
        if oldest_kept > 1:
            self._delete(_key(part, _version_key(oldest_kept - 1)))
        return True

    def hold(
        self, artist_id: str, holder: str, now: datetime, until: datetime, instead_of: str | None = None
    ) -> str | None:
        """A conditional put: over nothing, over the same holder or the one that was seen, or once its time is over."""
        key = _key(part_of_artist(artist_id), _HOLD)
        put = self._put_of(
            {**key, "holder": {"S": holder}, "until": {"S": stamp(until)}},
            "attribute_not_exists(pk) OR holder = :holder OR holder = :other OR #until <= :now",
            {":holder": {"S": holder}, ":other": {"S": instead_of or holder}, ":now": {"S": stamp(now)}},
            {"#until": "until"},
        )
        if self._write_for(artist_id, put):
            return None
        found = self._read(part_of_artist(artist_id), _HOLD)
        # Let go in between: whoever asks again gets it.
        return found["holder"]["S"] if found else holder

    def let_go(self, artist_id: str, holder: str) -> None:
        """A conditional delete."""
        try:
            with translated():
                self._client.delete_item(
                    TableName=self._table,
                    Key=_key(part_of_artist(artist_id), _HOLD),
                    ConditionExpression="holder = :holder",
                    ExpressionAttributeValues={":holder": {"S": holder}},
                )
        except ConditionFailed:
            return

    def poll_state(self, artist_id: str) -> PollState | None:
        """What was seen of an artist's releases."""
        item = self._read(part_of_artist(artist_id), _POLL)
        if item is None:
            return None
        return PollState(artist_id, tuple(json.loads(item["seen"]["S"])), time_of(item["next_look_at"]["S"]))

    def save_poll_state(self, state: PollState) -> None:
        """A put over whatever is there, of a registered artist."""
        item = {
            **_key(part_of_artist(state.artist_id), _POLL),
            "seen": {"S": json.dumps(state.seen)},
            "next_look_at": {"S": stamp(state.next_look_at)},
        }
        with suppress(ArtistGone):
            self._write_for(state.artist_id, self._put_of(item))

    def _mark_as_leaving(self, artist_id: str) -> bool:
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(_PROFILES, artist_id),
                    UpdateExpression="SET leaving = :yes",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":yes": {"BOOL": True}},
                )
        except ConditionFailed:
            return False
        return True

    def _write_for(self, artist_id: str, *items: dict[str, Any]) -> bool:
        """Write all items beside the artist's profile, or none; false when a condition of theirs failed.

        Raises ``ArtistGone``.
        """
        registered = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(_PROFILES, artist_id),
                "ConditionExpression": _REGISTERED,
            }
        }
        failed = self._items.transact([registered, *items])
        if 0 in failed:
            raise ArtistGone
        return not failed

    def _put_of(
        self,
        item: dict[str, Any],
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The part of a transaction that stores an item."""
        put = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ExpressionAttributeNames": names,
        }
        return {"Put": {name: value for name, value in put.items() if value}}

    def _read(self, pk: str, sk: str) -> dict[str, Any] | None:
        with translated():
            return self._client.get_item(TableName=self._table, Key=_key(pk, sk), ConsistentRead=True).get("Item")

    def _query(self, pk: str, beginning: str, newest_first: bool = False) -> Iterator[dict[str, Any]]:
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if beginning:
            condition += " AND begins_with(sk, :beginning)"
            values[":beginning"] = {"S": beginning}
        start: dict[str, Any] = {}
        while True:
            with translated():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    **start,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _put(self, item: dict[str, Any], condition: str | None = None, values: Mapping[str, Any] | None = None) -> bool:
        more: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if values:
            more["ExpressionAttributeValues"] = values
        try:
            with translated():
                self._client.put_item(TableName=self._table, Item=item, **more)
        except ConditionFailed:
            return False
        return True

    def _delete(self, key: dict[str, Any]) -> None:
        with translated():
            self._client.delete_item(TableName=self._table, Key=key)


def part_of_artist(artist_id: str) -> str:
    """The partition of everything that belongs to one artist alone."""
    return f"{_ARTIST}#{artist_id}"


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _version_key(number: int) -> str:
    return f"{_VERSIONS}{number:09d}"


def _from_profile(profile: ArtistProfile) -> dict[str, Any]:
    values = asdict(profile) | {"made_at": stamp(profile.made_at), "features": profile.features.present()}
    return {**_key(_PROFILES, profile.artist_id), "content": {"S": json.dumps(values)}}


def _to_profile(item: Mapping[str, Any]) -> ArtistProfile:
    values = json.loads(item["content"]["S"])
    return ArtistProfile(
        **values
        | {
            "made_at": time_of(values["made_at"]),
            "band": BandLifts(**values["band"]) if values["band"] else None,
            "own_slots": OwnSlots(values["own_slots"]),
            "pinned": tuple(values["pinned"]),
            "excluded_artists": tuple(values["excluded_artists"]),
            "features": AudioFeatures.from_mapping(values["features"]),
        }
    )


def _from_hook(hook: Hook) -> dict[str, Any]:
    moments = {"made_at": hook.made_at, "previous_until": hook.previous_until, "revoked_at": hook.revoked_at}
    values = asdict(hook) | {name: stamp(moment) if moment else None for name, moment in moments.items()}
    secrets = {"secrets": {"S": _secrets_of(hook)}}
    return {**stored_key(_HOOK, hook.hook_id), **secrets, "content": {"S": json.dumps(values)}}


def _secrets_of(hook: Hook) -> str:
    """What a rotation and a revocation change."""
    return "revoked" if hook.revoked_at else str(hook.generation)


def _to_hook(item: Mapping[str, Any]) -> Hook:
    values = json.loads(item["content"]["S"])

    def moment_of(name: str) -> datetime | None:
        return time_of(values[name]) if values[name] else None

    return Hook(
        **values
        | {
            "kind": HookKind(values["kind"]),
            "made_at": time_of(values["made_at"]),
            "previous_until": moment_of("previous_until"),
            "revoked_at": moment_of("revoked_at"),
            "token_hashes": tuple(values["token_hashes"]),
        }
    )


def _version_text(version: PlaylistVersion) -> str:
    return json.dumps(asdict(version) | {"made_at": stamp(version.made_at)})


def _to_version(item: Mapping[str, Any]) -> PlaylistVersion:
    values = json.loads(item["content"]["S"])
    return PlaylistVersion(
        **values | {"made_at": time_of(values["made_at"]), "tracks": listed_tracks(values["tracks"])}
    )
