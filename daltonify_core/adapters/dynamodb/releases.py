"""Releases in the table. The index ``due`` holds those with something to do, by when; it may lag behind by seconds."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from daltonify_core.adapters.dynamodb.items import (
    ConditionFailed,
    Items,
    cap_reached,
    epoch,
    stamp,
    stored_key,
    time_of,
    translated,
)
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.limits import Cap
from daltonify_core.releases.profile import ListedTrack
from daltonify_core.releases.release import (
    OPEN_STATES,
    PublishPlan,
    ReferenceKind,
    Release,
    ReleaseReference,
    ReleaseState,
    Trigger,
    check_transition,
    claimed,
    replayed,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE_INDEX: Final = "due"
"""The table's index on ``due`` and ``due_at``, both texts, with the keys alone."""

_KIND: Final = "release"
_KEY: Final = "release key"
_OF_ARTIST: Final = "releases of"
_OWN_TRACK: Final = "own track"
_DUE_AT_ONCE: Final = 100  # as many as one call reads whole


class DynamoReleaseStore:
    """The port ``ReleaseStore`` over a ready low-level client; the table has keys ``pk`` and ``sk``, both texts."""

    def __init__(self, client: "DynamoDBClient", table_name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._items = Items(client, table_name, pause)
        self._client = client
        self._table = table_name

    def begin(self, release: Release, key: str, caps: Sequence[Cap], now: datetime) -> Release | None:
        """One transaction: the key, unless an unexpired one is there, the record, and one more on every counter."""
        until = {"until": {"S": stamp(release.expires_at)}, "expires_at": epoch(release.expires_at)}
        owner = {"release_id": {"S": release.release_id}}
        take_key = {
            "Put": {
                "TableName": self._table,
                "Item": {**stored_key(_KEY, key), **owner, **until},
                "ConditionExpression": "attribute_not_exists(pk) OR #until <= :now",
                "ExpressionAttributeNames": {"#until": "until"},
                "ExpressionAttributeValues": {":now": {"S": stamp(now)}},
            }
        }
        pointer = {"pk": {"S": f"{_OF_ARTIST}#{release.artist_id}"}, "sk": {"S": _place(release)}, **owner, **until}
        puts = [{"Put": {"TableName": self._table, "Item": item}} for item in (_from_release(release), pointer)]
        failed = self._items.transact([take_key, *puts, *map(self._items.count_one, caps)])
        if not failed:
            return None
        if failed[0] > 0:
            raise cap_reached(caps[failed[0] - 1 - len(puts)], now)
        item = self._items.read(_KEY, key)
        stored = self.find(item["release_id"]["S"], now) if item else None
        if stored is None:
            raise UpstreamUnavailable("The record of this release has just expired. Send the request again.")
        return stored

    def find(self, release_id: str, now: datetime) -> Release | None:
        """The release of this id."""
        item = self._items.read(_KIND, release_id)
        return _to_release(item) if item and item["until"]["S"] > stamp(now) else None

    def claim(self, release_id: str, now: datetime, lease_until: datetime) -> Release | None:
        """A conditional update of what was read, so that of two workers one gets it."""
        seen = self.find(release_id, now)
        if seen is None or not seen.is_due(now):
            return None
        taken = claimed(seen, lease_until)
        return taken if self._replace(taken, seen) else None

    def save(self, release: Release, before: ReleaseState) -> bool:
        """A conditional put: only the latest attempt may write, and only after what it saw."""
        check_transition(before, release.state)
        return self._replace(release, replace(release, state=before))

    def _replace(self, release: Release, seen: Release) -> bool:
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_from_release(release),
                    ConditionExpression="attempt = :attempt AND #state = :state",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={":attempt": {"N": str(seen.attempt)}, ":state": {"S": seen.state.value}},
                )
        except ConditionFailed:
            return False
        return True

    def note_queued(self, release_id: str, attempt: int, now: datetime) -> None:
        """One conditional update; an attempt that has begun since knows better."""
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=stored_key(_KIND, release_id),
                    UpdateExpression="SET queued_at = :now",
                    ConditionExpression="attempt = :attempt",
                    ExpressionAttributeValues={":now": {"S": stamp(now)}, ":attempt": {"N": str(attempt)}},
                )
        except ConditionFailed:
            return

    def due(self, now: datetime) -> Iterator[Release]:
        """What the index names, page by page, read as it is now."""
        start: dict[str, Any] = {}
        while True:
            with translated():
                answer = self._client.query(
                    TableName=self._table,
                    IndexName=DUE_INDEX,
                    KeyConditionExpression="due = :kind AND due_at <= :now",
                    ExpressionAttributeValues={":kind": {"S": _KIND}, ":now": {"S": stamp(now)}},
                    Limit=_DUE_AT_ONCE,
                    **start,
                )
            found = self._read_all([{"pk": item["pk"], "sk": item["sk"]} for item in answer["Items"]])
            yield from (release for release in found if release.is_due(now) and release.expires_at > now)
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def of_artist(self, artist_id: str, limit: int, now: datetime) -> list[Release]:
        """By the pointers, which begin with the time of receipt."""
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"{_OF_ARTIST}#{artist_id}"}},
                ScanIndexForward=False,
                Limit=limit,
                ConsistentRead=True,
            )
        found = self._read_all([stored_key(_KIND, item["release_id"]["S"]) for item in answer["Items"]])
        return [release for release in found if release.expires_at > now]

    def own_track(self, artist_id: str, track_id: str, release_id: str, instead_of: str | None = None) -> str:
        """A conditional put: over nothing, or over the one that was seen."""
        key = stored_key(_OWN_TRACK, f"{artist_id}#{track_id}")
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item={**key, "release_id": {"S": release_id}},
                    ConditionExpression="attribute_not_exists(pk) OR release_id = :other",
                    ExpressionAttributeValues={":other": {"S": instead_of or release_id}},
                )
        except ConditionFailed:
            item = self._items.read(_OWN_TRACK, f"{artist_id}#{track_id}")
            return release_id if item is None else str(item["release_id"]["S"])
        return release_id

    def hurry(self, release_id: str, now: datetime) -> Release | None:
        """A conditional put over the wait that was read."""
        seen = self.find(release_id, now)
        if seen is None or seen.state is not ReleaseState.WAITING or (seen.held_until and seen.held_until > now):
            return None
        hurried = replace(seen, next_attempt_at=now, queued_at=None)
        return hurried if self._replace(hurried, seen) else None

    def replay(self, release_id: str, now: datetime) -> Release | None:
        """A conditional put over the failure that was read."""
        seen = self.find(release_id, now)
        if seen is None or seen.state is not ReleaseState.FAILED:
            return None
        anew = replayed(seen, now)
        return anew if self._replace(anew, seen) else None

    def _read_all(self, keys: Sequence[Mapping[str, Any]]) -> list[Release]:
        return [_to_release(item) for item in self._items.read_all(keys)]


