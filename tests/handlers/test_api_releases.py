"""Hooks and the status of releases, as senders and artists meet them. Every answer is checked against the document."""

import io
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.observability import logger
from shared.settings import MAX_WEBHOOK_BYTES
from standardwebhooks import Webhook

from daltonify_core.errors import SecretUnavailable, UpstreamUnavailable
from daltonify_core.releases.hook import Hook, HookKind
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.releases.release import ReferenceKind, ReleaseReference, ReleaseState, Trigger
from daltonify_core.use_cases.keep_hooks import ROTATION, KeepHooks, NewSecret, release_key_of
from daltonify_core.use_cases.record_release import RecordSettings
from daltonify_core.use_cases.sweep_releases import sweep_releases
from tests.fakes.faults import Fault, Moment
from tests.handlers.api_client import EDIT_TOKEN_KEY, RELEASE_KEY, Answer, ApiClient, check_problem, make_event

ME, SOMEBODY_ELSE = "A" * 22, "B" * 22
TRACK = "4HJ7mSMtHAdU55lLjGE4zW"
BODY = json.dumps({"uri": f"spotify:track:{TRACK}", "title": "Paper Boats"}).encode()
SENT = count(1)


def keeper(api: ApiClient) -> KeepHooks:
    ids = count(len(api.artists.kept_hooks) + 1000)
    tokens = count(1)
    return KeepHooks(
        api.artists, RELEASE_KEY.encode(), lambda: f"{next(ids):032x}", lambda: f"NEVERLOGME-{next(tokens)}", api.clock
    )


@pytest.fixture
def hooks(api: ApiClient) -> KeepHooks:
    api.artists.add(ArtistProfile(ME, "Mira Tallow", api.clock()))
    return keeper(api)


@pytest.fixture
def signed(hooks: KeepHooks) -> NewSecret:
    return hooks.add(ME, HookKind.SIGNED, "distributor")


@pytest.fixture
def bearer(hooks: KeepHooks) -> NewSecret:
    return hooks.add(ME, HookKind.BEARER, "no-code tool")


def path_of(hook: Hook) -> str:
    return f"/api/webhooks/releases/{hook.hook_id}"


def signature(
    secret: str, body: bytes = BODY, message_id: str | None = None, at: datetime | None = None
) -> dict[str, str]:
    """Headers as the reference library makes them; the library itself reads the clock of the machine."""
    message_id = message_id or f"msg_{next(SENT)}"
    at = at or datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }


def announce(api: ApiClient, hook: Hook, headers: Mapping[str, str], body: bytes | str = BODY, **more: Any) -> Answer:
    return api.send("POST", path_of(hook), body=body, headers=headers, **more)


