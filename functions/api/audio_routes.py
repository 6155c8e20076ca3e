"""The routes for an artist's audio file: send it, and ask what came of it."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from shared.http_errors import Problem, Refused, iso
from shared.settings import KEY_CHARACTERS

from api.answers import json_answer
from api.gate import checked_audio
from api.models import KEY_PATTERN
from api.paths import AUDIO_PATH, STATUS_PATH, Describe, as_route
from api.short_links import client_key
from api.wiring import Services
from daltonify_core.audio.questions import Question, questions_about
from daltonify_core.catalogue.audio_features import FeaturesSource
from daltonify_core.ports.audio import AudioJob, AudioJobState
from daltonify_core.use_cases.submit_audio import AudioSettings, SubmitAudio, as_seen, is_job_id

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
    app: APIGatewayHttpResolver,
    services: Services,
    describe: Describe,
    client: Callable[[], str],
    deadline: Callable[[], datetime],
) -> None:
    """Give ``app`` the routes for audio files.

    ``client`` says whom the current request is counted against, ``deadline`` when it has to be answered.
    """
    settings = AudioSettings(daily_per_client=services.settings.daily_audio_files_per_client)

    @app.post(AUDIO_PATH, **describe("send_audio"))
    def send_audio(key: _Key = None) -> Response[Any]:
        event = app.current_event
        parts = services.audio()
        use_case = SubmitAudio(parts.jobs, parts.clips, parts.queue, parts.new_id, services.clock, settings)
        job = use_case.submit(checked_audio(event.raw_event), client_key(client()), key, deadline())
        status_url = STATUS_PATH.format(job_id=job.job_id)
        return json_answer(202, _submitted_answer(job, status_url), {"Location": status_url, **_waiting(job.state)})

    @app.get(as_route(STATUS_PATH), **describe("audio_features"))
    def audio_features(job_id: _JobId) -> Response[Any]:
        now = services.clock()
        job = services.audio().jobs.find(job_id, now) if is_job_id(job_id) else None
        if job is None:
            raise _unknown()
        seen = as_seen(job, now, settings)
        return json_answer(200, _audio_answer(seen), _waiting(seen.state))


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


def _submitted_answer(job: AudioJob, status_url: str) -> dict[str, Any]:
    """What is told of a file that was just taken in."""
    return {
        "id": job.job_id,
        "state": job.state.value,
        "status_url": status_url,
        "expires_at": iso(job.expires_at),
    }


def _audio_answer(job: AudioJob) -> dict[str, Any]:
    """What is told of a job."""
    is_rough = job.features_source == FeaturesSource.MEASURED
    questions = questions_about(job.features) if is_rough and job.features else ()
    return {
        "id": job.job_id,
        "state": job.state.value,
        "expires_at": iso(job.expires_at),
        "features": job.features.present() if job.features else None,
        "features_source": job.features_source,
        "rough": is_rough,
        "questions": [_question(one) for one in questions],
        "notes": list(job.notes),
        "problem": job.problem,
    }


def _question(question: Question) -> dict[str, Any]:
    options = [{"value": one.value, "label": one.label, "features": one.features.present()} for one in question.options]
    return {"name": question.name, "text": question.text, "options": options}
