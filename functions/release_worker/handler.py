"""Lambda entry of the release worker: events of a FIFO queue, the releases of one artist one after the other.

What a release came to is in its record, whatever happens here: a wait or a failure is no reason for the message to come
again. Only a fault of our own makes it do so, in the end to the queue of dead letters, which therefore holds crashes
and nothing else. Ids of releases, which open their status, are never logged.
"""

from datetime import timedelta
from time import perf_counter
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import NAMESPACE, SERVICE, logger
from shared.settings import ReleaseWorkerSettings

from daltonify_core.use_cases.record_release import release_of
from daltonify_core.use_cases.work_on_release import Worked
from release_worker.wiring import Worker, compose

# Of one artist's messages the ones behind a crash wait with it; other artists' go on.
_PROCESSOR = SqsFifoPartialProcessor(skip_group_on_error=True)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Work on every message; the ones that have to come again."""
    worker = compose(ReleaseWorkerSettings.from_environment())
    return process_partial_response(
        event,
        record_handler=lambda record: _work_on(worker, record, context),
        processor=_PROCESSOR,
        context=context,
    )


def _work_on(worker: Worker, record: SQSRecord, context: LambdaContext) -> None:
    about = {"function_request_id": context.aws_request_id, "message_id": record.message_id}
    release_id = release_of(record.body)
    if release_id is None:
        logger.error("A message was dropped that is about no release", extra=about)
        _count("ReleaseMessagesDropped")
        return
    started = perf_counter()
    deadline = worker.clock() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        worked = worker.work.attempt(release_id, deadline)
    except Exception:
        logger.exception("A release could not be worked on", extra=about)
        _count("ReleaseAttemptFailed")
        raise
    _report(worked, about, perf_counter() - started)


def _report(worked: Worked, about: dict[str, str], seconds: float) -> None:
    release = worked.release
    if release is None:
        logger.info("There was nothing to do for a release", extra=about)
        return
    extra = {
        **about,
        "artist_id": release.artist_id,
        "state": release.state.value,
        "attempt": release.attempt,
        "code": worked.trouble.code if worked.trouble else None,
        "milliseconds": round(1000 * seconds, 1),
    }
    logger.info("A release was worked on", extra=extra)
    _count(f"Release{release.state.value.capitalize()}")


def _count(name: str) -> None:
    with single_metric(name, MetricUnit.Count, 1, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", SERVICE)
