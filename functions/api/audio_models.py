"""Bodies of answers about uploaded audio, as the OpenAPI document promises them."""

from typing import Literal

from pydantic import Field

from api.answer_models import Answer
from api.models import Features


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
