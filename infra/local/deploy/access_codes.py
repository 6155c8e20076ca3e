"""Access codes for publishing: who has one may make playlists under the service account."""

import secrets
from typing import Final

from daltonify_core.errors import SecretUnavailable
from daltonify_core.ports.surroundings import SecretStore
from infra.local.deploy.faults import DeploymentFault

_FIELD: Final = "access_codes"
# Without those that are mistaken for each other when somebody reads them out.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_GROUP_LETTERS: Final = 4
"""16 of 31 letters are 79 bits: nobody guesses them within the tries that the API allows."""


def add_access_code(store: SecretStore, secret: str) -> str:
    """A new code, which counts within five minutes. Raises ``DeploymentFault`` when the secret cannot be used."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS))
    try:
        values = store.read(secret)
        store.write(secret, {**values, _FIELD: " ".join([*values.get(_FIELD, "").split(), code])})
    except SecretUnavailable as error:
        raise DeploymentFault(error.message) from error
    return code
