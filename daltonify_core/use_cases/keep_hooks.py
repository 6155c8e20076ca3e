"""Make, rotate and revoke hooks, and tell who may speak through one.

A hook's secret is shown once. A signing secret is needed again to check signatures, so it is derived anew each time
from the installation's key; of a bearer token the hash is enough.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from daltonify_core.errors import InvalidQuery, SecretUnavailable
from daltonify_core.ports.releases import ArtistStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.hook import Hook, HookKind

ROTATION: Final = timedelta(days=2)
"""How long the secret before the newest one is good: a weekend to change it where it is used."""
MOST_HOOKS: Final = 20
"""Of one artist; every sender gets its own, and nobody has more."""
SIGNING_PREFIX: Final = "whsec_"
BEARER_PREFIX: Final = "dlt_"
_MIN_KEY_CHARACTERS: Final = 32
_MOST_TRIES: Final = 5  # of revoking; more people than that do not rotate one hook at once
_CHANGED_MEANWHILE: Final = "Somebody else changed this hook just now, so nothing was done. Look at it, and try again."


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A hook with the secret that its sender needs, which nobody can show again."""

    hook: Hook
    secret: str = field(repr=False)


class KeepHooks:
    """``release_key`` is the installation's key for signing secrets, ``new_id`` and ``new_token`` make random texts:
    128 bits in hexadecimal digits, and 256 bits as letters, digits, ``-`` and ``_``.
    """

    def __init__(
        self,
        artists: ArtistStore,
        release_key: bytes,
        new_id: Callable[[], str],
        new_token: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._artists = artists
        self._key = release_key
        self._new_id = new_id
        self._new_token = new_token
        self._clock = clock

    def add(self, artist_id: str, kind: HookKind, label: str = "") -> NewSecret:
        """A new hook of an artist; raises ``InvalidQuery`` for an artist who is not registered or has too many."""
        if self._artists.find(artist_id) is None:
            raise InvalidQuery("There is no such artist. Add them with `daltonify artists add`.", "artist")
        if sum(hook.revoked_at is None for hook in self._artists.hooks(artist_id)) >= MOST_HOOKS:
            raise InvalidQuery(f"An artist can have {MOST_HOOKS} hooks. Revoke one that is not used.", "artist")
        made = self._with_secret(Hook(self._new_id(), artist_id, kind, self._clock(), label=label))
        if not self._artists.add_hook(made.hook):
            raise InvalidQuery("The artist was removed just now, so there is no hook.", "artist")
        return made

    def rotate(self, hook_id: str) -> NewSecret:
        """Another secret for a hook; the one that it has stays good for two days, older ones end at once.

        Raises ``InvalidQuery`` for a hook that is revoked, or that somebody else rotates or revokes at this moment.
        """
        seen = self._usable(hook_id)
        until = self._clock() + ROTATION
        made = self._with_secret(replace(seen, generation=seen.generation + 1, previous_until=until))
        if not self._artists.replace_hook(made.hook, seen):
            raise InvalidQuery(_CHANGED_MEANWHILE, "hook")
        return made

    def revoke(self, hook_id: str) -> Hook:
        """No secret opens the hook any more, not even one that is made at this moment.

        Raises ``InvalidQuery`` for a hook that is revoked already.
        """
        for _ in range(_MOST_TRIES):
            seen = self._usable(hook_id)
            hook = replace(seen, revoked_at=self._clock(), token_hashes=())
            if self._artists.replace_hook(hook, seen):
                return hook
        raise InvalidQuery(_CHANGED_MEANWHILE, "hook")

    def _usable(self, hook_id: str) -> Hook:
        hook = self._artists.hook(hook_id)
        if hook is None or hook.revoked_at is not None:
            raise InvalidQuery("There is no such hook, or it is revoked. `daltonify artists show` lists them.", "hook")
        return hook

    def _with_secret(self, hook: Hook) -> NewSecret:
        if hook.kind is HookKind.SIGNED:
            return NewSecret(hook, signing_secret(self._key, hook, hook.generation))
        token = f"{BEARER_PREFIX}{self._new_token()}"
        return NewSecret(replace(hook, token_hashes=(_hash(token), *hook.token_hashes[:1])), token)


def release_key_of(values: Mapping[str, str]) -> bytes:
    """The installation's key for signing secrets, out of what its publishing secret holds.

    That is ``release_key``; a secret without one has a key made from ``edit_token_key``, because CloudFormation
    generates one random text per secret. Raises ``SecretUnavailable`` when what there is is too short to be a key.
    """
    own, edit_token_key = values.get("release_key", ""), values.get("edit_token_key", "")
    if len(own or edit_token_key) < _MIN_KEY_CHARACTERS:
        raise SecretUnavailable(
            f"The publishing secret needs release_key or edit_token_key, random text of at least {_MIN_KEY_CHARACTERS} "
            "characters."
        )
    return own.encode() or hmac.new(edit_token_key.encode(), b"release key", hashlib.sha256).digest()


def signing_secret(release_key: bytes, hook: Hook, generation: int) -> str:
    """The secret of one generation, in the form of Standard Webhooks."""
    message = f"release hook\n{hook.hook_id}\n{generation}".encode()
    return SIGNING_PREFIX + base64.b64encode(hmac.new(release_key, message, hashlib.sha256).digest()).decode()


def is_bearer(hook: Hook, token: str, generations: int) -> bool:
    """Whether a token is one of the newest ``generations`` of a hook; the time it takes tells nothing."""
    given = _hash(token)
    matches = [hmac.compare_digest(given, one) for one in hook.token_hashes[:generations]]
    return any(matches)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