def with_token(made: NewSecret, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {made.secret}", **headers}


def test_a_signed_hook_leads_to_a_stored_release_and_a_message(api, signed):
    answer = announce(api, signed.hook, signature(signed.secret))
    assert answer.status == 202, answer.text
    (release,) = api.releases.releases.values()
    assert (release.artist_id, release.hook_id, release.trigger) == (ME, signed.hook.hook_id, Trigger.HOOK)
    assert release.reference == ReleaseReference(ReferenceKind.TRACK, TRACK)
    assert [sent.release_id for sent in api.release_queue.sent] == [release.release_id]
    status_url = f"/api/releases/{release.release_id}"
    assert answer.json == {"id": release.release_id, "state": "received", "status_url": status_url}
    assert answer.headers["Location"] == status_url
    told = api.get(status_url)
    assert (told.status, told.json["state"], told.json["title"]) == (200, "received", "Paper Boats")


def test_a_bearer_hook_does_the_same_with_its_token(api, bearer):
    assert announce(api, bearer.hook, with_token(bearer), BODY.decode()).status == 202
    assert announce(api, bearer.hook, {"AUTHORIZATION": f"bearer   {bearer.secret} "}, b'{"title": "B"}').status == 202
    assert len(api.releases.releases) == len(api.release_queue.sent) == 2


@pytest.mark.parametrize("as_bytes", [True, False], ids=["base64", "text"])
def test_the_signature_is_over_the_bytes_as_they_were_sent(api, signed, as_bytes):
    body = '\ufeff{ "title":\t"Große Fahrt \\u2014 édité" }\r\n'.encode()
    headers = signature(signed.secret, body)
    answer = announce(api, signed.hook, headers, body if as_bytes else body.decode())
    assert answer.status == 202, answer.text
    (release,) = api.releases.releases.values()
    assert release.title == "Große Fahrt — édité"


def test_each_secret_of_a_rotation_opens_the_hook_until_the_older_one_ends(api, hooks, signed):
    newer = hooks.rotate(signed.hook.hook_id)
    for secret in (signed.secret, newer.secret):
        assert announce(api, signed.hook, signature(secret)).status == 202
    api.clock.advance(ROTATION.total_seconds())
    check_problem(announce(api, signed.hook, signature(signed.secret)), 401, "not_authorised")
    assert announce(api, signed.hook, signature(newer.secret)).status == 202


def test_each_token_of_a_rotation_opens_the_hook_until_the_older_one_ends(api, hooks, bearer):
    newer = hooks.rotate(bearer.hook.hook_id)
    for made in (bearer, newer):
        assert announce(api, bearer.hook, with_token(made)).status == 202
    api.clock.advance(ROTATION.total_seconds())
    check_problem(announce(api, bearer.hook, with_token(bearer)), 401, "not_authorised")
    assert announce(api, bearer.hook, with_token(newer)).status == 202


def test_of_several_signatures_one_good_one_is_enough(api, hooks, signed):
    other = hooks.add(ME, HookKind.SIGNED)
    headers = signature(signed.secret, message_id="msg_1")
    wrong = signature(other.secret, message_id="msg_1")["webhook-signature"]
    both = f"v2,bm90IG91cnM= {wrong} {headers['webhook-signature']}"
    assert announce(api, signed.hook, headers | {"webhook-signature": both}).status == 202
    only_wrong = headers | {"webhook-signature": f"{wrong} {wrong}"}
    check_problem(announce(api, signed.hook, only_wrong), 401, "not_authorised")
    with_garbage = headers | {"webhook-signature": f"garbage  v1,% v1,A {headers['webhook-signature']}"}
    assert announce(api, signed.hook, with_garbage).status == 202


GARBAGE = ["", "v1", "v1,", "v1,%%%", ",,,", "v1,\u00e9", "v2,bm90IG91cnM=", "v1a,AAAA", " " * 500, "v1," + "A" * 9000]


@pytest.mark.parametrize("given", GARBAGE)
def test_garbage_for_a_signature_opens_nothing(api, signed, given):
    headers = signature(signed.secret) | {"webhook-signature": given}
    problem = check_problem(announce(api, signed.hook, headers), 401, "not_authorised")
    assert "Standard Webhooks" in problem["detail"]
    assert not api.releases.releases


@pytest.mark.parametrize("stamp", ["", "now", "nan", "inf", "-inf", "-1", "1e400", "9" * 30, "0x10", "\u0661"])
def test_garbage_for_a_time_opens_nothing(api, signed, stamp):
    check_problem(
        announce(api, signed.hook, signature(signed.secret) | {"webhook-timestamp": stamp}), 401, "not_authorised"
    )


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365, 60 * 24])
def test_a_time_that_is_off_by_more_than_five_minutes_opens_nothing(api, signed, minutes):
    headers = signature(signed.secret, at=datetime.now(UTC) + timedelta(minutes=minutes))
    check_problem(announce(api, signed.hook, headers), 401, "not_authorised")
    assert not api.releases.releases


@pytest.mark.parametrize("minutes", [-4, 4])
def test_a_clock_that_is_a_little_off_does_no_harm(api, signed, minutes):
    headers = signature(signed.secret, at=datetime.now(UTC) + timedelta(minutes=minutes))
    assert announce(api, signed.hook, headers).status == 202


