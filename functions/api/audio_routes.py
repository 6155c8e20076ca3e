"""The routes for an artist's audio file: send it, and ask what came of it."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from shared.http_errors import Problem, Refused
from shared.settings import KEY_CHARACTERS

from api.answers import json_text
from api.audio_models import AudioFeaturesAnswer, SubmittedAudioAnswer, audio_answer, submitted_answer
from api.documentation import documented
from api.gate import checked_audio
from api.models import KEY_PATTERN
from api.short_links import client_key
from api.wiring import Services
from daltonify_core.ports import AudioJobState
from daltonify_core.use_cases.submit_audio import AudioSettings, SubmitAudio, as_seen, is_job_id

AUDIO_PATH: Final = "/api/audio-features"
STATUS_PATH: Final = f"{AUDIO_PATH}/{{job_id}}"

_POLL_SECONDS: Final = 3
"""A file takes ReccoBeats five to thirty seconds, so this notices the end soon and asks ten times at most."""

# No `type` statements: Powertools looks for the parameter's kind in the annotation itself.
_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=KEY_CHARACTERS[0],
        max_length=KEY_CHARACTERS[1],
        pattern=KEY_PATTERN,
        description="A new random text for every new file; with the same one the same file is taken in once",
    ),
]
_JobId = Annotated[str, Path(description="The id of the answer to the upload")]


def register_audio(
    app: APIGatewayHttpResolver, services: Services, client: Callable[[], str], deadline: Callable[[], datetime]
) -> None:
    """Give ``app`` the routes for audio files.

    ``client`` says whom the current request is counted against, ``deadline`` when it has to be answered.
    """
    settings = AudioSettings(daily_per_client=services.settings.daily_audio_files_per_client)

    @app.post(AUDIO_PATH, **documented("send_audio", SubmittedAudioAnswer))
    def send_audio(key: _Key = None) -> Response[Any]:
        event = app.current_event
        parts = services.audio()
        use_case = SubmitAudio(parts.jobs, parts.clips, parts.queue, parts.new_id, services.clock, settings)
        job = use_case.submit(checked_audio(event.raw_event), client_key(client()), key, deadline())
        status_url = STATUS_PATH.format(job_id=job.job_id)
        return _json(202, submitted_answer(job, status_url), {"Location": status_url, **_waiting(job.state)})

    @app.get(STATUS_PATH.replace("{", "<").replace("}", ">"), **documented("audio_features", AudioFeaturesAnswer))
    def audio_features(job_id: _JobId) -> Response[Any]:
        now = services.clock()
        job = services.audio().jobs.find(job_id, now) if is_job_id(job_id) else None
        if job is None:
            raise _unknown()
        seen = as_seen(job, now, settings)
        return _json(200, audio_answer(seen), _waiting(seen.state))


def _waiting(state: AudioJobState) -> dict[str, str]:
    is_finished = state in (AudioJobState.DONE, AudioJobState.FAILED)
    return {} if is_finished else {"Retry-After": str(_POLL_SECONDS)}


def _unknown() -> Refused:
    return Refused(
        Problem(
            HTTPStatus.NOT_FOUND,
            "unknown_audio",
            "There is no such audio file",
            "No file was sent under this id, or it was sent more than an hour ago. Send the file again.",
        )
    )


def _json(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response[Any]:
    return Response(status, content_types.APPLICATION_JSON, json_text(body), headers)
