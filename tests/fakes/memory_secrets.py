"""A secret store that lives in memory."""

from collections.abc import Mapping

from daltonify_core.errors import SecretUnavailable


class MemorySecretStore:
    """``refuses_writes`` makes it fail as a store does that we may only read; ``is_down`` fails everything."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.secrets = {name: dict(values) for name, values in (secrets or {}).items()}
        self.refuses_writes = False
        self.is_down = False

    def read(self, name: str) -> Mapping[str, str]:
        if self.is_down:
            raise SecretUnavailable(f"The secret {name} cannot be reached.", may_pass=True)
        if name not in self.secrets:
            raise SecretUnavailable(f"There is no secret {name}.", is_absent=True)
        return dict(self.secrets[name])

    def write(self, name: str, values: Mapping[str, str]) -> None:
        if self.is_down or self.refuses_writes:
            raise SecretUnavailable(f"The secret {name} cannot be written.")
        self.secrets[name] = dict(values)
