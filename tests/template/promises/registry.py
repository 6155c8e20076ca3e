"""Where every check of a promise is listed."""

from collections.abc import Callable
from typing import Final

from tests.template.transformed import Transformed

Check = Callable[[Transformed], None]

PROMISES: Final[dict[str, Check]] = {}


def promise(check: Check) -> Check:
    """Register a check under its name, which is the promise."""
    assert check.__name__ not in PROMISES
    PROMISES[check.__name__] = check
    return check