def test_a_tampered_body_id_or_time_opens_nothing(api, signed):
    headers = signature(signed.secret)
    later = str(int(headers["webhook-timestamp"]) + 1)
    tries = [
        (BODY.replace(b"Boats", b"Goats"), {}),
        (BODY + b" ", {}),
        (BODY, {"webhook-id": "msg_another"}),
        (BODY, {"webhook-timestamp": later}),
        (BODY, {"webhook-id": ""}),
    ]
    for body, changed in tries:
        check_problem(announce(api, signed.hook, headers | changed, body), 401, "not_authorised")
    assert not api.releases.releases
    assert announce(api, signed.hook, headers).status == 202


def test_an_id_cannot_move_the_border_to_the_time(api, signed):
    """The signed text joins id, time and body by full stops."""
    at = datetime.now(UTC)
    headers = signature(signed.secret, BODY, "msg", at)
    moved = {"webhook-id": f"msg.{headers['webhook-timestamp']}", "webhook-timestamp": headers["webhook-timestamp"]}
    check_problem(announce(api, signed.hook, headers | moved), 401, "not_authorised")


def test_the_secret_of_another_hook_opens_nothing(api, hooks, signed, bearer):
    other, other_bearer = hooks.add(ME, HookKind.SIGNED), hooks.add(ME, HookKind.BEARER)
    check_problem(announce(api, signed.hook, signature(other.secret)), 401, "not_authorised")
    check_problem(announce(api, bearer.hook, with_token(other_bearer)), 401, "not_authorised")


def test_neither_kind_takes_what_belongs_to_the_other(api, signed, bearer):
    answer = announce(api, signed.hook, {"authorization": f"Bearer {signed.secret}"})
    check_problem(answer, 401, "not_authorised")
    assert answer.headers["WWW-Authenticate"].startswith("StandardWebhooks")
    answer = announce(api, bearer.hook, signature("whsec_TkVWRVJMT0dNRQ=="))
    check_problem(answer, 401, "not_authorised")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "stated", ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {}x", "Token {}", "Bearer \u00fc"]
)
def test_a_missing_or_wrong_token_opens_nothing(api, bearer, stated):
    answer = announce(api, bearer.hook, {"authorization": stated.format(bearer.secret)})
    problem = check_problem(answer, 401, "not_authorised")
    assert "Authorization" in problem["detail"]
    assert not api.releases.releases


def test_a_revoked_hook_is_gone_for_whoever_has_its_secret(api, hooks, signed, bearer):
    for made in (signed, bearer):
        hooks.revoke(made.hook.hook_id)
    check_problem(announce(api, signed.hook, signature(signed.secret)), 410, "hook_revoked")
    check_problem(announce(api, bearer.hook, with_token(bearer)), 410, "hook_revoked")
    assert not api.releases.releases


@pytest.mark.parametrize("hook_id", ["0" * 32, "F" * 32, "x", "1" * 31, "1" * 33, "_-" * 16, "9" * 4000])
def test_an_unknown_hook_is_told_as_such(api, hook_id):
    check_problem(api.send("POST", f"/api/webhooks/releases/{hook_id}", body=BODY), 404, "unknown_hook")


def test_another_artists_release_is_refused(api, signed):
    for named in (SOMEBODY_ELSE, f"spotify:artist:{SOMEBODY_ELSE}", f"https://open.spotify.com/artist/{SOMEBODY_ELSE}"):
        body = json.dumps({"title": "Theirs", "artist": named}).encode()
        problem = check_problem(announce(api, signed.hook, signature(signed.secret, body), body), 403, "not_authorised")
        assert "another artist" in problem["detail"]
    assert not api.releases.releases
    mine = json.dumps({"title": "Mine", "artist_id": ME}).encode()
    assert announce(api, signed.hook, signature(signed.secret, mine), mine).status == 202


def test_the_same_message_again_gives_the_same_answer_and_nothing_twice(api, signed):
    first = announce(api, signed.hook, signature(signed.secret, message_id="msg_1"))
    for _ in range(4):
        again = announce(api, signed.hook, signature(signed.secret, message_id="msg_1"))
        assert (again.status, again.json) == (202, first.json)
    assert len(api.releases.releases) == len(api.release_queue.sent) == 1
    other = announce(api, signed.hook, signature(signed.secret, b'{"title": "Other"}', "msg_2"), b'{"title": "Other"}')
    assert other.json["id"] != first.json["id"]


