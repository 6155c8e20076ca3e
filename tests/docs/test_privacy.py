"""The page on privacy says what the system does: numbers come from the template and the code, or agree with them."""

import copy
import re
from dataclasses import fields
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.ports.look_ups import LookUpKind
from daltonify_core.releases.hook import Hook
from daltonify_core.releases.profile import MAXIMUM_VERSIONS
from daltonify_core.use_cases.record_release import KEPT_FOR
from daltonify_core.use_cases.remove_audio import FORGOTTEN_AFTER
from infra.local import write_privacy
from infra.local.sam_template import SamTemplate, read_template

ROOT = Path(__file__).parents[2]
CORE = ROOT / "daltonify_core"
SITE = ROOT / "infra" / "site"
PAGE = (SITE / "privacy.html").read_text(encoding="utf-8")
WORDS = " ".join(re.sub(r"<[^>]+>", " ", PAGE).split())
template = read_template()


def test_the_committed_page_is_what_make_privacy_writes():
    assert write_privacy.page(template) == PAGE, "run `make privacy`"


def test_another_retention_in_the_template_is_another_page():
    changed = copy.deepcopy(dict(template.values))
    changed["Resources"]["ApiLogs"]["Properties"]["RetentionInDays"] = 90
    assert "90 days." in write_privacy.page(SamTemplate(changed))
    changed["Resources"]["Table"]["Properties"]["PointInTimeRecoverySpecification"] = {
        "PointInTimeRecoveryEnabled": False
    }
    assert "no backups" in write_privacy.page(SamTemplate(changed))


def test_it_names_the_numbers_of_template_and_code():
    for days in write_privacy.log_retentions(template):
        assert f"{days} days" in WORDS
    assert f"{PublishSettings().record_days} days" in WORDS
    assert f"{write_privacy.BACKUP_DAYS} days more" in WORDS


def test_every_kind_of_item_in_the_table_is_spoken_of():
    # How items are written is told in items.py, for every kind; what the other modules name are kinds.
    files = [path for path in (CORE / "adapters/dynamodb").glob("*.py") if path.name != "items.py"]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    stored = set(re.findall(r"(?:stored_key|_items\.read)\(\"([^\"]+)\"", code))
    # Conditions are texts as well, but no words.
    stored |= set(re.findall(r"^_\w+(?:: Final)? = \"([a-z #]+)\"", code, flags=re.MULTILINE))
    assert len(stored) > 15
    told = [kind for one in write_privacy.kept(template) for kind in one.kinds]
    assert sorted(told) == sorted(stored | set(LookUpKind))


def test_everything_that_is_counted_for_an_address_is_named():
    words = {
        "{day}#": "playlists that were published or changed",
        "audio files ": "of audio files",
        "short-links ": "short links that were followed",
        "look-ups ": "tracks that were looked up elsewhere",
        "access codes ": "wrong access codes",
    }
    folders = (CORE / "use_cases", ROOT / "functions" / "api")
    code = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("*.py"))
    assert set(re.findall(r"f\"((?:\{day\}|[^\"{])*)\{(?:client_key\(client\)|client|who)\}", code)) == set(words)
    assert all(text in WORDS for text in words.values())


def test_every_place_of_the_template_that_stores_something_is_spoken_of():
    places = {
        "DataBucket": "The tracks that lists are made of",
        "AudioBucket": "Audio files that you send",
        "SiteBucket": "Privacy and terms",  # the page itself
        "Table": "Playlists that you publish",
        "AudioQueue": "deleted as soon as it was analysed",
        "AudioDeadLetters": "a number remains that stands for it",
        "ReleaseQueue": "which say which release to look at and no more",
        "ReleaseDeadLetters": "on which a program broke down again and again",
    }
    kinds = (
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::Kinesis::Stream",
        "AWS::RDS::DBInstance",
    )
    found = {name for name, one in template.values["Resources"].items() if one["Type"] in kinds}
    assert found == set(places)
    assert all(text in WORDS for text in places.values())
    # The address of a visitor would stand in these, and in nothing else that CloudFront or S3 can write.
    assert "Logging" not in template.resource("Distribution")["DistributionConfig"]
    assert not any("LoggingConfiguration" in template.resource(name) for name in places if name.endswith("Bucket"))


