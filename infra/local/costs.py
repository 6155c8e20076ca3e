"""What a month on AWS costs, as a formula with dated prices: ``make costs``.

Everything that a figure rests on stands here. Prices are list prices in US dollars, without tax, for eu-central-1. Each
says how it is known, because nobody tells us when one changes: look them up at aws.amazon.com/pricing before you rely
on a figure. What a request uses was measured on one machine with 28,351 real tracks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daltonify_core.playlist.publishing import PublishSettings
from daltonify_core.use_cases.submit_audio import AudioSettings

PRICES_OF: Final = "November 2026"
VOLUMES: Final = (100, 10_000, 1_000_000)
"""Requests to the API in a month; a visit makes ``REQUESTS_PER_VISIT`` of them."""

READ: Final = "read"
NOTED: Final = "noted"
"""How a price is known: read in a copy of AWS's own page, or only noted from experience."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one ``unit``, which is ``size`` of what is counted."""

    dollars: float
    unit: str
    size: float
    known: str

    @property
    def each(self) -> float:
        """Dollars for one of what is counted."""
        return self.dollars / self.size


LAMBDA_GB_SECOND: Final = Price(0.0000166667, "GB-second (x86)", 1, NOTED)
LAMBDA_REQUEST: Final = Price(0.20, "million", 1e6, NOTED)
HTTP_API_REQUEST: Final = Price(1.20, "million of up to 512 KB", 1e6, NOTED)
CLOUDFRONT_REQUEST: Final = Price(1.20, "million (HTTPS, Europe)", 1e6, NOTED)
CLOUDFRONT_FUNCTION: Final = Price(0.10, "million runs of a function", 1e6, NOTED)
CLOUDFRONT_GB: Final = Price(0.085, "GB (Europe, North America)", 1, READ)
DYNAMODB_WRITE: Final = Price(0.7625, "million units of 1 KB", 1e6, NOTED)
DYNAMODB_READ: Final = Price(0.1525, "million units of 4 KB", 1e6, NOTED)
S3_GB_MONTH: Final = Price(0.0245, "GB", 1, NOTED)
S3_READ: Final = Price(0.43, "million reads", 1e6, NOTED)
S3_WRITE: Final = Price(5.40, "million writes", 1e6, NOTED)
LOGS_GB: Final = Price(0.63, "GB taken in", 1, NOTED)
METRIC_MONTH: Final = Price(0.30, "metric", 1, NOTED)
ALARM_MONTH: Final = Price(0.10, "alarm", 1, NOTED)
SECRET_MONTH: Final = Price(0.40, "secret", 1, NOTED)
SECRET_READ: Final = Price(5.00, "million reads", 1e6, NOTED)
SQS_REQUEST: Final = Price(0.40, "million", 1e6, NOTED)

# ---- What AWS gives every account for nothing each month, without end -----------------------------------------------

FREE_LAMBDA_GB_SECONDS: Final = 400_000.0
FREE_LAMBDA_REQUESTS: Final = 1_000_000.0
FREE_CLOUDFRONT_REQUESTS: Final = 10_000_000.0
FREE_CLOUDFRONT_GB: Final = 1_000.0
FREE_LOGS_GB: Final = 5.0
FREE_METRICS: Final = 10.0
FREE_ALARMS: Final = 10.0
FREE_SQS_REQUESTS: Final = 1_000_000.0

# ---- What a request uses: measured, unless it says assumed ----------------------------------------------------------

