"""What the OpenAPI document says about each route beside its parameters: words, answers, problems, examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from shared.http_errors import PROBLEM_TYPE

from api.models import HealthAnswer, ProblemAnswer

_EVERYWHERE: Final[Mapping[int, tuple[str, ...]]] = {500: ("internal_error",)}
_WITH_INDEX: Final[Mapping[int, tuple[str, ...]]] = {503: ("index_unavailable", "index_corrupt")}
_WITH_BODY: Final[Mapping[int, tuple[str, ...]]] = {
    400: ("empty_body", "invalid_json"),
    413: ("body_too_large",),
    415: ("not_json",),
}


@dataclass(frozen=True, slots=True)
class _Page:
    """``problems`` maps a status to the codes that come with it."""

    summary: str
    description: str
    success: str
    problems: Mapping[int, Sequence[str]]
    also: int | None = None


_PAGES: Final = {
    "recommend": _Page(
        "Recommend a playlist for one or more tracks",
        "Tracks by more popular artists of the genre that sound like the seeds. Equal requests on an equal index give "
        "equal answers. Short links (`spotify.link`) among the seeds are followed, at most five at once.",
        "The playlist, with a reason for each track",
        {
            **_WITH_BODY,
            422: ("invalid_query", "invalid_link", "unknown_genre", "seed_data_needed", "no_bigger_artists"),
            429: ("cap_reached",),
            503: (*_WITH_INDEX[503], "upstream_unavailable"),
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
    ),
    "qr": _Page(
        "Draw a QR code that opens a playlist",
        "The code holds the playlist's address and nothing else.",
        "The code as SVG",
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


def documented(name: str, answer: type[BaseModel] | None) -> dict[str, Any]:
    """The documentation of one route, as arguments of its registration; ``answer`` is ``None`` for an image."""
    page = _PAGES[name]
    good: dict[str, Any] = (
        {"application/json": {"model": answer}} if answer else {"image/svg+xml": {"schema": {"type": "string"}}}
    )
    success = 201 if page.also else 200
    responses: dict[int, Any] = {success: {"description": page.success, "content": good}}
    if page.also:
        responses[page.also] = {"description": "The playlist was changed", "content": good}
    if answer is HealthAnswer:
        responses[503] = {"description": "There is no index to answer from", "content": good}
    for status, codes in sorted({**page.problems, **_EVERYWHERE}.items()):
        described = "Problem with the code " + " or ".join(f"`{code}`" for code in codes)
        responses[status] = {"description": described, "content": {PROBLEM_TYPE: {"model": ProblemAnswer}}}
    return {"summary": page.summary, "description": page.description, "operation_id": name, "responses": responses}
