"""The one logger and the one set of metrics that every function uses.

No tracer: importing it adds half a second to a cold start.
"""

from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics

SERVICE: Final = "daltonify"
NAMESPACE: Final = "Daltonify"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