def test_without_an_id_the_same_release_gives_the_same_answer(api, hooks, bearer):
    other = hooks.add(ME, HookKind.BEARER)
    first = announce(api, bearer.hook, with_token(bearer))
    body = json.dumps({"url": f"https://open.spotify.com/track/{TRACK}?si=x", "note": "once more"})
    assert announce(api, bearer.hook, with_token(bearer), body).json == first.json
    assert announce(api, other.hook, with_token(other), body).json == first.json
    assert len(api.releases.releases) == len(api.release_queue.sent) == 1


@pytest.mark.parametrize("name", ["Idempotency-Key", "Webhook-Id"])
def test_senders_that_cannot_sign_may_name_their_messages(api, bearer, name):
    first = announce(api, bearer.hook, with_token(bearer, **{name: "run-17"}), b'{"title": "One"}')
    again = announce(api, bearer.hook, with_token(bearer, **{name: "run-17"}), b'{"title": "One"}')
    assert again.json == first.json
    other = announce(api, bearer.hook, with_token(bearer, **{name: "run-17"}), b'{"title": "Another"}')
    check_problem(other, 422, "key_reused")
    too_long = announce(api, bearer.hook, with_token(bearer, **{name: "x" * 201}), b'{"title": "Two"}')
    check_problem(too_long, 422, "invalid_query")


def test_one_artists_message_id_means_nothing_at_anothers_hook(api, hooks, bearer):
    api.artists.add(ArtistProfile(SOMEBODY_ELSE, "Somebody", api.clock()))
    theirs = hooks.add(SOMEBODY_ELSE, HookKind.BEARER)
    ids = {
        announce(api, made.hook, with_token(made, **{"Idempotency-Key": "1"}), b'{"title": "One"}').json["id"]
        for made in (bearer, theirs)
    }
    assert len(ids) == 2


def test_a_hook_has_a_daily_limit_that_repetitions_do_not_use_up(api, bearer):
    limit = RecordSettings().daily_per_hook
    for number in range(limit):
        for _ in range(2):
            assert announce(api, bearer.hook, with_token(bearer), json.dumps({"title": f"T{number}"})).status == 202
    answer = announce(api, bearer.hook, with_token(bearer), b'{"title": "One more"}')
    problem = check_problem(answer, 429, "cap_reached")
    assert "tomorrow" in problem["detail"]
    assert int(answer.headers["Retry-After"]) == 12 * 3600
    assert announce(api, bearer.hook, with_token(bearer), b'{"title": "T0"}').status == 202
    api.clock.advance(12 * 3600)
    assert announce(api, bearer.hook, with_token(bearer), b'{"title": "One more"}').status == 202


@pytest.mark.parametrize("moment", Moment)
def test_a_queue_that_fails_loses_nothing_because_the_sweep_sends_it(api, bearer, moment):
    api.release_queue.faults.add(Fault(UpstreamUnavailable("The queue is away."), moment, times=3))
    answer = announce(api, bearer.hook, with_token(bearer))
    assert answer.status == 202
    sent_before = len(api.release_queue.sent)
    assert sweep_releases(api.releases, api.release_queue, api.clock).unsent == 1
    api.release_queue.faults.clear()
    api.clock.advance(300)
    assert sweep_releases(api.releases, api.release_queue, api.clock).sent == 1
    assert api.release_queue.sent[-1].release_id == answer.json["id"]
    assert len(api.release_queue.sent) > sent_before
    assert sweep_releases(api.releases, api.release_queue, api.clock).sent == 0


def test_a_note_of_the_sending_that_fails_changes_nothing_for_the_sender(api, bearer):
    api.releases.faults.add(Fault(UpstreamUnavailable("The table is away."), method="note_queued"))
    assert announce(api, bearer.hook, with_token(bearer)).status == 202


