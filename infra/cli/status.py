"""``daltonify status``: how the service account fares, and what its operator has to do about it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

import typer

from daltonify_core.playlist.notes import counted
from daltonify_core.use_cases.service_health import ServiceHealth
from infra.cli import releases, screen, wiring


def add_to(app: typer.Typer, errors: Callable[[bool], AbstractContextManager[None]]) -> None:
    """Add the command; ``errors`` turns what it raises into a message (or a JSON document) and an exit code."""

    @app.command()
    def status(stack: releases.Stack = None, as_json: releases.Json = False) -> None:
        """Show how the service account fares: its consent, its quota, and how many playlists it holds."""
        with errors(as_json):
            health = wiring.installation(stack).service_health()
            if as_json:
                screen.print_json(_values(health))
                return
            for line in _lines(health):
                screen.print_plain(line)
            for warning in health.warnings:
                screen.print_plain(f"Warning: {warning}")


def _lines(health: ServiceHealth) -> Iterator[str]:
    if health.consented_at is None or health.consent_ends is None or health.whole_days_left is None:
        yield "Consent: nobody gave one"
    else:
        left = f"{counted(health.whole_days_left, 'day')} left" if health.whole_days_left > 0 else "ended"
        yield f"Consent: given {_day(health.consented_at)}, ends {_day(health.consent_ends)} ({left})"
    if health.circuit is None:
        yield "Spotify: takes requests"
    else:
        yield f"Spotify: refuses us until {health.circuit.open_until:%Y-%m-%d %H:%M} UTC"
    yield f"Playlists: {health.playlists:,} of {health.most_playlists:,}"


def _values(health: ServiceHealth) -> dict[str, object]:
    return {
        "consented_at": _iso(health.consented_at),
        "consent_ends": _iso(health.consent_ends),
        "days_left": health.whole_days_left,
        "refused_until": _iso(health.circuit.open_until if health.circuit else None),
        "playlists": health.playlists,
        "most_playlists": health.most_playlists,
        "warnings": list(health.warnings),
    }


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
