"""Lambda entry of the scheduled jobs; the event names one, as in ``{"job": "collect"}``.

A service that fails or asks for a pause ends a job early and is no failure of ours: it is logged and counted, and the
next call goes on. So does one after which forgotten clips are left. What else is ours is raised again, so that Lambda
counts it and tries again.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import NAMESPACE, SERVICE, logger
from shared.settings import JobSettings

from daltonify_core.errors import CapReached, DaltonifyError, InvalidQuery, UpstreamError, UpstreamUnavailable
from scheduled_jobs.wiring import CollectionJobs, ask_for_renewals_of, health, poll, remove_audio, sweep

_LOGGED_LINES = 10


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do the job that the event names; a short report. Raises ``InvalidQuery`` for one that there is not."""
    name = event.get("job")
    about: dict[str, object] = {"job": name, "function_request_id": context.aws_request_id}
    work, failures = JOBS.get(name, (None, "")) if isinstance(name, str) else (None, "")
    if work is None:
        _count("UnknownJobs", 1)
        raise InvalidQuery(f"There is no job {str(name)[:40]!r}; the event must name one of {', '.join(JOBS)}.")
    try:
        report, trouble = work(JobSettings.from_environment(), lambda: context.get_remaining_time_in_millis() / 1000)
    except Exception as error:
        _count(failures, 1)
        code = error.code if isinstance(error, DaltonifyError) else "internal_error"
        logger.exception("scheduled job failed", extra=about | {"code": code})
        raise
    # A zero beside the failures: it tells a job that went well from one that never ran.
    _count(failures, int(trouble is not None))
    if trouble is None:
        logger.info("scheduled job ended", extra=about | {"report": report})
    else:
        told = about | {"report": report, "code": trouble.code, "detail": trouble.message}
        logger.warning("scheduled job ended early", extra=told)
    return {"job": name, "ended_early": trouble.code if trouble else None} | report


type _RemainingSeconds = Callable[[], float]
type _Outcome = tuple[dict[str, Any], UpstreamError | CapReached | None]
type _Work = Callable[[JobSettings, _RemainingSeconds], _Outcome]


def _collect(settings: JobSettings, remaining_seconds: _RemainingSeconds) -> _Outcome:
    jobs = CollectionJobs(settings, remaining_seconds)
    outcome = jobs.collect()
    _count("TracksCollected", outcome.collected)
    _report_age(jobs)
    for line in outcome.unreadable[:_LOGGED_LINES]:
        logger.warning("a list has a line that names no track", **asdict(line))
    for name in outcome.nameless:
        logger.warning("a list is not named after a genre", source=name)
    reports = {name: report.to_dict() for name, report in outcome.reports.items()}
    return {"collected": outcome.collected, "lists": reports}, outcome.trouble


def _refresh_popularity(settings: JobSettings, remaining_seconds: _RemainingSeconds) -> _Outcome:
    jobs = CollectionJobs(settings, remaining_seconds)
    report, trouble = jobs.refresh_popularity()
    _count("TracksRefreshed", report.refreshed)
    _report_age(jobs)
    return report.to_dict(), trouble


def _report_age(jobs: CollectionJobs) -> None:
    if (age := jobs.oldest_snapshot_days()) is not None:
        _count("OldestSnapshotDays", age)


def _remove_audio(settings: JobSettings, _: _RemainingSeconds) -> _Outcome:
    removal = remove_audio(settings)
    _count("ClipsForgotten", removal.forgotten)
    if not removal.left:
        return asdict(removal), None
    message = f"{removal.left} of {removal.forgotten} forgotten clips could not be removed. The next call tries again."
    return asdict(removal), UpstreamUnavailable(message)


def _sweep_releases(settings: JobSettings, _: _RemainingSeconds) -> _Outcome:
    swept = sweep(settings)
    _count("ReleasesSent", swept.sent)
    _count("ReleasesUnsent", swept.unsent)
    if not swept.unsent:
        return asdict(swept), None
    message = f"{swept.unsent} releases could not be handed on. The next sweep tries again."
    return asdict(swept), UpstreamUnavailable(message)


def _poll_releases(settings: JobSettings, remaining_seconds: _RemainingSeconds) -> _Outcome:
    polled = poll(settings, remaining_seconds)
    _count("ArtistsLookedAt", polled.artists)
    _count("ReleasesFound", polled.found)
    return {"artists": polled.artists, "found": polled.found, "left": polled.left}, polled.trouble


def _renew_playlists(settings: JobSettings, _: _RemainingSeconds) -> _Outcome:
    renewals = ask_for_renewals_of(settings)
    _count("RenewalsAsked", renewals.asked)
    return {"asked": renewals.asked}, renewals.trouble


def _check_service(settings: JobSettings, _: _RemainingSeconds) -> _Outcome:
    found = health(settings)
    _count("PlaylistsUsed", found.playlists)
    _count("CircuitOpen", int(found.circuit is not None))
    if found.days_left is not None and found.days_old is not None:
        _count("ServiceTokenDaysLeft", found.days_left)
        _count("ServiceTokenDaysOld", found.days_old)
    for warning in found.warnings:
        logger.warning("the service account needs somebody", detail=warning)
    report = {"days_left": found.days_left, "playlists": found.playlists, "is_refused": found.circuit is not None}
    return report, None


def _count(name: str, value: float) -> None:
    with single_metric(name, MetricUnit.Count, value, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", SERVICE)


JOBS: dict[str, tuple[_Work, str]] = {
    "collect": (_collect, "CollectFailures"),
    "refresh_popularity": (_refresh_popularity, "RefreshFailures"),
    "remove_audio": (_remove_audio, "RemoveAudioFailures"),
    "sweep_releases": (_sweep_releases, "SweepFailures"),
    "poll_releases": (_poll_releases, "PollFailures"),
    "renew_playlists": (_renew_playlists, "RenewalFailures"),
    "check_service": (_check_service, "ServiceCheckFailures"),
}
"""Each job with the metric that counts its failures."""
