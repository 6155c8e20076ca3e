"""What the README tells operators about releases: its numbers are those of the code."""

import re
from pathlib import Path

import pytest

from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.releases.profile import MAXIMUM_VERSIONS, ArtistProfile
from daltonify_core.releases.release import MOST_UNENDED, Patience
from daltonify_core.releases.renewal import RENEWED_SHARE
from daltonify_core.use_cases.keep_hooks import MOST_HOOKS
from daltonify_core.use_cases.look_up_budget import BudgetSettings
from daltonify_core.use_cases.poll_releases import PollSettings
from daltonify_core.use_cases.record_release import KEPT_FOR, RecordSettings
from daltonify_core.use_cases.service_health import WARNING_DAYS
from daltonify_core.use_cases.work_on_release import WorkSettings
from infra.local.sam_template import read_template

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = " ".join(README.partition("\n## What becomes of a release\n")[2].partition("\n## ")[0].split())
HOURS = {6: "six hours", 1: "every hour"}
PUBLISHING, POLLING, WORK, BUDGET = PublishSettings(), PollSettings(), WorkSettings(), BudgetSettings()


def hours(duration) -> int:
    whole, rest = divmod(duration.total_seconds(), 3600)
    assert rest == 0
    return int(whole)


@pytest.mark.parametrize(
    "said",
    [
        f"after {int(Patience().first_gap.total_seconds() // 60)} minutes, then at doubling gaps up to "
        f"{HOURS[hours(Patience().longest_gap)]}, for {Patience().give_up_after.days} days",
        f"every {HOURS[hours(WORK.data_needed)]} for as long",
        f"at most {({2: 'two'})[WORK.longest_wait.days]} days",
        f"A frozen artist: looked at every {HOURS[hours(WORK.while_frozen)]}",
        f"An ended consent: {HOURS[hours(WORK.after_refusal)]}",
        f"as many as `--own-kept` says ({({1: 'one'})[ArtistProfile('', '', None).own_kept]})",  # type: ignore[arg-type]
        f"of the others {({3: 'a third'})[round(1 / RENEWED_SHARE)]} goes",
        f"The last {MAXIMUM_VERSIONS} versions are kept",
        f"at most {POLLING.daily_calls} artists a day",
        f"Each artist's {({10: 'ten'})[POLLING.albums]} newest",
        f"came out within {POLLING.newest.days} days counts",
        f"{RecordSettings().daily_per_hook} announcements a day for each hook, {MOST_HOOKS} hooks for each artist",
        f"{PUBLISHING.daily_creations_per_client} new playlists and "
        f"{PUBLISHING.daily_updates_per_client} changes a day for each artist",
        f"{PUBLISHING.daily_creations} and {PUBLISHING.daily_updates} for all, {PUBLISHING.playlists:,} playlists",
        f"{BUDGET.daily_looks} looks at Spotify and {BUDGET.daily_tracks} questions about how tracks sound a day",
        f"that crashes it {({5: 'five'})[MOST_UNENDED]} times",
        f"asked after for {KEPT_FOR.days} days",
        "mail comes {}, {} and {} days before".format(*WARNING_DAYS),
    ],
)
def test_a_number_is_that_of_the_code(said):
    assert said in SECTION


def test_alarms_tell_of_the_end_of_consent_when_it_says():
    alarms = [one["Properties"] for one in read_template().values["Resources"].values() if "Alarm" in one["Type"]]
    told = [one["Threshold"] for one in alarms if one.get("MetricName") == "ServiceTokenDaysLeft"]
    assert sorted(told, reverse=True) == list(WARNING_DAYS)


def test_every_paragraph_of_rules_is_headed_so_that_it_can_be_found():
    heads = re.findall(r"\*\*([^*]+)\.\*\*", SECTION)
    assert heads == [
        "What it waits for",
        "How the playlist lives",
        "Renewal",
        "Looking by itself",
        "Limits",
        "When it failed",
        "The service account",
    ]
