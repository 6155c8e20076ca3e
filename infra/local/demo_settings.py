"""What a person may choose for the demo, read from the environment and checked before any work is done."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

PORT: Final = 8000
PUBLISH_ACCESSES: Final = ("off", "code", "open")
RECCOBEATS_KINDS: Final = ("simulated", "real")
LOGIN_FIELDS: Final = ("client_id", "client_secret", "refresh_token")
"""What publishing under a real account takes; a variable is named ``SPOTIFY_`` and the field in capitals."""

_LOGIN_FILE: Final = "SPOTIFY_LOGIN_FILE"


class DemoRefused(Exception):
    """The demo cannot start as asked; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """``catalogue`` ``None``: invented tracks. ``spotify`` ``None``: a simulator; otherwise a real account's secret.

    ``market`` is the country whose playable tracks count, ``None`` for the template's. ``has_real_reccobeats`` sends
    look-ups and audio files to ReccoBeats; otherwise a simulator answers, with a real Spotify account too, so that no
    sound leaves the machine unasked.
    """

    port: int = PORT
    catalogue: Path | None = None
    publish_access: str = "open"
    spotify: Mapping[str, str] | None = None
    market: str | None = None
    has_real_reccobeats: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read ``PORT``, ``CATALOGUE``, ``PUBLISH_ACCESS``, ``RECCOBEATS`` and ``SPOTIFY_…``.

        An empty one counts as absent.

        Raises ``DemoRefused``.
        """
        spotify = _spotify(environment)
        catalogue = environment.get("CATALOGUE")
        if spotify is not None and not catalogue:
            raise DemoRefused(
                "With a real Spotify account the demo needs real tracks: the invented ones do not exist there, so no "
                "playlist of them can be made. Name your data, as in make demo CATALOGUE=tracks.csv, or unset the "
                "SPOTIFY_ variables to use the simulated Spotify."
            )
        if catalogue and not Path(catalogue).exists():
            raise DemoRefused(f"There is no file or folder {catalogue}. CATALOGUE must name your data.")
        if catalogue and not (Path(catalogue).is_file() or Path(catalogue).is_dir()):
            # A pipe could be read only once, and a device may never end.
            raise DemoRefused(f"{catalogue} is neither a file nor a folder. CATALOGUE must name your data.")
        # Whoever reaches the port could publish under a real account, another program on this machine included.
        access = environment.get("PUBLISH_ACCESS") or ("open" if spotify is None else "code")
        if access not in PUBLISH_ACCESSES:
            raise DemoRefused(f"PUBLISH_ACCESS is {access!r}; it must be one of {', '.join(PUBLISH_ACCESSES)}.")
        market = environment.get("SPOTIFY_MARKET") or None
        if market is not None and not re.fullmatch("[A-Z]{2}", market):
            raise DemoRefused(f"SPOTIFY_MARKET is {market!r}; it must be a country code of two capitals, such as DE.")
        reccobeats = environment.get("RECCOBEATS") or RECCOBEATS_KINDS[0]
        if reccobeats not in RECCOBEATS_KINDS:
            raise DemoRefused(f"RECCOBEATS is {reccobeats!r}; it must be one of {', '.join(RECCOBEATS_KINDS)}.")
        is_real = reccobeats == RECCOBEATS_KINDS[1]
        return cls(_port(environment), Path(catalogue) if catalogue else None, access, spotify, market, is_real)


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get("PORT") or str(PORT)
    # 0 stands for any free port, which is of use to tests only.
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise DemoRefused(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    return int(text)


def _spotify(environment: Mapping[str, str]) -> dict[str, str] | None:
    given = {field: environment.get(_variable(field), "") for field in LOGIN_FIELDS}
    file = environment.get(_LOGIN_FILE)
    if file and any(given.values()):
        raise DemoRefused(f"Give either {_LOGIN_FILE} or {_named(LOGIN_FIELDS)}, not both.")
    if file:
        return _read_login(Path(file))
    missing = [field for field, value in given.items() if not value]
    if missing and len(missing) < len(given):
        raise DemoRefused(
            f"{_named(missing)} {'is' if len(missing) == 1 else 'are'} not set. A real Spotify account needs "
            f"{_named(LOGIN_FIELDS)}; unset them all to use the simulated Spotify."
        )
    return None if missing else given


def _read_login(path: Path) -> dict[str, str]:
    remedy = f"{_LOGIN_FILE} must name a file that `daltonify login --file` has written."
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DemoRefused(f"{path} cannot be read: {error.strerror}. {remedy}") from error
    except ValueError:
        # Not chained: the cause carries the text that could not be read.
        raise DemoRefused(f"{path} is not JSON. {remedy}") from None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise DemoRefused(f"{path} is not one JSON object of texts. {remedy}")
    missing = [field for field in LOGIN_FIELDS if not values.get(field)]
    if missing:
        raise DemoRefused(f"{path} lacks {' and '.join(missing)}. {remedy}")
    return values


def _variable(field: str) -> str:
    return f"SPOTIFY_{field.upper()}"


def _named(fields: tuple[str, ...] | list[str]) -> str:
    names = [_variable(field) for field in fields]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
