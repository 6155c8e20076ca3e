"""What the OpenAPI document says about each route beside its parameters: words, answers, problems, examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from shared.http_errors import PROBLEM_TYPE

from api.answer_models import (
    ConfigAnswer,
    GenresAnswer,
    HealthAnswer,
    PlaylistAnswer,
    ProblemAnswer,
    RecommendationAnswer,
    TracksAnswer,
)
from api.audio_models import AudioFeaturesAnswer, SubmittedAudioAnswer
from api.release_models import ReceivedReleaseAnswer, ReleaseAnswer

_EVERYWHERE: Final[Mapping[int, tuple[str, ...]]] = {500: ("internal_error",)}
_WITH_INDEX: Final[Mapping[int, tuple[str, ...]]] = {503: ("index_unavailable", "index_corrupt")}
_WITH_BODY: Final[Mapping[int, tuple[str, ...]]] = {
    400: ("empty_body", "invalid_json"),
    413: ("body_too_large",),
    415: ("not_json",),
}


@dataclass(frozen=True, slots=True)
class _Page:
    """``problems`` maps a status to the codes that come with it; ``status`` is that of success."""

    summary: str
    description: str
    success: str
    problems: Mapping[int, Sequence[str]]
    also: int | None = None
    status: int = 200


_PAGES: Final = {
    "recommend": _Page(
        "Recommend a playlist for one or more tracks",
        "Tracks by more popular artists of the genre that sound like the seeds. Equal requests on an equal index give "
        "equal answers. Short links (`spotify.link`) among the seeds are followed, at most five at once. A track that "
        "the catalogue does not know is looked up at ReccoBeats and Spotify, unless its seed says everything; what "
        "cannot be found out there is asked for (`seed_data_needed`).",
        "The playlist, with a reason for each track",
        {
            **_WITH_BODY,
            422: ("invalid_query", "invalid_link", "unknown_genre", "seed_data_needed", "no_bigger_artists"),
            429: ("cap_reached",),
            503: (*_WITH_INDEX[503], "album_unavailable", "upstream_unavailable"),
        },
    ),
    "genres": _Page("List the genres on offer", "With the number of tracks in each.", "The genres", _WITH_INDEX),
    "tracks": _Page(
        "Find tracks of the catalogue",
        "Either by words (`q`) or by ids or links (`ids`). Unknown ids are left out of the answer.",
        "The tracks, for words that very title or artist and then the smaller artists first, for ids in their order",
        {422: ("invalid_query", "invalid_link"), **_WITH_INDEX},
    ),
    "publish": _Page(
        "Publish a playlist under the service's account",
        "The same request with the same `Idempotency-Key` goes on where the last one stopped, or gives the same answer "
        "again, for 30 days. With `playlist_id` and `edit_token` a playlist is changed that was published before.",
        "The playlist was made",
        {
            **_WITH_BODY,
            401: ("not_authorised",),
            403: ("not_authorised", "publishing_off"),
            409: ("publication_in_progress", "demo_catalogue"),
            422: ("invalid_query", "invalid_playlist", "key_reused"),
            429: ("cap_reached",),
            503: (
                "publishing_unavailable",
                "publishing_unfinished",
                "publication_unknown",
                "secret_unavailable",
                "upstream_unavailable",
                *_WITH_INDEX[503],
            ),
        },
        also=200,
        status=201,
    ),
    "send_audio": _Page(
        "Send the audio of a track that nobody has data on",
        "The body is a WAV file: 16-bit PCM, mono, 44.1 kHz, from 10 to 30 seconds of a typical part. A job listens to "
        "it; the answer says where to ask for the result. The file is deleted when the job is done. With an "
        "`Idempotency-Key` the same file sent again is the same job.",
        "The file was taken in; `Location` says where to ask",
        {
            400: ("empty_body", "damaged_body"),
            413: _WITH_BODY[413],
            415: ("not_wav",),
            422: ("audio_refused", "invalid_query"),
            429: ("cap_reached",),
            503: ("upstream_unavailable",),
        },
        status=202,
    ),
    "audio_features": _Page(
        "Say how a file that was sent sounds",
        "Ask again after `Retry-After` seconds until the state is `done` or `failed`. Measured features are rough, and "
        "come with questions that only the artist can answer.",
        "How far the analysis has come, and its result",
        {404: ("unknown_audio",), 422: ("invalid_query",), 503: ("upstream_unavailable",)},
    ),
    "announce_release": _Page(
        "Announce that a track is out",
        "A hook belongs to one artist and one sender. A signed hook takes messages that are signed after [Standard "
        "Webhooks](https://www.standardwebhooks.com) with the hook's secret, over the body as it is sent; a bearer "
        "hook takes its token instead. The body names the release in at least one way, and whatever else it holds is "
        "ignored. The same message again (by `webhook-id`, or else `Idempotency-Key`), or the same release without "
        "such an id, gives the same answer and changes nothing.",
        "The release was taken in, now or before; `Location` says where to ask what becomes of it",
        {
            **_WITH_BODY,
            401: ("not_authorised",),
            403: ("not_authorised",),
            404: ("unknown_hook",),
            410: ("hook_revoked",),
            422: ("invalid_query", "invalid_link", "key_reused"),
            429: ("cap_reached",),
            503: ("secret_unavailable", "upstream_unavailable"),
        },
        status=202,
    ),
    "release": _Page(
        "Say what became of a release",
        "Whether it waits, why, and when it is looked at next; in the end the playlist that holds it. A release that "
        "Spotify does not have yet is looked for over 14 days.",
        "How far the release has come",
        {404: ("unknown_release",), 422: ("invalid_query",), 503: ("upstream_unavailable",)},
    ),
    "qr": _Page(
        "Draw a QR code that opens a playlist",
        "The code holds the playlist's address and nothing else.",
        "The code, as SVG or PNG",
        {422: ("invalid_query", "invalid_link")},
    ),
    "config": _Page(
        "Say what a page needs to know",
        "Which index answers, what is not real here, whether publishing works, and the limits of requests.",
        "The configuration",
        {},
    ),
    "health": _Page(
        "Say whether recommendations can be given", "Public, and without cost.", "Recommendations can be given", {}
    ),
}


_ANSWERS: Final[Mapping[str, type[BaseModel] | None]] = {
    "recommend": RecommendationAnswer,
    "genres": GenresAnswer,
    "tracks": TracksAnswer,
    "publish": PlaylistAnswer,
    "send_audio": SubmittedAudioAnswer,
    "audio_features": AudioFeaturesAnswer,
    "announce_release": ReceivedReleaseAnswer,
    "release": ReleaseAnswer,
    "qr": None,
    "config": ConfigAnswer,
    "health": HealthAnswer,
}
"""What each route answers, ``None`` for an image."""


def documented(name: str) -> dict[str, Any]:
    """The documentation of one route, as arguments of its registration."""
    page, answer = _PAGES[name], _ANSWERS[name]
    good: dict[str, Any] = (
        {"application/json": {"model": answer}}
        if answer
        else {
            "image/svg+xml": {"schema": {"type": "string"}},
            "image/png": {"schema": {"contentMediaType": "image/png"}},
        }
    )
    responses: dict[int, Any] = {page.status: {"description": page.success, "content": good}}
    if page.also:
        responses[page.also] = {"description": "The playlist was changed", "content": good}
    if answer is HealthAnswer:
        responses[503] = {"description": "There is no index to answer from", "content": good}
    for status, codes in sorted({**page.problems, **_EVERYWHERE}.items()):
        described = "Problem with the code " + " or ".join(f"`{code}`" for code in codes)
        responses[status] = {"description": described, "content": {PROBLEM_TYPE: {"model": ProblemAnswer}}}
    return {"summary": page.summary, "description": page.description, "operation_id": name, "responses": responses}
