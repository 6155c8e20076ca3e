"""The ``daltonify`` command line: the use cases at a terminal.

Loading it takes a moment in which somebody may already change their mind, so this comes before all the rest.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Final

INTERRUPTED: Final = "Stopped by you."
EXIT_INTERRUPTED: Final = 130


def _leave(*_: object) -> None:
    if "--json" in sys.argv:
        told = json.dumps({"code": "interrupted", "detail": INTERRUPTED})
        os.write(1, f"{told}\n".encode())
    else:
        os.write(2, f"{INTERRUPTED}\n".encode())
    os._exit(EXIT_INTERRUPTED)


# Only as a program of its own ("-m" while Python looks for the module), never in one that imports a part of this.
if sys.argv[:1] == ["-m"] or Path((sys.argv or [""])[0]).name == "daltonify":
    signal.signal(signal.SIGINT, _leave)
