"""The pages that people see: consent, a playlist, and the pictures on them. Every one says that it is a simulation."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from markupsafe import Markup
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from infra.local.http_answers import html_answer, json_answer, text_answer
from infra.local.spotify_simulator.catalogue import is_id
from infra.local.spotify_simulator.objects import TRACK_URI
from infra.local.spotify_simulator.state import (
    DEFAULT_USER,
    UNLISTED_USER,
    Refused,
    SimulatedPlaylist,
    SpotifyState,
)

ACCOUNTS: Final = {
    DEFAULT_USER: "A listener whom the app's owner has put on its list",
    UNLISTED_USER: "A visitor who is not on the list: consent works, and every call after it is refused",
}
"""The simulated accounts that can consent."""
_SCOPES_IN_WORDS: Final = {
    "playlist-modify-private": "Make and change your private playlists",
    "playlist-modify-public": "Make and change your public playlists",
    "playlist-read-private": "Read your private playlists",
    "user-read-private": "See the account's name",
    "ugc-image-upload": "Upload a cover picture for a playlist",
}

_PAGE: Final = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/_simulator/style.css">
</head>
<body>
<p class="notice">Simulation: this is not Spotify. It runs on this machine, and nothing here reaches a listener.</p>
<main>{content}</main>
</body>
</html>
""")

# Small enough for the frame of a player, so without the notice that the other pages begin with.
_FRAME: Final = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="/_simulator/style.css">
</head>
<body>{content}</body>
</html>
""")

_CONSENT: Final = Markup("""<h1>Allow access to the simulated account?</h1>
<p>The app <strong>{client_id}</strong> asks to:</p>
<ul class="scopes">{scopes}</ul>
<form method="post" action="/authorize">{fields}
<fieldset><legend>Which account are you?</legend>{accounts}</fieldset>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="cancel" class="quiet">Cancel</button>
</form>""")

_PLAYLIST: Final = Markup("""<header><img src="{cover}" alt="" width="160" height="160">
<div><p class="kind">{kind} playlist, simulated</p><h1>{name}</h1><p>{description}</p>
<p class="quiet-text">{owner}, {count}</p></div></header>
<ol>{rows}</ol>""")

_ROW: Final = Markup("""<li><span><strong>{title}</strong><br><span class="quiet-text">{artists}</span></span>
<span class="quiet-text">{note}</span></li>
""")

_EMBED: Final = Markup("""<div class="player"><img src="{picture}" alt="" width="80" height="80">
<p><strong>{name}</strong><br><span class="quiet-text">{detail}</span><br>
<span class="quiet-text">Simulated player: it plays nothing.</span></p></div>""")

_STYLE: Final = """:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #1d1b18; --soft: #5d584f;
  --line: #dedad2; --accent: #3a4fb8; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #171614; --card: #211f1c; --ink: #f2efe9; --soft: #b5aea2;
  --line: #3a3732; --accent: #aab8ff; --on-accent: #171614; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.notice { margin: 0; padding: .75rem 1rem; background: #ffe08a; color: #2b2100; text-align: center; font-weight: 600; }
main { width: min(44rem, 100% - 2rem); margin: 1rem auto; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: end; }
header img { border-radius: .5rem; }
header div { flex: 1 1 18rem; }
h1 { margin: 0 0 .5rem; line-height: 1.2; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; }
.kind, .quiet-text { color: var(--soft); font-size: .9rem; }
.kind { margin: 0; }
.player { display: flex; gap: 1rem; align-items: center; }
.player p { margin: 0; }
ol, .scopes { padding-left: 2rem; }
ol li { padding: .5rem 0; border-top: 1px solid var(--line); }
ol li > span:last-child { float: right; }
button { font: inherit; font-weight: 600; padding: .6rem 1.6rem; margin-right: .5rem; border-radius: 2rem;
  border: 2px solid var(--accent); background: var(--accent); color: var(--on-accent); cursor: pointer; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 1.25rem; }
label { display: block; padding: .4rem 0; }
small { display: block; padding-left: 1.6rem; color: var(--soft); }
button.quiet { background: transparent; color: var(--accent); }
"""

_ARTWORK: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
    '<rect width="64" height="64" fill="hsl({hue} 45% 40%)"/>'
    '<circle cx="32" cy="32" r="18" fill="hsl({other} 60% 70%)"/></svg>'
)


def _page(title: str, content: Markup) -> str:
    return str(_PAGE.format(title=title, content=content))


def consent_page(asked: Mapping[str, str], scopes: Sequence[str]) -> str:
    """The form that asks the user; it sends ``asked`` back together with the decision."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    choice = Markup('<label><input type="radio" name="user" value="{}"{}> {} <small>{}</small></label>')
    rows = [Markup("<li>{}</li>").format(_SCOPES_IN_WORDS.get(scope, scope)) for scope in scopes]
    content = _CONSENT.format(
        client_id=asked["client_id"],
        scopes=Markup("").join(rows or [Markup("<li>See the account's name</li>")]),
        fields=Markup("").join(field.format(name, value) for name, value in asked.items()),
        accounts=Markup("").join(
            choice.format(user, Markup(" checked") if user == DEFAULT_USER else "", user, words)
            for user, words in ACCOUNTS.items()
        ),
    )
    return _page("Allow access? (simulation)", content)


