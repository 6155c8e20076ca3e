"""Puts adapters and the use case together for the worker."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Protocol

from shared.aws import dynamodb, s3, sqs
from shared.settings import VERSION, AudioWorkerSettings

from daltonify_core.adapters.dynamodb import DynamoAudioJobStore, DynamoPublicationStore
from daltonify_core.adapters.reccobeats import ReccoBeatsService
from daltonify_core.adapters.s3_clips import S3AudioClips
from daltonify_core.adapters.sqs import SqsJobQueue
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.analyse_audio import AnalyseAudio


class Deliveries(Protocol):
    """Messages that were handed to this worker."""

    def show_again(self, receipt: str, seconds: int) -> None:
        """Let a message come again after this time; raises ``UpstreamUnavailable``."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What one message needs."""

    analyse: AnalyseAudio
    deliveries: Deliveries
    clock: Clock


@cache
def compose(settings: AudioWorkerSettings) -> Worker:
    """The real parts of this installation, made once per warm environment."""

    def clock() -> datetime:
        return datetime.now(UTC)

    use_case = AnalyseAudio(
        DynamoAudioJobStore(dynamodb(), settings.table_name),
        S3AudioClips(s3(), settings.audio_bucket),
        ReccoBeatsService(settings.reccobeats_api, user_agent=f"Daltonify/{VERSION}"),
        DynamoPublicationStore(dynamodb(), settings.table_name),
        clock,
    )
    return Worker(use_case, SqsJobQueue(sqs(), settings.audio_queue_url), clock)
