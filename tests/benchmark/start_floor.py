"""What a cold start is compared with: the imports that ours cannot do without, an S3 client, and no work."""

from typing import Any

import annoy
import botocore.session
import numpy as np
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

_app = APIGatewayHttpResolver(enable_validation=True)
_s3 = botocore.session.get_session().create_client("s3")
_used = (annoy, np)


@_app.post("/api/recommendations")
def _answer() -> dict[str, bool]:
    return {"ok": True}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return _app.resolve(event, context)
