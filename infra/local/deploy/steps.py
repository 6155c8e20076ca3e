"""What the person at the terminal sees of a deployment."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from rich.console import Console
from rich.text import Text

from daltonify_core.ports.surroundings import Progress


class Steps:
    """Numbered steps and what came of each, on one console.

    ``bars()`` is where work of known length reports to while it lasts; never beside programs that write themselves.
    """

    def __init__(self, console: Console, bars: Callable[[], AbstractContextManager[Progress]]) -> None:
        self._console = console
        self._number = 0
        self.bars = bars

    def begin(self, what: str) -> None:
        """The next step."""
        self._number += 1
        self._print(Text(f"{self._number}. {what}", style="bold"))

    def say(self, what: str) -> None:
        """Something that the step found or did."""
        self._print(Text(f"   {what}"))

    def warn(self, what: str) -> None:
        """Something to look at, though it stops nothing."""
        self._print(Text(f"   {what}", style="yellow"))

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """A sign of life for as long as something takes of which nobody knows how long it takes."""
        return self._console.status(Text(what))

    def _print(self, line: Text) -> None:
        # Commands and addresses are to be copied whole.
        self._console.print(line, soft_wrap=True)
