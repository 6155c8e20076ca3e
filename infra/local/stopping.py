"""How a program ends when somebody asks it to: at once, quietly, and with everything put away.

Imports nothing heavy, so that it can be in force before anything else is imported.
"""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, NoReturn

EXIT_FAULT: Final = 1
"""A fault of ours."""
EXIT_MEND: Final = 2
"""Something must be mended first."""

_ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIGNAL_EXIT: Final = 128
_LOOK_SECONDS: Final = 1


class Stopped(BaseException):
    """Somebody wants the program to end; ``exit_code`` is what it should end with.

    No ``Exception``, so that nobody on the way takes it for a fault.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


def stop_on_signals() -> None:
    """From now on Ctrl-C and its like raise ``Stopped`` in the main thread; a second one ends the process at once."""
    for number in _ENDINGS:
        # Whoever starts it with nohup wants it to outlive the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def serve_until_stopped(announce: Callable[[], None]) -> NoReturn:
    """Announce that all is well and sleep until somebody ends the program: ``Stopped`` with exit code 0.

    Whoever reads the announcement may stop the program while it is still being made.
    """
    try:
        announce()
        while True:
            # Not `signal.pause`: a signal that comes just before it, or that another thread receives, is slept through.
            time.sleep(_LOOK_SECONDS)
    except Stopped as stopped:
        stopped.exit_code = 0
        raise


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    # Whoever asks twice does not want to wait for anything to be put away.
    for ending in _ENDINGS:
        signal.signal(ending, lambda again, _: os._exit(_SIGNAL_EXIT + again))
    raise Stopped(_SIGNAL_EXIT + number)