def _place(release: Release) -> str:
    return f"{stamp(release.received_at)}#{release.release_id}"


def _from_release(release: Release) -> dict[str, Any]:
    is_open = release.state in OPEN_STATES
    moments = {
        "received_at": release.received_at,
        "since": release.since,
        "until": release.expires_at,
        "due_at": release.next_attempt_at if is_open else None,
        "queued_at": release.queued_at,
        "finished_at": release.finished_at,
        "held_until": release.held_until,
    }
    texts = {
        "artist_id": release.artist_id,
        "kind": release.reference.kind.value,
        "value": release.reference.value,
        "trigger": release.trigger.value,
        "state": release.state.value,
        "due": _KIND if is_open and release.next_attempt_at else None,
        "hook_id": release.hook_id,
        "title": release.title,
        "why": release.why,
        "notes": json.dumps(release.notes),
        "track_id": release.track_id,
        "isrc": release.isrc,
        "release_date": release.release_date,
        "plan": json.dumps(asdict(release.plan)) if release.plan else None,
        "playlist_id": release.playlist_id,
    } | {name: stamp(moment) if moment else None for name, moment in moments.items()}
    numbers = {
        "attempt": release.attempt,
        "misses": release.misses,
        "unended": release.unended,
        "version": release.version,
    }
    return {
        **stored_key(_KIND, release.release_id),
        "expires_at": epoch(release.expires_at),
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        **{name: {"N": str(number)} for name, number in numbers.items() if number is not None},
    }


def _to_release(item: Mapping[str, Any]) -> Release:
    texts: dict[str, str] = {name: value["S"] for name, value in item.items() if "S" in value}

    def moment_of(name: str) -> datetime | None:
        return time_of(texts[name]) if name in texts else None

    return Release(
        release_id=texts["pk"].partition("#")[2],
        artist_id=texts["artist_id"],
        reference=ReleaseReference(ReferenceKind(texts["kind"]), texts["value"]),
        trigger=Trigger(texts["trigger"]),
        received_at=time_of(texts["received_at"]),
        since=time_of(texts["since"]),
        expires_at=time_of(texts["until"]),
        hook_id=texts.get("hook_id"),
        title=texts.get("title"),
        state=ReleaseState(texts["state"]),
        attempt=int(item["attempt"]["N"]),
        misses=int(item["misses"]["N"]),
        unended=int(item["unended"]["N"]),
        next_attempt_at=moment_of("due_at"),
        queued_at=moment_of("queued_at"),
        why=texts.get("why"),
        notes=tuple(json.loads(texts["notes"])),
        track_id=texts.get("track_id"),
        isrc=texts.get("isrc"),
        release_date=texts.get("release_date"),
        held_until=moment_of("held_until"),
        plan=_to_plan(json.loads(texts["plan"])) if "plan" in texts else None,
        playlist_id=texts.get("playlist_id"),
        version=int(item["version"]["N"]) if "version" in item else None,
        finished_at=moment_of("finished_at"),
    )


def _to_plan(values: Mapping[str, Any]) -> PublishPlan:
    lists = {name: tuple(values[name]) for name in ("uris", "own_uris", "reserves", "notes")}
    return PublishPlan(**{**values, **lists, "tracks": listed_tracks(values["tracks"])})


def listed_tracks(values: Sequence[Mapping[str, Any]]) -> tuple[ListedTrack, ...]:
    """Tracks of a stored list."""
    return tuple(ListedTrack(**{**track, "artists": tuple(track["artists"])}) for track in values)