def _player(title: str, content: Markup, status: int = 200) -> Response:
    return html_answer(str(_FRAME.format(title=f"{title} (simulated player)", content=content)), status, framed=True)


class Pages:
    """The handlers of everything that is neither API nor accounts service: pages, pictures and oEmbed."""

    def __init__(self, state: SpotifyState, base_url: str) -> None:
        self._state = state
        self._base_url = base_url

    def rules(self) -> Iterator[Rule]:
        """Where each handler answers."""
        yield Rule("/playlist/<playlist_id>", methods=["GET"], endpoint=self._playlist)
        yield Rule("/embed/track/<track_id>", methods=["GET"], endpoint=self._track_player)
        yield Rule("/embed/playlist/<playlist_id>", methods=["GET"], endpoint=self._playlist_player)
        yield Rule("/oembed", methods=["GET"], endpoint=self._oembed)
        yield Rule("/_simulator/style.css", methods=["GET"], endpoint=self._style)
        yield Rule("/_simulator/artwork/<object_id>.svg", methods=["GET"], endpoint=self._artwork)
        yield Rule("/_simulator/cover/<playlist_id>.jpg", methods=["GET"], endpoint=self._cover)

    def _playlist(self, request: Request, playlist_id: str) -> Response:
        try:
            playlist = self._state.playlist(playlist_id)
        except Refused:
            content = Markup("<h1>No such playlist</h1><p>The simulator forgets everything when it stops.</p>")
            return html_answer(_page("No such playlist (simulation)", content), 404)
        cover = f"/_simulator/artwork/{playlist_id}.svg"
        if playlist.cover is not None:
            cover = f"/_simulator/cover/{playlist_id}.jpg"
        count = len(playlist.uris)
        content = _PLAYLIST.format(
            cover=cover,
            kind="Public" if playlist.public else "Private",
            name=playlist.name,
            description=playlist.description,
            owner=playlist.owner,
            count=f"{count} {'track' if count == 1 else 'tracks'}",
            rows=Markup("").join(self._rows(playlist)),
        )
        return html_answer(_page(f"{playlist.name} (simulation)", content))

    def _rows(self, playlist: SimulatedPlaylist) -> Iterator[Markup]:
        for uri in playlist.uris:
            track = self._state.catalogue.track(uri.removeprefix(TRACK_URI))
            if track is None:
                yield _ROW.format(title="No longer available", artists=uri, note="")
            else:
                note = "" if track.playable else "cannot be played"
                yield _ROW.format(title=track.title, artists=", ".join(track.artists), note=note)

    def _track_player(self, request: Request, track_id: str) -> Response:
        track = self._state.catalogue.track(track_id)
        if track is None:
            return _player("No such track", Markup("<p>The simulator knows no such track.</p>"), 404)
        content = _EMBED.format(picture=f"/_simulator/artwork/{track_id}.svg", name=track.title,
                                detail=", ".join(track.artists))  # fmt: skip
        return _player(track.title, content)

    def _playlist_player(self, request: Request, playlist_id: str) -> Response:
        try:
            playlist = self._state.playlist(playlist_id)
        except Refused:
            return _player("No such playlist", Markup("<p>The simulator knows no such playlist.</p>"), 404)
        content = _EMBED.format(picture=f"/_simulator/artwork/{playlist_id}.svg", name=playlist.name,
                                detail=f"{len(playlist.uris)} tracks")  # fmt: skip
        return _player(playlist.name, content)

    def _oembed(self, request: Request) -> Response:
        address = request.args.get("url", "").partition("?")[0]
        track_id = address.rpartition("/")[2].removeprefix(TRACK_URI)
        is_track = address.startswith(("https://open.spotify.com/", TRACK_URI)) and is_id(track_id)
        track = self._state.catalogue.track(track_id) if is_track else None
        if track is None:
            return text_answer("Not found", 404)
        source = f"https://open.spotify.com/embed/track/{track_id}?utm_source=oembed"
        frame = Markup('<iframe width="100%" height="152" title="Spotify Embed: {}" src="{}"></iframe>')
        return json_answer(
            {
                "html": str(frame.format(track.title, source)),
                "iframe_url": source,
                "width": 456,
                "height": 152,
                "version": "1.0",
                "provider_name": "Spotify",
                "provider_url": "https://spotify.com",
                "type": "rich",
                "title": track.title,
                "thumbnail_url": f"{self._base_url}/_simulator/artwork/{track_id}.svg",
                "thumbnail_width": 300,
                "thumbnail_height": 300,
            }
        )

    def _style(self, request: Request) -> Response:
        return Response(_STYLE, content_type="text/css; charset=utf-8")

    def _artwork(self, request: Request, object_id: str) -> Response:
        hue = int.from_bytes(hashlib.sha256(object_id.encode()).digest()[:2]) % 360
        return Response(_ARTWORK.format(hue=hue, other=(hue + 140) % 360), content_type="image/svg+xml")

    def _cover(self, request: Request, playlist_id: str) -> Response:
        try:
            cover = self._state.playlist(playlist_id).cover
        except Refused:
            cover = None
        return text_answer("Not found", 404) if cover is None else Response(cover, content_type="image/jpeg")
