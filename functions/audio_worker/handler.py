"""Lambda entry of the worker: events of an SQS queue, one message each.

What has to come again is reported, and SQS hands it out once more, in the end to the queue of dead letters. A message
that can never succeed is dropped with a log line. Ids of jobs, which open results, are never logged.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from time import perf_counter
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import NAMESPACE, SERVICE, logger
from shared.settings import AudioWorkerSettings

from audio_worker.wiring import Worker, compose
from daltonify_core.errors import DaltonifyError
from daltonify_core.ports.audio import AudioJobState
from daltonify_core.use_cases.analyse_audio import Attempt
from daltonify_core.use_cases.submit_audio import job_of

_AFTER_A_FAULT: Final = 30
"""Seconds; our own stores recover within moments, and an artist waits."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work on every message; the ones that have to come again."""
    worker = compose(AudioWorkerSettings.from_environment())
    failed = [record["messageId"] for record in event["Records"] if not _settled(worker, record, context)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _settled(worker: Worker, record: Mapping[str, Any], context: LambdaContext) -> bool:
    """Whether a message is done with."""
    # Not set as keys of the logger: on one machine the API shares it, and may be answering at this moment.
    about = {"function_request_id": context.aws_request_id, "message_id": record["messageId"]}
    job_id = _job_of(record["body"])
    if job_id is None:
        logger.error("A message was dropped that is about no audio file", extra=about)
        _count("AudioMessagesDropped")
        return True
    started = perf_counter()
    deadline = worker.clock() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        attempt = worker.analyse.attempt(job_id, deadline)
    except DaltonifyError as error:
        attempt = _try_later(about | {"code": error.code}, None)
    except Exception as error:  # noqa: BLE001 - raised on, it would come again only after the queue's long silence
        attempt = _try_later(about | {"code": DaltonifyError.code}, error)
    _report(attempt, about, perf_counter() - started)
    if attempt.again_after is None:
        return True
    try:
        worker.deliveries.show_again(record["receiptHandle"], int(attempt.again_after.total_seconds()))
    except DaltonifyError as error:
        logger.warning("A message comes again later than it should", extra=about | {"code": error.code})
    return False


def _try_later(extra: Mapping[str, str], unexpected: Exception | None) -> Attempt:
    logger.error("An audio file could not be worked on", exc_info=unexpected, extra=extra)
    _count("AudioAttemptFailed")
    return Attempt(again_after=timedelta(seconds=_AFTER_A_FAULT))


def _job_of(body: str) -> str | None:
    try:
        message = json.loads(body)
    except ValueError:
        return None
    return job_of(message) if isinstance(message, dict) else None


def _report(attempt: Attempt, about: Mapping[str, str], seconds: float) -> None:
    if attempt.trouble is not None:
        logger.warning("ReccoBeats did not listen to a file", extra={**about, "reason": attempt.trouble})
        _count("ReccoBeatsUploadFailed")
    job = attempt.finished
    if job is None:
        if attempt.again_after is None:
            logger.info("A message was dropped whose job is finished or forgotten", extra=about)
        return
    extra = {
        **about,
        "state": job.state.value,
        "source": job.features_source,
        "fallback": attempt.fallback,
        "attempt": job.attempt,
        "milliseconds": round(1000 * seconds, 1),
    }
    logger.info("audio analysed", extra=extra)
    _count("AudioFailed" if job.state is AudioJobState.FAILED else "AudioAnalysed")
    if attempt.fallback is not None:
        _count("AudioMeasuredLocally")


def _count(name: str) -> None:
    # Each by itself, because what add_metric collects belongs to the whole process.
    with single_metric(name, MetricUnit.Count, 1, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", SERVICE)
