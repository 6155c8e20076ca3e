"""Lambda entry of the scheduled build.

What is in the event does not matter: every call builds the index of the catalogue as it is. A failure is raised again,
so that Lambda counts it, tries again and alarms; the index that was current keeps serving.
"""

import time
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from shared.observability import logger, metrics
from shared.settings import BuilderSettings

from build_index.wiring import build
from daltonify_core.errors import DaltonifyError


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Build and activate; a short report."""
    started = time.monotonic()
    try:
        report = build(BuilderSettings.from_environment())
    except Exception as error:
        metrics.add_metric(name="BuildFailed", unit=MetricUnit.Count, value=1)
        code = error.code if isinstance(error, DaltonifyError) else "internal_error"
        logger.exception("index build failed", code=code)
        raise
    values = report.to_dict()
    _measure(values, time.monotonic() - started)
    logger.info("index built", report=values)
    return {name: values[name] for name in ("version", "tracks", "pruned", "warnings")}


def _measure(report: dict[str, Any], seconds: float) -> None:
    # A zero beside the failures: it tells a build that went well from one that never ran.
    metrics.add_metric(name="BuildFailed", unit=MetricUnit.Count, value=0)
    metrics.add_metric(name="BuildSeconds", unit=MetricUnit.Seconds, value=seconds)
    metrics.add_metric(name="IndexTracks", unit=MetricUnit.Count, value=report["tracks"])
    metrics.add_metric(name="IndexBytes", unit=MetricUnit.Bytes, value=report["bytes"])
    metrics.add_metric(name="RowsRead", unit=MetricUnit.Count, value=report["rows"]["read"])
    metrics.add_metric(name="RowsInvalid", unit=MetricUnit.Count, value=report["rows"]["invalid"])