REQUESTS_PER_VISIT: Final = 10  # assumed: configuration, genres, a few searches, three lists
PUBLISHED_SHARE: Final = 0.02  # assumed: one visit in five ends in a playlist
FILES_SHARE: Final = 0.01  # assumed: one visit in ten sends an audio file
WARM_SECONDS: Final = 0.013  # a list takes 5 to 6 ms, a search 7; assumed to be twice as slow in Lambda as here
PUBLISH_SECONDS: Final = 3.0  # assumed: two or three calls to Spotify
COLD_SECONDS: Final = (
    2.0  # 0.5 s of imports and the index from S3, and its way there; assumed to be twice as slow in Lambda as here
)
IDLE_SECONDS: Final = 600.0  # assumed: how long Lambda keeps what nobody asks
ANSWER_BYTES: Final = 20_000.0  # a list has 34 KB, a search 6 KB; 10 and 2 KB compressed
PAGE_BYTES: Final = 45_000.0  # all files, compressed
PAGE_FILES: Final = 20.0
LOG_BYTES: Final = 1_900.0  # 760 of ours, the rest Lambda's and the HTTP API's
PUBLISH_WRITES: Final = 12.0  # with counters in transactions, which count twice
PUBLISH_READS: Final = 6.0
READS_PER_COLD_START: Final = 6.0  # pointer, manifest and four files; 16 with a million tracks
API_GB: Final = 1769 / 1024
BUILDER_GB: Final = 3008 / 1024
BUILDS: Final = 30.0  # one a day
BUILD_SECONDS: Final = 15.0  # 4.8 s here for 28,000 tracks; assumed to be three times that in Lambda
STORED_GB: Final = 0.2  # catalogue and four indexes of 28,000 tracks; a million tracks take 4
WRITES_PER_BUILD: Final = 7.0  # manifest, files, pointer
FILE_SECONDS: Final = 20.0  # assumed: ReccoBeats takes 5 to 60 seconds to listen
WORKER_GB: Final = 512 / 1024  # of the worker for audio and of the scheduled jobs
JOBS: Final = 30 * (12 * 24 + 2 * 24 + 4.0)  # sweeps every five minutes, two jobs every hour, four every day
JOB_SECONDS: Final = 2.0  # assumed: there is mostly nothing to do
POLLS: Final = 2 * 5 * 3 * 60 * 24 * 30.0  # assumed: Lambda waits at each queue on five connections, 20 seconds each
MILLION_STORED_GB: Final = 4.0
MILLION_BUILD_SECONDS: Final = 270.0  # 70 to 100 s here; assumed to be three times that in Lambda
# A metric is paid for in the hours in which it is sent.
METRICS_OF_EVERY_HOUR: Final = 8  # the jobs that remove audio, sweep releases and look for new ones
METRICS_OF_EVERY_DAY: Final = 19  # builds and the other jobs
METRICS_OF_VISITS: Final = 32  # API and workers; faults and look-ups count once for each code and service
ALARMS: Final = 10
SECRETS: Final = 3
_DAYS: Final = 30
_HOURS: Final = _DAYS * 24
_SECONDS_OF_A_MONTH: Final = _HOURS * 3600.0
_GB: Final = 1e9


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill: at list prices, and after what AWS gives for nothing; ``formula`` in words."""

    name: str
    formula: str
    prices: tuple[Price, ...]
    listed: float
    billed: float


def cold_starts(requests: float) -> float:
    """How many visits of a month find no warm environment, if they come by chance.

    A visit starts cold when none came in the ``IDLE_SECONDS`` before it.
    """
    visits = requests / REQUESTS_PER_VISIT
    return visits * math.exp(-visits * IDLE_SECONDS / _SECONDS_OF_A_MONTH)


def hours_with_visits(requests: float) -> float:
    """In how many hours of a month somebody comes, if visits come by chance."""
    return _HOURS * (1 - math.exp(-requests / REQUESTS_PER_VISIT / _HOURS))


def playlists(requests: float) -> float:
    """How many are made in a month; each day has its limit."""
    return min(requests * PUBLISHED_SHARE, _DAYS * PublishSettings().daily_creations)


def audio_files(requests: float) -> float:
    """How many are listened to in a month; each day has its limit."""
    return min(requests * FILES_SHARE, _DAYS * AudioSettings().daily_in_all)


def bill(requests: float, stored_gb: float = STORED_GB, build_seconds: float = BUILD_SECONDS) -> list[Line]:
    """The lines of a month with so many requests to the API."""
    visits, colds = requests / REQUESTS_PER_VISIT, cold_starts(requests)
    publishes, files = playlists(requests), audio_files(requests)
    seconds = requests * WARM_SECONDS + publishes * PUBLISH_SECONDS + colds * COLD_SECONDS
    beside = files * FILE_SECONDS + JOBS * JOB_SECONDS
    gb_seconds = seconds * API_GB + beside * WORKER_GB + BUILDS * build_seconds * BUILDER_GB
    page_requests = visits * PAGE_FILES
    edge_gb = (requests * ANSWER_BYTES + visits * PAGE_BYTES) / _GB
    metrics = (
        METRICS_OF_EVERY_HOUR
        + METRICS_OF_EVERY_DAY * _DAYS / _HOURS
        + METRICS_OF_VISITS * hours_with_visits(requests) / _HOURS
    )
    return [
        _line(
            "Lambda, computing",
            f"(requests × {WARM_SECONDS * 1000:g} ms + playlists × {PUBLISH_SECONDS:g} s + cold starts × "
            f"{COLD_SECONDS:g} s) × {API_GB:.2f} GB + (audio files × {FILE_SECONDS:g} s + {JOBS:g} jobs × "
            f"{JOB_SECONDS:g} s) × {WORKER_GB:g} GB + {BUILDS:g} builds × {BUILD_SECONDS:g} s × {BUILDER_GB:.2f} GB",
            [(gb_seconds, LAMBDA_GB_SECOND)],
            FREE_LAMBDA_GB_SECONDS,
        ),
        _line(
            "Lambda, requests",
            "requests + audio files + jobs + builds",
            [(requests + files + JOBS + BUILDS, LAMBDA_REQUEST)],
            FREE_LAMBDA_REQUESTS,
        ),
        _line("HTTP API", "requests", [(requests, HTTP_API_REQUEST)]),
        _line(
            "CloudFront, requests",
            f"requests + visits × {PAGE_FILES:g} files; requests",
            [(requests + page_requests, CLOUDFRONT_REQUEST), (requests, CLOUDFRONT_FUNCTION)],
            FREE_CLOUDFRONT_REQUESTS,
        ),
        _line(
            "CloudFront, traffic",
            f"requests × {ANSWER_BYTES / 1000:g} KB + visits × {PAGE_BYTES / 1000:g} KB",
            [(edge_gb, CLOUDFRONT_GB)],
            FREE_CLOUDFRONT_GB,
        ),
        _line(
            "DynamoDB",
            f"playlists × ({PUBLISH_WRITES:g} writes, {PUBLISH_READS:g} reads)",
            [(publishes * PUBLISH_WRITES, DYNAMODB_WRITE), (publishes * PUBLISH_READS, DYNAMODB_READ)],
        ),
        _line(
            "S3",
            f"{STORED_GB:g} GB; cold starts × {READS_PER_COLD_START:g} and visits × {PAGE_FILES:g} reads; builds × "
            f"{WRITES_PER_BUILD:g} writes",
            [
                (stored_gb, S3_GB_MONTH),
                (colds * READS_PER_COLD_START + page_requests, S3_READ),
                (BUILDS * WRITES_PER_BUILD, S3_WRITE),
            ],
        ),
        _line("SQS", f"{POLLS:,.0f} looks into two queues", [(POLLS, SQS_REQUEST)], FREE_SQS_REQUESTS),
        _line("Logs", f"requests × {LOG_BYTES / 1000:g} KB", [(requests * LOG_BYTES / _GB, LOGS_GB)], FREE_LOGS_GB),
        _line(
            "Metrics",
            f"{METRICS_OF_EVERY_HOUR} always, {METRICS_OF_EVERY_DAY} in one hour a day, {METRICS_OF_VISITS} in hours "
            "with visits",
            [(metrics, METRIC_MONTH)],
            FREE_METRICS,
        ),
        _line("Alarms", f"{ALARMS}", [(ALARMS, ALARM_MONTH)], FREE_ALARMS),
        _line(
            "Secrets",
            f"{SECRETS}; cold starts and playlists, a read each",
            [(SECRETS, SECRET_MONTH), (colds + publishes, SECRET_READ)],
        ),
    ]


def billed(lines: Sequence[Line]) -> float:
    """The sum, after what AWS gives every account."""
    return sum(line.billed for line in lines)


def notes() -> str:
    """What the words in the formulas mean, and what a larger catalogue adds."""
    larger = bill(0, MILLION_STORED_GB, MILLION_BUILD_SECONDS)
    added = sum(line.listed for line in larger) - sum(line.listed for line in bill(0))
    return (
        f"A visit is {REQUESTS_PER_VISIT} requests; one visit in {1 / PUBLISHED_SHARE / REQUESTS_PER_VISIT:g} makes a "
        f"playlist, at most {PublishSettings().daily_creations} a day in all, and one in "
        f"{1 / FILES_SHARE / REQUESTS_PER_VISIT:g} sends an audio file, at most {AudioSettings().daily_in_all} a day. "
        f"A cold start is a visit after {IDLE_SECONDS / 60:g} quiet minutes. A catalogue of a million tracks adds "
        f"{added:.2f} dollars at list prices."
    )


def formulas() -> str:
    """What each line multiplies, with prices and how they are known, as a table in Markdown."""
    rows = ["| line | is | times dollars | known |", "| --- | --- | --- | --- |"]
    for line in bill(0):
        prices = "; ".join(f"{_plain(price.dollars)} per {price.unit}" for price in line.prices)
        known = ", ".join(sorted({price.known for price in line.prices}))
        rows.append(f"| {line.name} | {line.formula} | {prices} | {known} |")
    return "\n".join(rows)


def table(volumes: Sequence[int] = VOLUMES) -> str:
    """The bills as a table in Markdown, in dollars, as the README shows it."""
    bills = [bill(volume) for volume in volumes]
    rows = [
        "| dollars a month | " + " | ".join(f"{volume:,} requests" for volume in volumes) + " |",
        "| --- |" + " ---: |" * len(volumes),
    ]
    rows += [
        f"| {lines[0].name} | " + " | ".join(f"{line.listed:.2f}" for line in lines) + " |"
        for lines in zip(*bills, strict=True)
    ]
    for name, sums in (
        ("**at list prices**", [sum(line.listed for line in lines) for lines in bills]),
        ("**after what AWS gives every account**", [billed(lines) for lines in bills]),
    ):
        rows.append(f"| {name} | " + " | ".join(f"**{total:.2f}**" for total in sums) + " |")
    return "\n".join(rows)


def _plain(dollars: float) -> str:
    """Without an exponent, and without zeros at the end."""
    return f"{dollars:.10f}".rstrip("0").rstrip(".")


def _line(name: str, formula: str, used: Sequence[tuple[float, Price]], free: float = 0.0) -> Line:
    """``free`` is of the first that is used."""
    listed = sum(amount * price.each for amount, price in used)
    amount, price = used[0]
    billed = listed - min(amount, free) * price.each
    return Line(name, formula, tuple(price for _, price in used), listed, billed)


def main() -> None:
    """Print the tables and what they rest on."""
    print(f"List prices of eu-central-1 in US dollars as of {PRICES_OF}, without tax. Look them up again.\n")
    print(formulas())
    print()
    print(table())
    print(f"\n{notes()} Measurements and assumptions stand in infra/local/costs.py.")


if __name__ == "__main__":
    main()
