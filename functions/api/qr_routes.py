"""The route that draws QR codes."""

import base64
import io
import math
from typing import Annotated, Any, Final, Literal

import segno
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from api.paths import QR_PATH, Describe
from api.wiring import Services
from daltonify_core.catalogue.links import MAX_TEXT_CHARACTERS, parse_playlist_link
from daltonify_core.errors import InvalidLink

_BORDER: Final = 4
"""In modules; scanners rely on it."""
_PIXELS: Final = 1_000
"""Sharp at 8 cm when it is printed with 300 dots per inch."""

# No `type` statements: Powertools looks for the parameter's kind in the annotation itself.
_Playlist = Annotated[str, Query(max_length=MAX_TEXT_CHARACTERS, description="The id of a playlist, or a link to it")]
_Format = Annotated[Literal["svg", "png"], Query(description="PNG is at least 1,000 pixels wide, for print")]


def register_qr(app: APIGatewayHttpResolver, services: Services, describe: Describe) -> None:
    """Give ``app`` the route that draws the code of a playlist."""
    settings = services.settings

    @app.get(QR_PATH, **describe("qr"))
    def qr(playlist: _Playlist, format: _Format = "svg") -> Response[Any]:
        try:
            playlist_id = parse_playlist_link(playlist.removeprefix(settings.open_playlists_at))
        except InvalidLink as error:
            error.field = "playlist"
            raise
        code, image = segno.make(settings.open_playlists_at + playlist_id, micro=False), io.BytesIO()
        cached = {"Cache-Control": "public, max-age=86400"}
        if format == "png":
            width, _ = code.symbol_size(border=_BORDER)
            code.save(image, kind="png", border=_BORDER, scale=math.ceil(_PIXELS / width))
            # Encoded here: Powertools takes bytes for text before it encodes them.
            response: Response[Any] = Response(200, "image/png", base64.b64encode(image.getvalue()).decode(), cached)
            response.base64_encoded = True
            return response
        code.save(image, kind="svg", border=_BORDER, xmldecl=False, omitsize=True, light="#fff")
        return Response(200, "image/svg+xml", image.getvalue().decode(), cached)
