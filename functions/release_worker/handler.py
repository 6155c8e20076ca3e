"""Lambda entry of the release worker: events of a FIFO queue, the releases of one artist one after the other.

What a release came to is in its record, whatever happens here: a wait or a failure is no reason for the message to come
again. Nor is a renewal that could not be carried out, for which the next day brings another message. Only a fault of
our own makes a message come again, in the end to the queue of dead letters, which therefore holds crashes and nothing
else. Ids of releases, which open their status, are never logged.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import NAMESPACE, SERVICE, logger
from shared.settings import ReleaseWorkerSettings

from daltonify_core.errors import ConsentNeeded, DaltonifyError, PublishingUnavailable
from daltonify_core.releases.message import read_message
from daltonify_core.releases.release import ReleaseState
from daltonify_core.use_cases.work_on_release import Worked
from release_worker.wiring import Worker, compose

# An attempt ends in no other state.
_COUNTED: Final = {
    ReleaseState.DONE: "ReleaseDone",
    ReleaseState.WAITING: "ReleaseWaiting",
    ReleaseState.FAILED: "ReleaseFailed",
}
# Of one artist's messages the ones behind a crash wait with it; other artists' go on.
_PROCESSOR = SqsFifoPartialProcessor(skip_group_on_error=True)
# Messages come singly: one that has to come again is named, and no crash of the function beside its own report.
_PROCESSOR.raise_on_entire_batch_failure = False


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
    message = read_message(record.body)
    if message is None:
        logger.error("A message was dropped that is about no release", extra=about)
        _count("ReleaseMessagesDropped")
        return
    deadline = worker.clock() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    started = perf_counter()
    try:
        if message.release_id is not None:
            _report(worker.work.attempt(message.release_id, deadline), about, started)
        elif message.renewed_artist is not None:
            _renew(worker, message.renewed_artist, about, deadline, started)
    except Exception:
        logger.exception("A release could not be worked on", extra=about)
        _count("ReleaseAttemptFailed")
        raise


def _report(worked: Worked, about: Mapping[str, str], started: float) -> None:
    release = worked.release
    if release is None:
        logger.info("There was nothing to do for a release", extra=dict(about))
        return
    extra = {
        **about,
        "artist_id": release.artist_id,
        "state": release.state.value,
        "attempt": release.attempt,
        "code": worked.trouble.code if worked.trouble else None,
        "milliseconds": _milliseconds_since(started),
    }
    _count(_COUNTED[release.state])
    if release.was_given_up:
        logger.error("A release was given up after workers died of it again and again", extra=extra)
        _count("ReleaseGivenUp")
    else:
        logger.info("A release was worked on", extra=extra)
    _count_refusal(worked.trouble)


def _renew(worker: Worker, artist_id: str, about: Mapping[str, str], deadline: datetime, started: float) -> None:
    extra: dict[str, object] = {**about, "artist_id": artist_id}
    try:
        changed = worker.change.renew(artist_id, worker.index_version(), deadline)
    except DaltonifyError as error:
        logger.warning("A playlist was not renewed", extra={**extra, "code": error.code, "detail": error.message})
        _count("RenewalFailed")
        _count_refusal(error)
        return
    extra["milliseconds"] = _milliseconds_since(started)
    if changed is None:
        logger.info("There was nothing to renew", extra=extra)
        return
    logger.info("A playlist was renewed", extra={**extra, "version": changed.version.number})
    _count("PlaylistsRenewed")


def _count_refusal(trouble: DaltonifyError | None) -> None:
    """What alarms on the service account watch, as the API counts it."""
    if isinstance(trouble, PublishingUnavailable) and trouble.__cause__ is None:
        _count("CircuitOpen")
    if trouble is not None and isinstance(trouble.__cause__, ConsentNeeded):
        _count("ServiceTokenDead")
        _count("ServiceTokenDaysLeft", 0)


def _milliseconds_since(started: float) -> float:
    return round(1000 * (perf_counter() - started), 1)


def _count(name: str, value: float = 1) -> None:
    with single_metric(name, MetricUnit.Count, value, namespace=NAMESPACE) as metric:
        metric.add_dimension("service", SERVICE)
