"""The whole service on this machine, in one process: ``make demo``.

    python -m infra.local.demo [--check]

Local AWS, the real builder, the real API behind API Gateway events, the page, and a simulated Spotify. What can be
chosen (``PORT``, ``CATALOGUE``, ``PUBLISH_ACCESS``, ``SPOTIFY_…``) is read by ``demo_settings``. ``--check`` tries the
service out, prints a summary as JSON and ends. Exit codes: 0 done, or stopped while it served; 1 a fault of ours; 2
something must be mended; 128 and the signal's number when it was interrupted before it served.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.local.stopping import EXIT_FAULT, Stopped, stop_on_signals

_CACHE: Final = Path(__file__).parents[2] / ".cache" / "demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until somebody stops it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description="Serve everything on this machine.")
    parser.add_argument("--check", action="store_true", help="try it out, print a summary as JSON and end")
    parser.add_argument("--cache", type=Path, default=_CACHE, help="folder for prepared catalogues and logs")
    options = parser.parse_args(arguments)
    stop_on_signals()
    try:
        # Takes half a second, in which somebody may change their mind.
        from infra.local.demo_session import run

        return run(options.cache, is_check=options.check)
    except Stopped as stopped:
        print("Stopped. Nothing is left running.", file=sys.stderr)
        return stopped.exit_code


if __name__ == "__main__":
    try:
        exit_code = main()
    except Exception:  # noqa: BLE001 - it is shown, and the exit below would swallow it
        traceback.print_exc()
        exit_code = EXIT_FAULT
    sys.stdout.flush()
    sys.stderr.flush()
    # A handler that was interrupted may be anywhere, in C++ too; nobody waits for it.
    os._exit(exit_code)
