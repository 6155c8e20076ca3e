"""Bodies of answers about uploaded audio, and how they are made from jobs."""

from typing import Any, Literal

from pydantic import Field
from shared.http_errors import iso

from api.models import Answer, Features
from daltonify_core.audio.questions import Question, questions_about
from daltonify_core.catalogue.audio_features import FeaturesSource
from daltonify_core.ports import AudioJob


class SubmittedAudioAnswer(Answer):
    """A file that was taken in. Ask `status_url` for the result until `expires_at`; the id is the only key to it."""

    id: str
    state: Literal["queued", "analysing", "done", "failed"]
    status_url: str
    expires_at: str


class AudioOption(Answer):
    """An answer that an artist may give, and the features that it sets."""

    value: str
    label: str
    features: Features


class AudioQuestion(Answer):
    """Something that only the artist knows. The features of the chosen option replace those of the measurement.

    About the tempo any number of BPM may be taken instead. Where no clear beat was found, the only option is `none`.
    """

    name: Literal["vocals", "tempo"]
    text: str
    options: list[AudioOption]


class AudioFeaturesAnswer(Answer):
    """How far the analysis has come. `features` go into a seed as they are, after the questions are answered."""

    id: str
    state: Literal["queued", "analysing", "done", "failed"]
    expires_at: str
    features: Features | None = Field(description="Null until the state is `done`; absent members are not known")
    features_source: Literal["audio_file", "measured"] | None = Field(
        description="`audio_file`: ReccoBeats listened to the file; `measured`: Daltonify did, roughly"
    )
    rough: bool = Field(description="Show these features as rough, without decimals")
    questions: list[AudioQuestion]
    notes: list[str]
    problem: str | None = Field(description="What went wrong and what to do, when the state is `failed`")


def submitted_answer(job: AudioJob, status_url: str) -> dict[str, Any]:
    """What is told of a file that was just taken in."""
    return {
        "id": job.job_id,
        "state": job.state.value,
        "status_url": status_url,
        "expires_at": iso(job.expires_at),
    }


def audio_answer(job: AudioJob) -> dict[str, Any]:
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
