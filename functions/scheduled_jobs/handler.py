"""Lambda entry of the scheduled jobs; the event names one, as in ``{"job": "collect"}``.

A service that fails or asks for a pause ends a job early and is no failure of ours: it is logged and counted, and the
next call goes on. What is ours is raised again, so that Lambda counts it and tries again.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import logger, metrics
from shared.settings import JobSettings

from daltonify_core.errors import DaltonifyError, InvalidQuery, UpstreamError
from scheduled_jobs.wiring import Jobs

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
        jobs = Jobs(JobSettings.from_environment(), lambda: context.get_remaining_time_in_millis() / 1000)
        report, trouble = work(jobs)
    except Exception as error:
        metrics.add_metric(name=failures, unit=MetricUnit.Count, value=1)
        code = error.code if isinstance(error, DaltonifyError) else "internal_error"
        logger.exception("scheduled job failed", job=name, code=code)
        raise
    # A zero beside the failures: it tells a job that went well from one that never ran.
    metrics.add_metric(name=failures, unit=MetricUnit.Count, value=int(trouble is not None))
    if (age := jobs.oldest_snapshot_days()) is not None:
        metrics.add_metric(name="OldestSnapshotDays", unit=MetricUnit.Count, value=age)
    if trouble is None:
        logger.info("scheduled job ended", job=name, report=report)
    else:
        logger.warning("scheduled job ended early", job=name, report=report, code=trouble.code, detail=trouble.message)
    return {"job": name, "ended_early": trouble.code if trouble else None} | report


def _collect(jobs: Jobs) -> tuple[dict[str, Any], UpstreamError | None]:
    outcome = jobs.collect()
    metrics.add_metric(name="TracksCollected", unit=MetricUnit.Count, value=outcome.collected)
    for line in outcome.unreadable[:_LOGGED_LINES]:
        logger.warning("a list has a line that names no track", **asdict(line))
    for name in outcome.nameless:
        logger.warning("a list is not named after a genre", source=name)
    reports = {name: report.to_dict() for name, report in outcome.reports.items()}
    return {"collected": outcome.collected, "lists": reports}, outcome.trouble


def _refresh_popularity(jobs: Jobs) -> tuple[dict[str, Any], UpstreamError | None]:
    report, trouble = jobs.refresh_popularity()
    metrics.add_metric(name="TracksRefreshed", unit=MetricUnit.Count, value=report.refreshed)
    return report.to_dict(), trouble


type _Work = Callable[[Jobs], tuple[dict[str, Any], UpstreamError | None]]

JOBS: dict[str, tuple[_Work, str]] = {
    "collect": (_collect, "CollectFailures"),
    "refresh_popularity": (_refresh_popularity, "RefreshFailures"),
}
"""Each job with the metric that counts its failures."""
