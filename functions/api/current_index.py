"""The index that answers a request."""

from shared.observability import logger

from api.wiring import Services
from daltonify_core.use_cases.recommend import Recommender


def recommender_of(services: Services) -> Recommender:
    """The recommender of the current index, whose version the request's log line then names.

    Raises ``IndexUnavailable`` when there is nothing good to serve.
    """
    found = services.index().recommender()
    logger.append_keys(index_version=found.index.version)
    return found