def test_what_is_kept_after_a_fault_is_what_template_and_code_say():
    assert f"when it is {FORGOTTEN_AFTER // timedelta(hours=1)} hours old" in WORDS
    schedules = [event["Properties"] for event in template.resource("ScheduledJobs")["Events"].values()]
    (removal,) = [one for one in schedules if "remove_audio" in one.get("Input", "")]
    assert (removal["ScheduleExpression"], "State" in removal) == ("rate(1 hour)", False)
    assert f"for {template.resource('AudioDeadLetters')['MessageRetentionPeriod'] // 86_400} days" in WORDS


def test_releases_are_kept_as_long_as_template_and_code_say():
    assert f"{KEPT_FOR.days} days; that a track has had its release" in WORDS
    assert f"its last {MAXIMUM_VERSIONS} versions" in WORDS
    letters = int(template.resource("ReleaseDeadLetters")["MessageRetentionPeriod"]) // 86_400
    assert template.resource("ReleaseQueue")["MessageRetentionPeriod"] == 86_400
    assert f"at most 1 day, and those on which a program broke down again and again for {letters} days" in WORDS


def test_no_secret_of_a_hook_is_stored_as_it_is_told():
    hook = {field.name for field in fields(Hook)}
    assert {name for name in hook if "token" in name or "secret" in name} == {"token_hashes"}
    assert "of its token only a hash; secrets for signatures are not stored at all" in WORDS


def test_it_says_what_spotify_and_reccobeats_have_to_do_with_it():
    for text in (
        "not affiliated with Spotify",
        "you can withdraw it for good",
        "warranty",
        "Spotify and ReccoBeats answer for nothing",
    ):
        assert text in WORDS
    for address in (write_privacy.SPOTIFY_TERMS, write_privacy.SPOTIFY_PRIVACY, write_privacy.RECCOBEATS_TERMS):
        assert f'<a href="{address}" rel="noreferrer">' in PAGE


def test_logs_hold_neither_addresses_nor_what_was_typed():
    access_log = template.resource("HttpStage")["AccessLogSettings"]["Format"]
    for variable in ("sourceIp", "identity", "userAgent", "path}", "queryString", "header"):
        assert variable not in access_log
    assert "Neither addresses nor what you typed" in WORDS


def test_remembered_answers_last_as_long_as_it_says():
    look_ups = pytest.importorskip("daltonify_core.use_cases.look_ups", reason="nothing is looked up yet")
    settings = look_ups.LookUpSettings()
    assert settings.features_last == timedelta(days=write_privacy.FEATURES_DAYS)
    assert settings.identity_lasts == timedelta(hours=write_privacy.IDENTITY_HOURS)


def test_audio_is_kept_as_long_as_it_says():
    submit_audio = pytest.importorskip("daltonify_core.use_cases.submit_audio", reason="no audio is taken yet")
    lasts = submit_audio.AudioSettings().record_lasts
    assert lasts == timedelta(hours=write_privacy.AUDIO_RECORD_HOURS)
    rules = template.resource("AudioBucket")["LifecycleConfiguration"]["Rules"]
    (days,) = [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule]
    assert days + 1 == write_privacy.AUDIO_LEFTOVER_DAYS


def test_what_the_page_keeps_in_the_browser_is_told():
    scripts = "".join(path.read_text(encoding="utf-8") for path in SITE.rglob("*.js"))
    areas = set(re.findall(r'new Remembered\("(\w+)"', scripts))
    assert areas == {"sessionStorage", "localStorage"}
    assert "session storage" in WORDS
    assert "local storage" in WORDS
    assert "document.cookie" not in scripts
    assert "No cookies" in WORDS


def test_it_needs_no_script_and_is_linked_from_the_page():
    assert "<script" not in PAGE
    assert not re.search(r"\sstyle=|\son\w+=", PAGE)
    assert '<a href="privacy.html"' in (SITE / "index.html").read_text(encoding="utf-8")


def test_every_element_that_opens_closes():
    class Balance(HTMLParser):
        open: list[str]

        def __init__(self) -> None:
            super().__init__()
            self.open = []

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    balance = Balance()
    balance.feed(PAGE)
    assert balance.open == []
