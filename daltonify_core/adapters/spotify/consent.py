"""How a person consents to publishing under their account (authorization code flow), and how long that lasts."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

from daltonify_core.adapters.spotify.fields import mapping
from daltonify_core.adapters.spotify.scopes import CONSENT_SCOPES, refuse_narrow
from daltonify_core.adapters.spotify.web_api import DeadGrant, TokenRefused, WebApi
from daltonify_core.errors import ConsentNeeded, UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports.surroundings import Clock

CONSENT_MONTHS: Final = 6
"""So long after consent its refresh token dies, used or not (Spotify, since July 2026)."""


def consent_ends(consented_at: datetime) -> datetime:
    """When a consent ends that was given then: the same day of the month six months later, or the month's last."""
    years, month = divmod(consented_at.month - 1 + CONSENT_MONTHS, 12)
    year, month = consented_at.year + years, month + 1
    day = min(consented_at.day, calendar.monthrange(year, month)[1])
    return consented_at.replace(year=year, month=month, day=day)


@dataclass(frozen=True, slots=True)
class Consented:
    """What a consent came to: the account's name, when the consent ends, and what the secret has to hold."""

    account: str
    ends: datetime
    values: Mapping[str, str] = field(repr=False)


class SpotifyConsent:
    """Asks one person to let an app publish under their account (authorization code flow with a client secret)."""

    def __init__(
        self, client_id: str, client_secret: str, redirect_uri: str, api_url: str, accounts_url: str, clock: Clock
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._accounts_url = accounts_url
        self._clock = clock
        self._http = WebApi(api_url, accounts_url, clock)

    def address(self, state: str) -> str:
        """The page on which the person consents; Spotify sends ``state`` back with the answer."""
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(CONSENT_SCOPES),
            "state": state,
            # Otherwise whoever is signed in is sent back unasked, perhaps with the wrong account.
            "show_dialog": "true",
        }
        return f"{self._accounts_url.rstrip('/')}/authorize?{urlencode(query, quote_via=quote)}"

    def redeem(self, code: str) -> Consented:
        """Turn the code that came back into a lasting consent.

        Raises ``ConsentNeeded`` when the code, the client's secret or the granted scopes do not do, and what
        ``PlaylistService`` raises for trouble with Spotify.
        """
        now = self._clock()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
        try:
            grant = self._http.grant(self._client_id, self._client_secret, form)
        except DeadGrant as error:
            raise ConsentNeeded(
                "Spotify does not accept the code that it sent the browser back with; it may be too old. Run "
                "`daltonify login` again."
            ) from error
        if grant.scopes is not None:
            refuse_narrow(grant.scopes, CONSENT_SCOPES)
        if grant.refresh_token is None:
            raise UpstreamUnavailable("Spotify's answer to the consent was incomplete. Run `daltonify login` again.")
        try:
            me = self._http.ask(grant.access_token, "GET", "me")
        except TokenRefused as error:
            raise UpstreamRefused("Spotify does not accept the access token that it has just given.", 401) from error
        values = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "refresh_token": grant.refresh_token,
            "consented_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "scopes": " ".join(sorted(CONSENT_SCOPES if grant.scopes is None else grant.scopes)),
        }
        return Consented(_account_name(me), consent_ends(now), values)


def _account_name(me: object) -> str:
    names = [mapping(me).get(name) for name in ("display_name", "id", "account_id")]
    return next((name for name in names if isinstance(name, str) and name), "unknown")
