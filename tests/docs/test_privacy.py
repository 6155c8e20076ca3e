"""The page on privacy says what the system does: numbers come from the template and the code, or agree with them."""

import copy
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from daltonify_core.playlist.publishing import PublishSettings
from infra.local import write_privacy
from infra.local.sam_template import SamTemplate, read_template

SITE = Path(__file__).parents[2] / "infra" / "site"
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
