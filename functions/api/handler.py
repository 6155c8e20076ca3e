"""Lambda entry of the API."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import logger
from shared.settings import ApiSettings

from api.app import Api
from api.wiring import compose

_api = Api(compose(ApiSettings.from_environment()))


# Said outright, because a variable of Powertools' could turn it on: events hold access codes and what people type.
@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one HTTP request, given as an API Gateway event (payload 2.0)."""
    return _api(event, context)