@pytest.mark.parametrize("moment", Moment)
def test_a_table_that_fails_says_so_and_the_repetition_is_taken(api, signed, moment):
    api.releases.faults.add(Fault(UpstreamUnavailable("The table is away."), moment, method="begin"))
    answer = announce(api, signed.hook, signature(signed.secret, message_id="msg_1"))
    check_problem(answer, 503, "upstream_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    again = announce(api, signed.hook, signature(signed.secret, message_id="msg_1"))
    assert again.status == 202
    assert list(api.releases.releases) == [again.json["id"]]
    api.clock.advance(300)
    sweep_releases(api.releases, api.release_queue, api.clock)
    assert api.release_queue.sent[-1].release_id == again.json["id"]


def test_hooks_that_cannot_be_read_are_a_problem_and_no_refusal(api, signed):
    api.artists.faults.add(Fault(UpstreamUnavailable("The table is away."), method="hook"))
    check_problem(announce(api, signed.hook, signature(signed.secret)), 503, "upstream_unavailable")


def test_signed_hooks_need_the_key_and_bearer_hooks_do_not(api, signed, bearer):
    api.secrets.is_down = True
    check_problem(announce(api, signed.hook, signature(signed.secret)), 503, "secret_unavailable")
    assert announce(api, bearer.hook, with_token(bearer)).status == 202
    api.secrets.is_down = False
    assert announce(api, signed.hook, signature(signed.secret)).status == 202


def test_an_installation_without_a_release_key_has_one_from_its_edit_token_key(api, hooks):
    del api.secrets.secrets["publishing"]["release_key"]
    key = release_key_of({"edit_token_key": EDIT_TOKEN_KEY})
    assert key != EDIT_TOKEN_KEY.encode()
    made = KeepHooks(api.artists, key, lambda: "7" * 32, lambda: "", api.clock).add(ME, HookKind.SIGNED)
    assert announce(api, made.hook, signature(made.secret)).status == 202
    with pytest.raises(SecretUnavailable):
        release_key_of({"release_key": "short", "edit_token_key": EDIT_TOKEN_KEY})


def test_a_thousand_hooks_of_a_thousand_artists_are_taken_each_for_its_own(api):
    made = []
    for number in range(1000):
        artist_id = f"{number:022d}"
        api.artists.add(ArtistProfile(artist_id, f"Artist {number}", api.clock()))
        made.append(keeper(api).add(artist_id, HookKind.SIGNED if number % 2 else HookKind.BEARER))
    for one in made:
        headers = signature(one.secret, message_id="msg_1") if one.hook.kind is HookKind.SIGNED else with_token(one)
        assert announce(api, one.hook, headers).status == 202
    assert {release.artist_id for release in api.releases.releases.values()} == {one.hook.artist_id for one in made}
    assert len(api.release_queue.sent) == 1000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "empty_body"),
        (b"  \n", 400, "empty_body"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe{}", 400, "invalid_json"),
        (b'{"title": "a", "title": "b"}', 400, "invalid_json"),
        (b'{"title": "a", "x": NaN}', 400, "invalid_json"),
        (b'{"title": "\\ud800"}', 400, "invalid_json"),
        (b"[" * 15_000, 400, "invalid_json"),
        (b'{"title": "' + b"x" * MAX_WEBHOOK_BYTES + b'"}', 413, "body_too_large"),
        (b"[]", 422, "invalid_query"),
        (b"{}", 422, "invalid_query"),
        (b'{"title": 5}', 422, "invalid_query"),
        (b'{"title": "' + b"x" * 5000 + b'"}', 422, "invalid_query"),
        (b'{"isrc": "no"}', 422, "invalid_query"),
        (b'{"uri": "https://example.org/track/1"}', 422, "invalid_link"),
        (b'{"data": {"upc": true}}', 422, "invalid_query"),
    ],
)
def test_a_body_that_names_no_release_is_told_what_is_wrong(api, bearer, body, status, code):
    check_problem(announce(api, bearer.hook, with_token(bearer), body), status, code)
    assert not api.releases.releases


def test_other_types_than_json_are_refused_before_anything_is_read(api, bearer):
    form = with_token(bearer, **{"content-type": "application/x-www-form-urlencoded"})
    check_problem(announce(api, bearer.hook, form, b"title=One"), 415, "not_json")


