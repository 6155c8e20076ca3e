"""The most memory that this process held, for as long as the system lets one forget what was before."""

import resource
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
_FORGET_PEAK: Final = Path("/proc/self/clear_refs")


def peak_bytes() -> float:
    """Resident memory at its peak since ``forget_peak``; elsewhere than on Linux since the start of the process."""
    if _STATUS.exists():
        [line] = [line for line in _STATUS.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM")]
        return 1024.0 * int(line.split()[1])
    # In bytes on macOS, the other system that has it.
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def forget_peak() -> None:
    """Let the peak be what is held now, where the system can."""
    if _FORGET_PEAK.exists():
        _FORGET_PEAK.write_text("5", encoding="utf-8")
