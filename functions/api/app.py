"""The API as one callable: gate, routes, problems, and one log line and a few metrics per request."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.http_errors import PROBLEM_TYPE, Problem, Refused, problem_of
from shared.observability import NAMESPACE, SERVICE, logger, metrics

from api.answers import json_text
from api.compression import compressed
from api.faults import invalid_request
from api.gate import parse_object, with_checked_body
from api.paths import AUDIO_PATH, HOOK_PATH, METHODS, RECOMMENDATIONS_PATH
from api.routes import register
from api.wiring import Services
from daltonify_core.errors import ConsentNeeded, DaltonifyError, PublishingUnavailable, SecretUnavailable

_UNMATCHED: Final = "unmatched"
_RAW_BODIES: Final = (AUDIO_PATH, HOOK_PATH)
# Looked at by their routes: one is not JSON, and of the other the bytes are signed.
_PATHS: Final = {path: re.compile(re.sub(r"\{\w+\}", "[A-Za-z0-9_-]+", path)) for path in METHODS}


def create_resolver() -> APIGatewayHttpResolver:
    """What the routes are registered with: it finds the one that is asked for, and checks what it is given."""
    return APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=parse_object, debug=False)


class Api:
    """Answers events of an HTTP API (payload 2.0). One request at a time: Powertools keeps the current one globally."""

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._request_id = ""
        self._app = create_resolver()
        self._app.exception_handler(Exception)(self._refuse)
        self._bring_in = register(self._app, services)
        # What nearly every environment is started for.
        self._bring_in(RECOMMENDATIONS_PATH)

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        started = perf_counter()
        self._request_id = str(event["requestContext"]["requestId"])
        logger.set_correlation_id(self._request_id)
        http = event["requestContext"]["http"]
        method, path = str(http["method"]), str(event["rawPath"])
        # An id in a path is the key to somebody's result, so no log may hold it.
        known = next((known for known, pattern in _PATHS.items() if pattern.fullmatch(path)), None)
        answer = self._answer(event, method, known, context)
        headers = answer.setdefault("headers", {})
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Request-Id"] = self._request_id
        # Neither query nor body: they hold what people typed. An unknown path is somebody's text as well.
        logger.info(
            "answered",
            extra={
                "route": f"{method} {known}" if known and METHODS[known] == method else _UNMATCHED,
                "status": answer["statusCode"],
                "milliseconds": round(1000 * (perf_counter() - started), 1),
            },
        )
        metrics.add_metric("Requests", MetricUnit.Count, 1)
        metrics.flush_metrics()
        logger.clear_state()
        return answer

    def _answer(
        self, event: Mapping[str, Any], method: str, path: str | None, context: LambdaContext
    ) -> dict[str, Any]:
        try:
            if path is None:
                raise _not_found()
            if METHODS[path] != method:
                raise _wrong_method(METHODS[path])
            if method == "POST" and path not in _RAW_BODIES:
                event = with_checked_body(event)
            self._bring_in(path)
        except Refused as refusal:
            response = self._refuse(refusal)
            return {
                "statusCode": response.status_code,
                "headers": dict(response.headers),
                "body": response.body,
                "isBase64Encoded": False,
            }
        return compressed(self._app.resolve(event, context), event)

    def _refuse(self, error: Exception) -> Response[str]:
        problem = invalid_request(error.errors()) if isinstance(error, RequestValidationError) else problem_of(error)
        self._report(error, problem)
        body = problem.to_dict(self._request_id, self._clock())
        return Response(problem.status, PROBLEM_TYPE, json_text(body), problem.to_headers())

    def _report(self, error: Exception, problem: Problem) -> None:
        logger.append_keys(code=problem.code)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("Unexpected error", exc_info=error)
        elif problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # Messages of ours are safe to log, and tell the operator more than the caller is told.
            cause = error.__cause__ if isinstance(error.__cause__, DaltonifyError) else None
            extra = {"reason": str(error), "cause": type(error.__cause__).__name__, "cause_says": str(cause or "")}
            logger.warning("Could not answer", extra=extra)
        with single_metric("Errors", MetricUnit.Count, 1, namespace=NAMESPACE) as metric:
            metric.add_dimension("service", SERVICE)
            metric.add_dimension("code", problem.code)
        # Nothing but publishing needs a secret.
        if isinstance(error, PublishingUnavailable | SecretUnavailable):
            metrics.add_metric("PublishingUnavailable", MetricUnit.Count, 1)
            if isinstance(error, PublishingUnavailable) and error.__cause__ is None:
                metrics.add_metric("CircuitOpen", MetricUnit.Count, 1)
        if isinstance(error.__cause__, ConsentNeeded):
            metrics.add_metric("ServiceTokenDead", MetricUnit.Count, 1)
            # Whatever the day says on which it was given: this is what the alarm watches.
            metrics.add_metric("ServiceTokenDaysLeft", MetricUnit.Count, 0)


def _not_found() -> Refused:
    known = ", ".join(f"{method} {path}" for path, method in METHODS.items())
    return Refused(Problem(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here", f"The API has {known}."))


def _wrong_method(takes: str) -> Refused:
    return Refused(
        Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The method does not fit",
            f"This path takes {takes} only.",
            headers={"Allow": takes},
        )
    )
