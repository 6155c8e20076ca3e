"""Lambda entry of the API."""

import gc

# What is imported and opened until the first answer stays for good. Searching it for garbage again and again is a tenth
# of a cold start, and would be most of the longest warm requests.
gc.disable()

from typing import Any  # noqa: E402

from aws_lambda_powertools.utilities.typing import LambdaContext  # noqa: E402
from shared.observability import logger  # noqa: E402
from shared.settings import ApiSettings  # noqa: E402

from api.app import Api  # noqa: E402
from api.wiring import compose  # noqa: E402

_api = Api(compose(ApiSettings.from_environment()))


# Said outright, because a variable of Powertools' could turn it on: events hold access codes and what people type.
@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request, given as an API Gateway event (payload 2.0)."""
    try:
        return _api(event, context)
    finally:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
