"""The route for recommendations."""

from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.metrics import MetricUnit
from shared.observability import metrics

from api.albums import WithAlbum, before_looking, with_album
from api.answers import compressed_answer
from api.current_index import recommender_of
from api.look_ups import LookUps
from api.models import RecommendationBody
from api.paths import RECOMMENDATIONS_PATH, Describe
from api.short_links import ShortLinks, before_following
from api.wiring import Services
from daltonify_core.errors import SeedDataNeeded
from daltonify_core.playlist.request import RecommendationRequest


def register_recommendations(
    app: APIGatewayHttpResolver,
    services: Services,
    describe: Describe,
    client: Callable[[], str],
    deadline: Callable[[], datetime],
) -> None:
    """Give ``app`` the route for recommendations.

    ``client`` says whom the current request is counted against, ``deadline`` when it has to be answered.
    """
    short_links = ShortLinks(services.link_expander, services.publications, services.clock)
    look_ups = LookUps(services)

    @app.post(RECOMMENDATIONS_PATH, **describe("recommend"))
    def recommend(body: Annotated[RecommendationBody, Body()]) -> Response[Any]:
        # What was sent is what the model holds: it converts nothing.
        values = dict(app.current_event.json_body)
        seeds = values["seeds"]
        # What can be refused is refused before it costs anybody a call.
        values["seeds"] = before_looking(before_following(seeds))
        request = RecommendationRequest.from_dict(values)
        recommender = recommender_of(services)
        recommender.check(request)
        album = WithAlbum(seeds)
        if values["seeds"] != seeds:
            full = short_links.expanded(seeds, client)
            if full != seeds:
                before_looking(full)
            album = with_album(full, lambda album_id: look_ups.album(album_id, client, deadline()))
            values["seeds"] = album.seeds
            request = RecommendationRequest.from_dict(values)
        findings = look_ups.findings(request.seeds, recommender.index, client, deadline)
        started = perf_counter()
        try:
            recommended = recommender.recommend(request, findings)
        except SeedDataNeeded as error:
            smaller = album.without_unknown(error)
            if smaller is None:
                raise
            album = smaller
            request = RecommendationRequest.from_dict({**values, "seeds": album.seeds})
            recommended = recommender.recommend(request, findings)
        metrics.add_metric("RecommendationMilliseconds", MetricUnit.Milliseconds, 1000 * (perf_counter() - started))
        answer = recommended.to_dict(reason_parts=request.reason_parts)
        answer["notes"] = [*album.notes, *answer["notes"]]
        return compressed_answer(answer, app.current_event.raw_event)