def test_what_is_in_a_body_matters_only_after_the_sender_is_known(api, signed):
    check_problem(announce(api, signed.hook, {}, b"{"), 401, "not_authorised")


def test_damaged_base64_is_refused(api, bearer):
    event = make_event("POST", path_of(bearer.hook), body=b"{}", headers=with_token(bearer))
    check_problem(api.answer(event | {"body": "%%%"}), 400, "invalid_json")


@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["uri", "url", "isrc", "upc", "ean", "title", "name", "artist", "data", "release_date"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_service_fail(api, bearer, body):
    assert announce(api, bearer.hook, with_token(bearer), body).status in (202, 400, 403, 413, 422, 429)


@given(
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "authorization", "idempotency-key"]),
        st.text(max_size=60),
    )
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_headers_open_a_hook_by_chance(api, signed, bearer, headers):
    for made in (signed, bearer):
        assert announce(api, made.hook, headers).status == 401


def test_the_status_tells_what_an_artist_wants_to_know(api, bearer):
    release_id = announce(api, bearer.hook, with_token(bearer)).json["id"]
    stored = api.releases.releases[release_id]
    later = api.clock() + timedelta(hours=2)
    api.releases.releases[release_id] = replace(
        stored, state=ReleaseState.WAITING, why="Spotify does not have it yet.", next_attempt_at=later
    )
    told = api.get(f"/api/releases/{release_id}").json
    assert (told["state"], told["why"]) == ("waiting", "Spotify does not have it yet.")
    assert (told["next_attempt_at"], told["playlist_url"]) == ("2026-03-01T14:00:00Z", None)
    api.releases.releases[release_id] = replace(
        stored,
        state=ReleaseState.DONE,
        track_id=TRACK,
        playlist_id="P" * 22,
        version=3,
        finished_at=later,
        next_attempt_at=None,
    )
    told = api.get(f"/api/releases/{release_id}").json
    assert told["playlist_url"] == f"https://open.spotify.com/playlist/{'P' * 22}"
    assert (told["version"], told["finished_at"]) == (3, "2026-03-01T14:00:00Z")
    assert told["track_url"].endswith(TRACK)


@pytest.mark.parametrize("release_id", ["0" * 32, "x", "A" * 32, "1" * 33])
def test_an_unknown_release_is_told_as_such(api, release_id):
    check_problem(api.get(f"/api/releases/{release_id}"), 404, "unknown_release")


def test_a_status_ends_with_its_record(api, bearer):
    release_id = announce(api, bearer.hook, with_token(bearer)).json["id"]
    api.clock.advance(timedelta(days=401).total_seconds())
    check_problem(api.get(f"/api/releases/{release_id}"), 404, "unknown_release")


def test_no_log_line_holds_an_id_or_a_secret(api, signed, bearer, monkeypatch):
    stream = io.StringIO()
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            monkeypatch.setattr(handler, "stream", stream)
    ids = [signed.hook.hook_id, bearer.hook.hook_id, "NEVERLOGME-message"]
    ids.append(announce(api, signed.hook, signature(signed.secret, message_id="NEVERLOGME-message")).json["id"])
    ids.append(announce(api, bearer.hook, with_token(bearer), b'{"title": "Another"}').json["id"])
    announce(api, bearer.hook, {"authorization": "Bearer NEVERLOGME-wrong"})
    api.get(f"/api/releases/{ids[-1]}")
    api.get(f"/api/releases/{'e' * 32}")
    api.releases.faults.add(Fault(UpstreamUnavailable("The table is away."), method="begin", call=2))
    announce(api, bearer.hook, with_token(bearer), b'{"title": "Third"}')
    written = stream.getvalue()
    assert "POST /api/webhooks/releases/{hook_id}" in written
    assert "GET /api/releases/{release_id}" in written
    refused = next(line for line in map(json.loads, written.splitlines()) if line.get("status") == 401)
    assert refused["artist_id"] == ME
    for secret in [*ids, "e" * 32, signed.secret, bearer.secret, "NEVERLOGME"]:
        assert secret not in written
