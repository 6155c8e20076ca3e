"""The whole service on this machine, in one process: ``make demo``.

    python -m infra.local.demo [--check]

Local AWS, the real builder, the real API behind API Gateway events, the page, and a simulated Spotify. What can be
chosen (``PORT``, ``CATALOGUE``, ``PUBLISH_ACCESS``, ``SPOTIFY_…``) is read by ``demo_settings``. ``--check`` tries the
service out, prints a summary as JSON and ends. Exit codes: 0 done, or stopped while it served; 1 a fault of ours; 2
something must be mended; 128 and the signal's number when it was interrupted before it served.
"""

# Somebody may change their mind at any moment, and imports take time: whatever can wait is imported below.
import os
import sys

from infra.local.stopping import EXIT_FAULT, Stopped, stop_on_signals


def main() -> int:
    """Run the demo until somebody stops it; the exit code."""
    try:
        stop_on_signals()
        return _run(sys.argv[1:])
    except Stopped as stopped:
        print("Stopped. Nothing is left running.", file=sys.stderr)
        return stopped.exit_code


def _run(arguments: list[str]) -> int:
    import argparse
    from pathlib import Path

    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description="Serve everything on this machine.")
    parser.add_argument("--check", action="store_true", help="try it out, print a summary as JSON and end")
    cache = Path(__file__).parents[2] / ".cache" / "demo"
    parser.add_argument("--cache", type=Path, default=cache, help="folder for prepared catalogues and logs")
    options = parser.parse_args(arguments)
    from infra.local.demo_session import run

    return run(options.cache, is_check=options.check)


if __name__ == "__main__":
    try:
        exit_code = main()
    except Exception:  # noqa: BLE001 - it is shown, and the exit below would swallow it
        import traceback

        traceback.print_exc()
        exit_code = EXIT_FAULT
    sys.stdout.flush()
    sys.stderr.flush()
    # A handler that was interrupted may be anywhere, in C++ too; nobody waits for it.
    os._exit(exit_code)
