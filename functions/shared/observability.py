"""The one logger and the one set of metrics that every function uses.

No tracer: importing it adds half a second to a cold start.
"""

import os
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics

SERVICE: Final = os.environ.get("POWERTOOLS_SERVICE_NAME") or "daltonify"
"""Which installation this is, the stack's name where there is one: stages in one account are told apart by it."""
NAMESPACE: Final = "Daltonify"

# Messages are words: whoever takes each for JSON first, as Powertools would, spends a tenth of a log line's time on it.
logger = Logger(service=SERVICE, json_deserializer=str)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
