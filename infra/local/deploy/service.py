"""From an uploaded catalogue to a service that answers: the build, and the wait for health."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from infra.local.deploy.faults import DeploymentFault, aws_faults

HEALTH_PATH: Final = "/api/health"
_PAUSE_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 600.0
"""A new distribution is known everywhere within minutes, a new index within two."""
_ANSWER_SECONDS: Final = 40
"""More than the service ever takes, so that its own words are heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an address answered; ``status`` is 0 when nobody did, and ``text`` then says why."""

    status: int
    text: str


type Ask = Callable[[str], Heard]


def ask(address: str) -> Heard:
    """A GET request, as a browser sends it."""
    try:
        answer = requests.get(address, timeout=_ANSWER_SECONDS)
    except requests.RequestException as error:
        return Heard(0, type(error).__name__)
    return Heard(answer.status_code, answer.text)


def build_index(functions: Any, name: str) -> Mapping[str, Any] | None:
    """Invoke the builder and wait for its report; ``None`` when the connection was lost while it works.

    A build without news changes nothing, so it may be asked for any number of times. Raises ``DeploymentFault`` with
    what the builder says when it fails.
    """
    with aws_faults(f"The index cannot be built by {name}"):
        try:
            answer = functions.invoke(FunctionName=name, Payload=b"{}")
            content = answer["Payload"].read()
        except (ReadTimeoutError, ConnectionClosedError):
            return None
    report: dict[str, Any] = json.loads(content)
    if "FunctionError" in answer:
        raise DeploymentFault(
            f"The index was not built: {report.get('errorMessage', 'no reason given')} The log group of {name} has the "
            "rest. An index that was there before still serves."
        )
    return report


def wait_for_health(
    page_url: str, ask: Ask, sleep: Callable[[float], object], patience_seconds: float = _PATIENCE_SECONDS
) -> None:
    """Return as soon as the page is served and the API behind it answers from an index.

    Raises ``DeploymentFault`` with the last answer when that does not come about.
    """
    last = ""
    for _ in range(max(1, round(patience_seconds / _PAUSE_SECONDS))):
        health = ask(page_url.rstrip("/") + HEALTH_PATH)
        if health.status == 200:
            page = ask(page_url)
            if page.status == 200 and "<html" in page.text:
                return
            last = f"{page_url} answers {_shown(page)}"
        else:
            last = f"{page_url.rstrip('/')}{HEALTH_PATH} answers {_shown(health)}"
        sleep(_PAUSE_SECONDS)
    raise DeploymentFault(
        f"The service was deployed but does not answer as it should: {last}. Wait and repeat the command; the logs of "
        "the API function say more."
    )


def _shown(heard: Heard) -> str:
    text = " ".join(heard.text.split())[:200]
    return f"{heard.status}: {text}" if heard.status else f"nothing ({text})"
