"""The API's whole handler on a local AWS: an event's JSON in, an answer's JSON out. Prints its figures as JSON.

    python -m tests.benchmark.handling EVENTS ROUNDS < events.json

runs with the environment of the deployed function. Beside it, through the same gate, resolver and log lines, stands a
route that takes any body and answers a constant: what no work of ours can go below.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch

from api.app import Api
from api.handler import handler
from api.wiring import Services, compose
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.settings import ApiSettings

from tests.benchmark.figures import Times, least_of_rounds
from tests.handlers.fake_context import Context

_PATH: Final = "/api/recommendations"
_CONTEXT: Final = cast(LambdaContext, Context())

type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def constant_api() -> Handler:
    """The API with a single route, which answers a constant."""

    def register(app: APIGatewayHttpResolver, services: Services) -> Callable[[str], None]:
        @app.post(_PATH)
        def answer() -> Response[str]:
            return Response(200, "application/json", '{"ok":true}')

        return lambda path: None

    with patch("api.app.register", register):
        return Api(compose(ApiSettings.from_environment()))


def measure(events: list[str], rounds: int) -> dict[str, Any]:
    """Times of both handlers; events whose seed has nobody bigger are left out."""
    answered = [event for event in events if _status(_ask(handler, event)) == 200]
    contenders: dict[str, Handler] = {"handler": handler, "constant": constant_api()}
    processor: dict[str, list[list[float]]] = {name: [] for name in contenders}
    passed: dict[str, list[list[float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name in contenders:
            processor[name].append([])
            passed[name].append([])
        for event in answered:
            for name, one in contenders.items():
                started, began = time.perf_counter(), time.process_time()
                _ask(one, event)
                processor[name][-1].append(1000 * (time.process_time() - began))
                passed[name][-1].append(1000 * (time.perf_counter() - started))
    waited = _waits()
    for event in answered:
        _ask(handler, event)
    waited = _waits() - waited
    found = {
        name: {
            "processor": asdict(Times.of(least_of_rounds(processor[name]))),
            "passed_least": asdict(Times.of(least_of_rounds(passed[name]))),
            "passed": asdict(Times.of([one for times in passed[name] for one in times])),
        }
        for name in contenders
    }
    body = json.loads(_ask(handler, answered[0]))["body"]
    ours = found["handler"]["processor"]
    return found | {
        "events": len(answered),
        "waits_per_request": waited / len(answered),
        "distance_p50": ours["p50"] - found["constant"]["processor"]["p50"],
        "requests_per_second": 1000 / ours["mean"],
        "answer_bytes": len(body),
    }


def _waits() -> int:
    """How often this process gave the processor away, because it had to wait for something."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def _ask(one: Handler, event: str) -> str:
    return json.dumps(one(json.loads(event), _CONTEXT))


def _status(answer: str) -> int:
    return int(json.loads(answer)["statusCode"])


def main() -> None:
    count, rounds = map(int, sys.argv[1:])
    # Log lines and metrics go where nobody reads them; what the logger holds is the descriptor, not the name.
    figures = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    events = [json.dumps(event) for event in json.load(sys.stdin)][:count]
    json.dump(measure(events, rounds), figures)


if __name__ == "__main__":
    main()
