"""``daltonify releases`` on the local AWS: what became of releases, and mending what went wrong."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from daltonify_core.adapters.dynamodb import DynamoArtistStore, DynamoReleaseStore
from daltonify_core.playlist.publishing import PublishRequest
from daltonify_core.releases.profile import ListedTrack, LivingPlaylist, PlaylistVersion
from daltonify_core.releases.release import ReleaseState, Trigger
from infra.cli import wiring
from infra.cli.main import app
from infra.local.spotify_simulator import SimulatedTrack, SpotifySimulator

ME = "4HJ7mSMtHAdU55lLjGE4zW"
TRACK = "0aB1cD2eF3gH4iJ5kL6mN7"
TRACKS = [f"{number:022d}" for number in range(1, 8)]
SCOPES = "playlist-modify-public playlist-modify-private playlist-read-private"


@pytest.fixture
def store(run, service):
    done = run("artists", "add", ME, "--name", "Mira Tallow")
    assert done.code == 0, done.err
    return DynamoReleaseStore(service.aws.dynamodb, service.table)


def announce(run, *words):
    done = run("releases", "announce", ME, *words, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)["release"]


def failed(store, release_id):
    now = datetime.now(UTC)
    claimed = store.claim(release_id, now, now + timedelta(minutes=1))
    ended = replace(claimed, state=ReleaseState.FAILED, why="It never came.", next_attempt_at=None, finished_at=now)
    assert store.save(ended, claimed.state)


def test_a_release_that_is_announced_by_hand_is_stored_and_sent_once(run, service, store):
    made = announce(run, f"https://open.spotify.com/track/{TRACK}", "--title", "Paper Boats")
    stored = store.find(made["id"], datetime.now(UTC))
    assert (stored.trigger, stored.title, stored.state) == (Trigger.OPERATOR, "Paper Boats", ReleaseState.RECEIVED)
    assert announce(run, f"spotify:track:{TRACK}")["id"] == made["id"]
    (message,) = service.messages()
    assert json.loads(message) == {"release_id": made["id"]}


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        (["--isrc", "qz-es7-24-00001"], "isrc:QZES72400001"),
        (["--upc", "12345678905"], "upc:012345678905"),
        (["--title", "Paper  Boats"], "title:paper boats"),
        ([f"https://open.spotify.com/album/{TRACK}"], f"album:{TRACK}"),
    ],
)
def test_a_release_may_be_named_in_several_ways(run, store, words, reference):
    assert announce(run, *words)["reference"] == reference


def test_whoever_announces_gets_the_address_of_the_page_about_it(run, store):
    said = run("releases", "announce", ME, "--title", "Paper Boats").out
    (release,) = store.of_artist(ME, 5, datetime.now(UTC))
    assert f"https://daltonify.example.org/release.html#{release.release_id}" in said
    failed(store, release.release_id)
    assert f"releases replay {release.release_id}" in run("releases", "announce", ME, "--title", "Paper Boats").out


@pytest.mark.parametrize("words", [[], ["nonsense"], ["--isrc", "no"]])
def test_what_names_no_release_is_refused(run, service, store, words):
    assert run("releases", "announce", ME, *words).code == 2
    assert service.messages() == []


def test_a_release_of_nobody_is_refused(run, store):
    refused = run("releases", "announce", "B" * 22, TRACK)
    assert (refused.code, "artists list" in refused.err) == (2, True)


def test_an_artists_releases_are_listed_newest_first(run, store):
    assert "Nothing was announced" in run("releases", "list", ME).out
    ids = [announce(run, "--title", title)["id"] for title in ("First", "Second", "Third")]
    shown = run("releases", "list", ME)
    assert [word for word in shown.out.split() if word in ids] == ids[::-1]
    assert "Third" in shown.out
    told = json.loads(run("releases", "list", ME, "--limit", 2, "--json").out)["releases"]
    assert [one["id"] for one in told] == [ids[2], ids[1]]


def test_one_release_is_shown_with_why_it_waits(run, store):
    made = announce(run, "--title", "Paper Boats")
    now = datetime.now(UTC)
    claimed = store.claim(made["id"], now, now + timedelta(minutes=1))
    until = now + timedelta(hours=2)
    store.save(replace(claimed, state=ReleaseState.WAITING, why="Not yet.", next_attempt_at=until), claimed.state)
    shown = run("releases", "show", made["id"]).out
    assert "Not yet." in shown
    told = json.loads(run("releases", "show", made["id"], "--json").out)["release"]
    assert (told["state"], told["next_attempt_at"]) == ("waiting", until.isoformat(timespec="seconds"))
    assert f"{until:%Y-%m-%d %H:%M}" in run("releases", "list", ME).out
    for unknown in ("0" * 32, "nonsense"):
        assert run("releases", "show", unknown).code == 2


def test_ids_can_be_copied_from_a_narrow_terminal(run, store, monkeypatch):
    made = announce(run, "--title", "A title that is far too long for a terminal with eighty columns in it")
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["releases", "list", ME]).stdout
    assert made["id"] in shown


def test_a_waiting_release_goes_on_now_and_a_pause_is_told(run, service, store):
    made = announce(run, "--title", "Paper Boats")
    now = datetime.now(UTC)
    for held in (None, now + timedelta(hours=3)):
        claimed = store.claim(made["id"], datetime.now(UTC), now + timedelta(minutes=1))
        later = replace(
            claimed,
            state=ReleaseState.WAITING,
            why="Not now.",
            next_attempt_at=now + timedelta(hours=3),
            held_until=held,
        )
        assert store.save(later, claimed.state)
        service.messages()
        done = run("releases", "replay", made["id"])
        assert done.code == (0 if held is None else 2), done.err
        assert bool(service.messages()) is (held is None)
        assert store.find(made["id"], now).is_due(datetime.now(UTC)) is (held is None)
        assert ("cannot be hurried" in done.err) is (held is not None)


def test_a_failed_release_is_received_anew(run, service, store):
    made = announce(run, "--title", "Paper Boats")
    service.messages()
    failed(store, made["id"])
    done = run("releases", "replay", made["id"])
    assert done.code == 0, done.err
    stored = store.find(made["id"], datetime.now(UTC))
    assert (stored.state, stored.why) == (ReleaseState.RECEIVED, None)
    assert [json.loads(one)["release_id"] for one in service.messages()] == [made["id"]]


def test_what_is_done_or_unknown_is_not_replayed(run, store):
    made = announce(run, "--title", "Paper Boats")
    now = datetime.now(UTC)
    claimed = store.claim(made["id"], now, now + timedelta(minutes=1))
    done = replace(claimed, state=ReleaseState.DONE, next_attempt_at=None, finished_at=now)
    store.save(done, claimed.state)
    refused = run("releases", "replay", made["id"])
    assert (refused.code, "undo" in refused.err) == (2, True)
    assert run("releases", "replay", "0" * 32).code == 2
    assert run("releases", "replay").code == 2
    assert run("releases", "replay", made["id"], "--dead-letters").code == 2


def test_dead_letters_are_sent_again_and_those_that_ended_are_dropped(run, service, store):
    crashed, ended = announce(run, "--title", "Crashed")["id"], announce(run, "--title", "Ended")["id"]
    failed(store, ended)
    service.messages()
    letters = [json.dumps({"release_id": release_id}) for release_id in (crashed, ended, "0" * 32)] + ["nonsense"]
    for number, letter in enumerate(letters):
        service.aws.sqs.send_message(
            QueueUrl=service.dead_letters_url, MessageBody=letter, MessageGroupId=ME, MessageDeduplicationId=str(number)
        )
    # SQS takes a second message of one attempt within five minutes for the first, so the attempt is another by now.
    now = datetime.now(UTC)
    store.claim(crashed, now, now + timedelta(seconds=1))
    done = run("releases", "replay", "--dead-letters", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {"sent": [crashed], "dropped": 3}
    assert [json.loads(one)["release_id"] for one in service.messages()] == [crashed]
    assert service.messages(service.dead_letters_url) == []
    assert run("releases", "replay", "--dead-letters").code == 3


def test_letters_stay_where_they_are_while_nothing_can_be_sent(run, service, store, monkeypatch):
    crashed = announce(run, "--title", "Crashed")["id"]
    service.aws.sqs.send_message(
        QueueUrl=service.dead_letters_url,
        MessageBody=json.dumps({"release_id": crashed}),
        MessageGroupId=ME,
        MessageDeduplicationId="1",
    )
    monkeypatch.setenv("RELEASE_QUEUE_URL", f"{service.queue_url}-gone")
    assert run("releases", "replay", "--dead-letters").code == 6
    found = service.aws.sqs.get_queue_attributes(
        QueueUrl=service.dead_letters_url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert found["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.fixture
def spotify(service, monkeypatch):
    """A simulated Spotify, with the consent of an account."""
    tracks = {track_id: SimulatedTrack(f"Track {track_id}", ("Somebody",)) for track_id in TRACKS}
    with SpotifySimulator(tracks) as simulator:
        simulator.register_app("client-id", "NEVERLOGME-client-secret", [])
        consent = {
            "client_id": "client-id",
            "client_secret": "NEVERLOGME-client-secret",
            "refresh_token": simulator.consent("client-id", SCOPES),
            "consented_at": datetime.now(UTC).isoformat(),
            "scopes": SCOPES,
        }
        monkeypatch.setenv("SPOTIFY_SECRET", service.aws.make_secret(json.dumps(consent)))
        monkeypatch.setenv("SPOTIFY_API", simulator.api_url)
        monkeypatch.setenv("SPOTIFY_ACCOUNTS", simulator.accounts_url)
        yield simulator


def publish_versions(service):
    """A living playlist of three versions, as the worker makes them: its store and its id."""
    artists = DynamoArtistStore(service.aws.dynamodb, service.table)
    publisher = wiring.installation(None).change_playlist()._publisher
    playlist_id, token = None, None
    for number in (1, 2, 3):
        uris = tuple(f"spotify:track:{track_id}" for track_id in TRACKS[number : number + 4])
        request = PublishRequest("Beside Mira", uris, seeds=uris[:1], playlist_id=playlist_id, edit_token=token)
        deadline = datetime.now(UTC) + timedelta(seconds=60)
        published = publisher.publish(request, f"release {number}", f"artist {ME}", deadline)
        playlist_id, token = published.playlist_id, token or published.edit_token
        tracks = tuple(ListedTrack(uri, "Any", ("Somebody",), is_own=uri == uris[0]) for uri in uris)
        version = PlaylistVersion(number, datetime.now(UTC), f"release {number}", "Beside Mira", "", tracks)
        living = LivingPlaylist(ME, playlist_id, token.partition(".")[0], number)
        assert artists.hold(ME, "a release", datetime.now(UTC), deadline) is None
        assert artists.save_version(living, version, "a release", datetime.now(UTC))
    artists.let_go(ME, "a release")
    return artists, playlist_id


def test_undo_brings_the_version_before_back_in_the_same_playlist(run, service, store, spotify):
    artists, playlist_id = publish_versions(service)
    before = [track.uri for track in artists.versions(ME)[1].tracks]
    done = run("releases", "undo", ME, "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["playlist"]["id"], told["version"], told["why"]) == (playlist_id, 4, "back to version 2")
    assert list(spotify.playlists[playlist_id].uris) == told["tracks"] == before
    assert len(spotify.playlists) == 1
    shown = run("artists", "show", ME).out
    assert "back to version 2" in shown
    back = run("releases", "undo", ME, "--to", 1)
    assert (back.code, "version 5" in back.out) == (0, True), back.err
    assert list(spotify.playlists[playlist_id].uris) == [track.uri for track in artists.versions(ME)[-1].tracks]


def test_a_playlist_is_opened_where_the_service_says(run, service, store, spotify, monkeypatch):
    _, playlist_id = publish_versions(service)
    assert f"https://open.spotify.com/playlist/{playlist_id}" in run("artists", "show", ME).out
    monkeypatch.setenv("OPEN_PLAYLISTS_AT", spotify.playlists_url)
    here = f"{spotify.playlists_url}{playlist_id}"
    assert here in run("artists", "show", ME).out
    assert json.loads(run("artists", "show", ME, "--json").out)["playlist"]["url"] == here
    assert json.loads(run("releases", "undo", ME, "--json").out)["playlist"]["url"] == here
    assert here in run("releases", "undo", ME).out


def test_what_cannot_be_undone_is_told(run, service, store, spotify):
    refused = run("releases", "undo", ME)
    assert (refused.code, "no older version" in refused.err) == (2, True)
    publish_versions(service)
    refused = run("releases", "undo", ME, "--to", 9)
    assert (refused.code, "1 to 2" in refused.err) == (2, True)
