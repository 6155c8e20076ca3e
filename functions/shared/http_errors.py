"""The only map from errors to HTTP answers, in the form of RFC 9457 (``application/problem+json``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from daltonify_core import errors as domain

PROBLEM_TYPE: Final = "application/problem+json"
MAX_NAMED_FIELDS: Final = 20
_MAX_FIELD_CHARACTERS: Final = 120

_CANNOT_BE_DONE: Final = (HTTPStatus.UNPROCESSABLE_ENTITY, "The request cannot be carried out as it stands")
_NO_INDEX: Final = (HTTPStatus.SERVICE_UNAVAILABLE, "There is no index to answer from")
_NO_PUBLISHING: Final = (HTTPStatus.SERVICE_UNAVAILABLE, "Publishing does not work at the moment")
_NO_UPSTREAM: Final = (HTTPStatus.SERVICE_UNAVAILABLE, "Another service that is needed does not answer")
# Raised by builds and imports only; met here, they are a fault of ours.
_OUR_FAULT: Final = (HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed")

ANSWERS: Final[Mapping[type[domain.DaltonifyError], tuple[HTTPStatus, str]]] = {
    domain.DaltonifyError: _OUR_FAULT,
    domain.InvalidQuery: _CANNOT_BE_DONE,
    domain.InvalidLink: (HTTPStatus.UNPROCESSABLE_ENTITY, "This is not a link that can be used"),
    domain.UnknownGenre: (HTTPStatus.UNPROCESSABLE_ENTITY, "The catalogue has no such genre"),
    domain.SeedDataNeeded: (HTTPStatus.UNPROCESSABLE_ENTITY, "Too little is known of a seed track"),
    domain.NoBiggerArtists: (HTTPStatus.UNPROCESSABLE_ENTITY, "The rules leave no track to recommend"),
    domain.InvalidPlaylist: (HTTPStatus.UNPROCESSABLE_ENTITY, "The playlist cannot be published as it stands"),
    domain.AudioRefused: (HTTPStatus.UNPROCESSABLE_ENTITY, "This audio cannot be used"),
    domain.KeyReused: (HTTPStatus.UNPROCESSABLE_ENTITY, "The idempotency key belongs to another request"),
    domain.InvalidTrack: _OUR_FAULT,
    domain.InvalidDataset: _OUR_FAULT,
    domain.CatalogueEmpty: _OUR_FAULT,
    domain.ActivationConflict: _OUR_FAULT,
    domain.CollectionConflict: _OUR_FAULT,
    domain.IndexUnavailable: _NO_INDEX,
    domain.IndexCorrupt: _NO_INDEX,
    domain.PointerCorrupt: _NO_INDEX,
    domain.NotAuthorised: (HTTPStatus.FORBIDDEN, "This is not allowed"),
    domain.PublishingOff: (HTTPStatus.FORBIDDEN, "Publishing is switched off here"),
    domain.CapReached: (HTTPStatus.TOO_MANY_REQUESTS, "A limit of this service is used up"),
    domain.DemoCatalogue: (HTTPStatus.CONFLICT, "Invented tracks cannot be published"),
    domain.PublishingUnfinished: (HTTPStatus.SERVICE_UNAVAILABLE, "Publishing is not finished yet"),
    domain.PublicationInProgress: (HTTPStatus.CONFLICT, "This playlist is being written already"),
    domain.PublicationUnknown: (HTTPStatus.SERVICE_UNAVAILABLE, "It is not known yet whether the playlist exists"),
    domain.PublishingUnavailable: _NO_PUBLISHING,
    domain.ArtistGone: _OUR_FAULT,
    domain.AlbumUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "The album cannot be looked into at the moment"),
    domain.SecretUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "The service is not set up completely"),
    domain.UpstreamError: _NO_UPSTREAM,
    domain.UpstreamUnavailable: _NO_UPSTREAM,
    domain.UpstreamUncertain: _NO_UPSTREAM,
    domain.UpstreamRateLimited: _NO_UPSTREAM,
    domain.UpstreamRefused: _NO_UPSTREAM,
    domain.UnknownPlaylist: _NO_UPSTREAM,
    domain.ConsentNeeded: _NO_PUBLISHING,
}
"""Status and title of every error of the domain."""

# For errors that do not say themselves when to come back. An index is built within minutes, a network recovers sooner.
_RETRY_AFTER_SECONDS: Final[Mapping[type[domain.DaltonifyError], int]] = {
    domain.IndexUnavailable: 60,
    domain.IndexCorrupt: 60,
    domain.UpstreamUnavailable: 10,
}
# Instead of messages that are for the operator: they name secrets, stored files or answers of other services.
_PUBLIC_DETAIL: Final[Mapping[type[domain.DaltonifyError], str | None]] = {
    domain.IndexUnavailable: "The catalogue is not ready or cannot be read at the moment. Try again in a minute.",
    domain.IndexCorrupt: "The index is damaged. The next build repairs it; try again later.",
    domain.SecretUnavailable: "A secret of this installation is missing or incomplete; its log says which one.",
    domain.UpstreamError: "A service that is needed did not do what was asked of it. Try again later.",
    domain.UpstreamUnavailable: None,  # says what to do until the service is back
    domain.ConsentNeeded: "Spotify's consent has to be renewed by whoever runs this service.",
}
_INTERNAL_DETAIL: Final = "This was not your fault. Try again, and tell whoever runs the service if it happens again."


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field, named as the caller wrote it (``seeds[2].track``)."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as HTTP shows it. ``data`` are members that only this kind of problem has."""

    status: int
    code: str
    title: str
    detail: str
    faults: tuple[FieldFault, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    retry_after_seconds: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self, request_id: str, now: datetime) -> dict[str, Any]:
        """The body of the answer; ``now`` turns the time to wait into ``retry_at``."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.faults:
            named = self.faults[:MAX_NAMED_FIELDS]
            body["errors"] = [
                {"field": fault.field[:_MAX_FIELD_CHARACTERS], "message": fault.message} for fault in named
            ]
        if self.retry_after_seconds is not None:
            body["retry_at"] = iso_not_before(now + timedelta(seconds=self.retry_after_seconds))
        return body | dict(self.data)

    def to_headers(self) -> dict[str, str]:
        """Headers that belong to the problem."""
        waiting = {} if self.retry_after_seconds is None else {"Retry-After": str(self.retry_after_seconds)}
        return dict(self.headers) | waiting


class Refused(Exception):
    """A request that is refused before any use case sees it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem_of(error: Exception) -> Problem:
    """How an error is told to the caller; one that nobody raised on purpose becomes ``internal_error``."""
    if isinstance(error, Refused):
        return error.problem
    if not isinstance(error, domain.DaltonifyError):
        return _internal_error()
    status, title = ANSWERS[_nearest(error, ANSWERS) or domain.DaltonifyError]
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _internal_error()
    detail = _PUBLIC_DETAIL.get(_nearest(error, _PUBLIC_DETAIL) or type(error)) or error.message
    place = getattr(error, "field", None)
    own_wait = getattr(error, "retry_after_seconds", None)
    usual_wait = _RETRY_AFTER_SECONDS.get(_nearest(error, _RETRY_AFTER_SECONDS) or type(error))
    return Problem(
        status=status,
        code=error.code,
        title=title,
        detail=detail,
        faults=(FieldFault(place, detail),) if place else (),
        data=_data_of(error),
        retry_after_seconds=usual_wait if own_wait is None else max(1, own_wait),
    )


def iso(moment: datetime) -> str:
    """Seconds are exact enough for people, and ``Z`` is what the other times in our answers end with."""
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def iso_not_before(moment: datetime) -> str:
    """The first full second from then on: who asks again at that time must not be too early."""
    return iso(moment + timedelta(microseconds=999_999))


def _internal_error() -> Problem:
    status, title = _OUR_FAULT
    return Problem(status, domain.DaltonifyError.code, title, _INTERNAL_DETAIL)


def _nearest[T](
    error: domain.DaltonifyError, table: Mapping[type[domain.DaltonifyError], T]
) -> type[domain.DaltonifyError] | None:
    return next((kind for kind in type(error).__mro__ if kind in table), None)


def _data_of(error: domain.DaltonifyError) -> dict[str, Any]:
    if isinstance(error, domain.SeedDataNeeded):
        return error.to_dict()
    if isinstance(error, domain.UnknownGenre):
        return {"offered": list(error.offered)}
    return {}
