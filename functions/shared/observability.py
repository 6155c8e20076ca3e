"""The one logger and the one set of metrics that every function uses.

No tracer: importing it adds half a second to a cold start.
"""

import json
import logging
import os
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics

SERVICE: Final = os.environ.get("POWERTOOLS_SERVICE_NAME") or "daltonify"
"""Which installation this is, the stack's name where there is one: stages in one account are told apart by it."""
NAMESPACE: Final = "Daltonify"

# A quarter of a log line's time would go into names of threads, processes and tasks, which no line holds, into taking
# each message for JSON first, and into an encoder for every line.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging.logAsyncioTasks = False  # type: ignore[attr-defined]
logger = Logger(
    service=SERVICE,
    json_deserializer=str,
    json_serializer=json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":")).encode,
)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
