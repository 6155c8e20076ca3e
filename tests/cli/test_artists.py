"""``daltonify artists`` on the local AWS: profiles and hooks, as an operator keeps them."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from daltonify_core.adapters.dynamodb import DynamoArtistStore
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.releases.hook import HookKind
from daltonify_core.releases.profile import LivingPlaylist, PlaylistVersion
from daltonify_core.use_cases.keep_hooks import is_bearer, release_key_of, signing_secret

ME = "4HJ7mSMtHAdU55lLjGE4zW"
LINK = f"https://open.spotify.com/intl-de/artist/{ME}?si=x"
TRACK = "0aB1cD2eF3gH4iJ5kL6mN7"


@pytest.fixture
def store(service):
    return DynamoArtistStore(service.aws.dynamodb, service.table)


@pytest.fixture
def registered(run, store):
    done = run("artists", "add", LINK, "--name", "Mira Tallow")
    assert done.code == 0, done.err
    return store.find(ME)


def test_an_artist_is_registered_with_what_they_want(run, store):
    done = run(
        *("artists", "add", f"spotify:artist:{ME}", "--name", " Mira Tallow ", "--genre", "Hip-Hop", "--size", 40),
        *("--min-lift", 5, "--own-slots", "first", "--own-kept", 3, "--renew", "--no-poll", "--pin", TRACK),
        *("--exclude-artist", "Somebody", "--title", "Beside Mira", "--description", "Songs"),
        *("--contact", "mira@example.org", "--followers", 812, "--feature", "energy=0.9"),
        *("--feature", "tempo=128", "--json"),
    )  # fmt: skip
    assert done.code == 0, done.err
    profile = store.find(ME)
    assert (profile.name, profile.genre, profile.size, profile.own_kept) == ("Mira Tallow", "hip hop", 40, 3)
    assert (profile.band.min_lift, profile.renews, profile.polled, profile.lives_on) == (5, True, False, True)
    assert (profile.pinned, profile.excluded_artists, profile.followers) == ((TRACK,), ("Somebody",), 812)
    assert profile.features.present() == {"energy": 0.9, "tempo": 128.0}
    told = json.loads(done.out)["artist"]
    assert (told["artist_id"], told["own_slots"], told["features"]) == (ME, "first", {"energy": 0.9, "tempo": 128.0})


def test_nobody_is_registered_twice(run, registered):
    refused = run("artists", "add", ME, "--name", "Again")
    assert (refused.code, "artists change" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--size", 4], "5 to 100"),
        (["--own-kept", 4], "1 to 3 own tracks"),
        (["--min-lift", 0], "min_lift"),
        (["--genre", "!!"], "genre"),
        (["--pin", f"https://open.spotify.com/album/{TRACK}"], "Only tracks"),
        (["--pin", "nonsense"], "nonsense"),
        (["--title", "x" * 101], "title"),
        (["--description", "see https://example.org"], "description"),
        (["--feature", "energy"], "energy=0.9"),
        (["--feature", "energy=7"], "energy"),
        (["--followers", -1], "followers"),
        (["--contact", "x" * 201], "contact"),
    ],
)
def test_what_a_release_would_stumble_over_is_refused_at_once(run, store, options, said):
    refused = run("artists", "add", ME, "--name", "Mira Tallow", *options)
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert store.all() == []


@pytest.mark.parametrize(
    "artist", ["Mira Tallow", f"https://open.spotify.com/track/{ME}", f"spotify:track:{ME}", "", "x" * 22 + "y"]
)
def test_something_else_than_an_artist_is_refused(run, service, artist):
    refused = run("artists", "add", artist, "--name", "Mira Tallow")
    assert (refused.code, "artist's page" in refused.err) == (2, True), refused.err


def test_the_list_shows_everybody(run, service, registered):
    run("artists", "add", "B" * 22, "--name", "Odd [bold]Name", "--new-playlists", "--genre", "rock")
    shown = run("artists", "list").out
    assert "Mira Tallow" in shown
    assert "Odd [bold]Name" in shown
    assert [one["name"] for one in json.loads(run("artists", "list", "--json").out)["artists"]] == [
        "Mira Tallow",
        "Odd [bold]Name",
    ]


def test_without_anybody_the_list_says_how_to_begin(run, service):
    assert "artists add" in run("artists", "list").out
    assert json.loads(run("artists", "list", "--json").out) == {"artists": []}


def test_a_change_leaves_the_rest_and_an_empty_text_takes_back(run, store, registered):
    changed = run("artists", "change", LINK, "--max-lift", 30, "--genre", "rock", "--pin", TRACK, "--freeze")
    assert changed.code == 0, changed.err
    profile = store.find(ME)
    assert (profile.name, profile.genre, profile.frozen, profile.pinned) == ("Mira Tallow", "rock", True, (TRACK,))
    assert (profile.band.min_lift, profile.band.max_lift) == (10, 30)
    again = run("artists", "change", ME, "--min-lift", 20, "--genre", "", "--pin", "", "--no-freeze")
    assert again.code == 0, again.err
    profile = store.find(ME)
    assert (profile.genre, profile.frozen, profile.pinned) == (None, False, ())
    assert (profile.band.min_lift, profile.band.max_lift) == (20, 30)
    assert profile.made_at == registered.made_at


def test_a_change_of_nothing_and_of_nobody_are_refused(run, registered):
    assert "what to change" in run("artists", "change", ME).err
    assert "no such artist" in run("artists", "change", "B" * 22, "--size", 30).err
    assert run("artists", "change", ME, "--size", 3).code == 2


def test_a_removal_is_asked_about_first(run, store, registered):
    run("artists", "hooks", "add", ME)
    kept = run("artists", "remove", ME, stdin="n\n")
    assert (kept.code, store.find(ME) is not None) == (130, True)
    done = run("artists", "remove", ME, "--yes", "--json")
    assert json.loads(done.out) == {"removed": ME}
    assert (store.find(ME), store.hooks(ME)) == (None, [])
    assert run("artists", "remove", ME, "--yes").code == 2


def test_a_removal_that_broke_off_is_finished_without_asking_again(run, store, registered, monkeypatch):
    run("artists", "hooks", "add", ME)

    def unreachable(*_: object) -> None:
        raise UpstreamUnavailable("Our own records cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(DynamoArtistStore, "_delete", unreachable)
        assert run("artists", "remove", ME, "--yes").code != 0
    assert "no such artist" in run("artists", "show", ME).err
    assert "broke off" in run("artists", "add", ME, "--name", "Mira Tallow").err
    assert run("artists", "remove", ME).code == 0
    assert store.hooks(ME) == []
    assert "no such artist" in run("artists", "remove", ME).err


def test_a_lost_playlist_is_forgotten_and_the_artist_stays(run, store, registered):
    living = LivingPlaylist(ME, "p" * 22, "0123456789", 1)
    now = datetime.now(UTC)
    content = PlaylistVersion(1, now, "x", "Mine", "", ())
    assert store.hold(ME, "a release", now, now + timedelta(minutes=1)) is None
    assert store.save_version(living, content, "a release", now)
    kept = run("artists", "forget-playlist", ME, stdin="n\n")
    assert (kept.code, store.playlist(ME)) == (130, living)
    done = run("artists", "forget-playlist", ME, "--yes", "--json")
    assert json.loads(done.out) == {"forgotten": ME}
    assert (store.playlist(ME), store.versions(ME), store.find(ME) is not None) == (None, [], True)
    assert run("artists", "forget-playlist", ME, "--yes").code == 2


def test_a_signed_hook_is_shown_with_an_address_and_a_secret_that_signs(run, service, store, registered):
    done = run("artists", "hooks", "add", ME, "--for", "distributor")
    assert done.code == 0, done.err
    address = re.search(r"https://daltonify\.example\.org/api/webhooks/releases/([0-9a-f]{32})", done.out)
    secret = re.search(r"whsec_\S+", done.out)
    assert address
    assert secret
    hook = store.hook(address[1])
    assert (hook.kind, hook.label, hook.artist_id) == (HookKind.SIGNED, "distributor", ME)
    key = release_key_of({"edit_token_key": "NEVERLOGME" * 4})
    assert secret[0] == signing_secret(key, hook, 1)
    Webhook(secret[0]).sign("id", datetime.now(UTC), "{}")


def test_a_bearer_hook_is_rotated_and_revoked(run, store, registered):
    made = json.loads(run("artists", "hooks", "add", ME, "--kind", "bearer", "--json").out)
    hook_id = made["hook"]["id"]
    assert made["hook"]["address"].endswith(f"/api/webhooks/releases/{hook_id}")
    assert is_bearer(store.hook(hook_id), made["secret"], 1)
    rotated = json.loads(run("artists", "hooks", "rotate", hook_id, "--json").out)
    assert (rotated["hook"]["state"], rotated["secret"] != made["secret"]) == ("rotating", True)
    assert is_bearer(store.hook(hook_id), made["secret"], 2)
    assert not is_bearer(store.hook(hook_id), made["secret"], 1)
    revoked = run("artists", "hooks", "revoke", hook_id)
    assert (revoked.code, store.hook(hook_id).generations(datetime.now(UTC))) == (0, ())
    for command in ("rotate", "revoke"):
        refused = run("artists", "hooks", command, hook_id)
        assert (refused.code, "revoked" in refused.err) == (2, True)


def test_a_secret_is_never_shown_again(run, store, registered):
    made = json.loads(run("artists", "hooks", "add", ME, "--kind", "bearer", "--json").out)
    (hook,) = store.hooks(ME)
    shown = run("artists", "show", ME).out + run("artists", "show", ME, "--json").out
    assert hook.hook_id in shown
    for secret in (made["secret"], *hook.token_hashes):
        assert secret not in shown


def test_hooks_are_for_registered_artists(run, service):
    refused = run("artists", "hooks", "add", ME)
    assert (refused.code, "artists add" in refused.err) == (2, True)


def test_show_tells_everything_of_an_artist(run, store, registered):
    run("artists", "hooks", "add", ME, "--for", "distributor")
    run("releases", "announce", ME, f"https://open.spotify.com/track/{TRACK}", "--title", "Paper Boats")
    shown = run("artists", "show", ME)
    assert shown.code == 0, shown.err
    for words in ("Mira Tallow", "distributor", "Paper Boats", "received"):
        assert words in shown.out
    told = json.loads(run("artists", "show", ME, "--json").out)
    assert (told["playlist"], len(told["hooks"]), len(told["releases"])) == (None, 1, 1)


def test_without_a_service_it_says_how_to_name_one(run, aws, monkeypatch):
    for name in ("TABLE_NAME", "DALTONIFY_STACK"):
        monkeypatch.delenv(name, raising=False)
    refused = run("artists", "list")
    assert (refused.code, "--stack" in refused.err, "TABLE_NAME" in refused.err) == (2, True, True)


def test_a_deployed_stack_says_where_everything_is(run, service, registered, monkeypatch):
    name = f"stack-of-{service.table}"
    outputs = {"TableName": service.table, "PublishingSecretArn": "none", "PageUrl": "https://page.example.org/"}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    service.aws.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))
    monkeypatch.delenv("TABLE_NAME")
    assert "Mira Tallow" in run("artists", "list", "--stack", name).out
    monkeypatch.setenv("DALTONIFY_STACK", name)
    assert "Mira Tallow" in run("artists", "list").out
    lacking = run("releases", "announce", ME, TRACK)
    assert (lacking.code, "RELEASE_QUEUE_URL" in lacking.err, name in lacking.err) == (2, True, True)
    assert "There is no stack nowhere" in run("artists", "list", "--stack", "nowhere").err


def test_a_table_that_is_not_there_ends_in_words(run, service, monkeypatch):
    monkeypatch.setenv("TABLE_NAME", "nothing-there")
    ended = run("artists", "list", "--json")
    assert (ended.code, json.loads(ended.out)["code"]) == (6, "upstream_unavailable")


def test_a_secret_that_is_not_there_ends_in_words(run, service, registered, monkeypatch):
    monkeypatch.setenv("PUBLISHING_SECRET", "nothing-there")
    ended = run("artists", "hooks", "add", ME)
    assert (ended.code, "nothing-there" in ended.err) == (2, True)
