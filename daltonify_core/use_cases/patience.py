"""Waiting out what passes: pauses that a service asks for, and faults that do not last."""

from collections.abc import Callable
from typing import Final

from daltonify_core.errors import UpstreamError, UpstreamRateLimited, UpstreamUnavailable
from daltonify_core.use_cases.collect_tracks import Run

WAITS_SECONDS: Final = (1, 5, 15, 30, 60)
"""Before each further try; a fault that outlasts them is no passing one."""

type Wait = Callable[[int, UpstreamError], bool]
"""Waits so many seconds because of that trouble, or tells at once by ``False`` that it will not."""


def ask_patiently(run: Run, wait: Wait) -> None:
    """Let the run look up its next batch; raises what ``ask`` does when it cannot be waited out."""
    for least in WAITS_SECONDS:
        try:
            return run.ask()
        except UpstreamRateLimited as error:
            # The wait grows even where less is asked for: whoever keeps coming too early may be blocked.
            if not wait(max(error.retry_after_seconds, least), error):
                raise
        except UpstreamUnavailable as error:
            if not wait(least, error):
                raise
    run.ask()
