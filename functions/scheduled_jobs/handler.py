"""Lambda entry of the scheduled jobs; the event names one, as in ``{"job": "collect"}``.

A service that fails or asks for a pause ends a job early and is no failure of ours: it is logged and counted, and the
next call goes on. So does one after which forgotten clips are left. What else is ours is raised again, so that Lambda
counts it and tries again.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import logger, metrics
from shared.settings import JobSettings

from daltonify_core.errors import DaltonifyError, InvalidQuery, UpstreamError, UpstreamUnavailable
from scheduled_jobs.wiring import CollectionJobs, consent_days_left, remove_audio

_LOGGED_LINES = 10


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do the job that the event names; a short report. Raises ``InvalidQuery`` for one that there is not."""
    name = event.get("job")
    work, failures = JOBS.get(name, (None, "")) if isinstance(name, str) else (None, "")
    if work is None:
        metrics.add_metric(name="UnknownJobs", unit=MetricUnit.Count, value=1)
        raise InvalidQuery(f"There is no job {str(name)[:40]!r}; the event must name one of {', '.join(JOBS)}.")
    try:
        report, trouble = work(JobSettings.from_environment(), lambda: context.get_remaining_time_in_millis() / 1000)
    except Exception as error:
        metrics.add_metric(name=failures, unit=MetricUnit.Count, value=1)
        code = error.code if isinstance(error, DaltonifyError) else "internal_error"
        logger.exception("scheduled job failed", job=name, code=code)
        raise
    # A zero beside the failures: it tells a job that went well from one that never ran.
    metrics.add_metric(name=failures, unit=MetricUnit.Count, value=int(trouble is not None))
    if trouble is None:
        logger.info("scheduled job ended", job=name, report=report)
    else:
        logger.warning("scheduled job ended early", job=name, report=report, code=trouble.code, detail=trouble.message)
    return {"job": name, "ended_early": trouble.code if trouble else None} | report


type _RemainingSeconds = Callable[[], float]
type _Outcome = tuple[dict[str, Any], UpstreamError | None]
type _Work = Callable[[JobSettings, _RemainingSeconds], _Outcome]


def _collect(settings: JobSettings, remaining_seconds: _RemainingSeconds) -> _Outcome:
    jobs = CollectionJobs(settings, remaining_seconds)
    outcome = jobs.collect()
    metrics.add_metric(name="TracksCollected", unit=MetricUnit.Count, value=outcome.collected)
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
    metrics.add_metric(name="TracksRefreshed", unit=MetricUnit.Count, value=report.refreshed)
    _report_age(jobs)
    return report.to_dict(), trouble


def _report_age(jobs: CollectionJobs) -> None:
    if (age := jobs.oldest_snapshot_days()) is not None:
        metrics.add_metric(name="OldestSnapshotDays", unit=MetricUnit.Count, value=age)


def _remove_audio(settings: JobSettings, _: _RemainingSeconds) -> _Outcome:
    removal = remove_audio(settings)
    metrics.add_metric(name="ClipsForgotten", unit=MetricUnit.Count, value=removal.forgotten)
    if not removal.left:
        return asdict(removal), None
    message = f"{removal.left} of {removal.forgotten} forgotten clips could not be removed. The next call tries again."
    return asdict(removal), UpstreamUnavailable(message)


def _check_consent(settings: JobSettings, _: _RemainingSeconds) -> _Outcome:
    days_left = consent_days_left(settings)
    if days_left is not None:
        metrics.add_metric(name="ServiceTokenDaysLeft", unit=MetricUnit.Count, value=days_left)
    return {"days_left": days_left}, None


JOBS: dict[str, tuple[_Work, str]] = {
    "collect": (_collect, "CollectFailures"),
    "refresh_popularity": (_refresh_popularity, "RefreshFailures"),
    "remove_audio": (_remove_audio, "RemoveAudioFailures"),
    "check_consent": (_check_consent, "ConsentCheckFailures"),
}
"""Each job with the metric that counts its failures."""
