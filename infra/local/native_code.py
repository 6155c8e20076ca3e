"""What compiled files demand of the machine that loads them, read with binutils.

    python -m infra.local.native_code FILE...

ends with 1 when a file was compiled for a particular processor. That has to be asked before the files are stripped.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

LAMBDA_MACHINE: Final = "Advanced Micro Devices X86-64"
LAMBDA_GLIBC: Final = (2, 34)
"""Of Amazon Linux 2023, the system of Lambda's python3.12 and later."""
LAMBDA_LIBSTDCXX: Final = (3, 4, 29)
"""Of GCC 11, which that system brings. A newer compiler may ask for more, whatever the glibc."""

# What GCC and Clang write down when they were told nothing about the processor.
_FOR_ANY_PROCESSOR: Final = {"-m64", "-march=x86-64", "-mtune=generic"}

# Names for debuggers, and an id that depends on where the file was compiled.
_STRIPPED: Final = {".symtab", ".note.gnu.build-id"}


def compiler_faults(debug_information: str) -> list[str]:
    """Why the compiler was told of a processor, from ``readelf --debug-dump=info``; empty when it was not.

    ``-march=native`` stands there as the processor that it meant, so any instruction set beyond the oldest is a fault.
    """
    producers = re.findall(r"DW_AT_producer\s*:\s*(.+)", debug_information)
    if not producers:
        return ["nothing says how it was compiled: it must be compiled with -g and not be stripped yet"]
    flags = {flag for producer in producers for flag in producer.split() if re.match(r"-m[a-z0-9]", flag)}
    particular = sorted(flags - _FOR_ANY_PROCESSOR)
    return [f"compiled for a particular processor, with {' '.join(particular)}"] if particular else []


def wide_instructions(disassembly: str) -> int:
    """How many lines of ``objdump --disassemble`` use the registers of AVX-512, which not every processor has."""
    return sum(1 for line in disassembly.splitlines() if re.search(r"%(?:zmm\d|k[0-7]\b)", line))


def newest_glibc(dynamic_symbols: str) -> tuple[int, ...]:
    """The newest glibc that ``objdump --dynamic-syms`` asks for; empty when it asks for none."""
    return _newest("GLIBC", dynamic_symbols)


def newest_libstdcxx(dynamic_symbols: str) -> tuple[int, ...]:
    """The same of the standard library of C++."""
    return _newest("GLIBCXX", dynamic_symbols)


def machine(header: str) -> str:
    """The kind of processor that ``readelf --file-header`` names."""
    found = re.search(r"Machine:\s*(.+)", header)
    return found.group(1).strip() if found else "none"


def loading_faults(path: Path) -> list[str]:
    """Why Lambda could not load a shared library; empty when it can."""
    faults = []
    if (kind := machine(_run("readelf", "--file-header", path))) != LAMBDA_MACHINE:
        faults.append(f"is for {kind}, not for {LAMBDA_MACHINE}")
    symbols = _run("objdump", "--dynamic-syms", path)
    if (needed := newest_glibc(symbols)) > LAMBDA_GLIBC:
        faults.append(f"needs glibc {_dotted(needed)}, and Lambda has {_dotted(LAMBDA_GLIBC)}")
    if (needed := newest_libstdcxx(symbols)) > LAMBDA_LIBSTDCXX:
        faults.append(f"needs libstdc++ {_dotted(needed)}, and Lambda has {_dotted(LAMBDA_LIBSTDCXX)}")
    return faults


def portability_faults(path: Path) -> list[str]:
    """Why a shared library of ours could crash on an older processor, as far as a stripped file shows it."""
    count = wide_instructions(_run("objdump", "--disassemble", "--no-show-raw-insn", path))
    return [f"holds {count} instructions of AVX-512"] if count else []


def left_sections(headers: str) -> list[str]:
    """What `strip` would have removed, from ``readelf --section-headers --wide``."""
    names = re.findall(r"^ *\[ *\d+\] (\.\S+)", headers, re.MULTILINE)
    return sorted(name for name in names if name.startswith(".debug_") or name in _STRIPPED)


def stripping_faults(path: Path) -> list[str]:
    """Why a shared library of ours is larger than it has to be, and another one with every build."""
    left = left_sections(_run("readelf", "--section-headers", "--wide", path))
    return [f"is not stripped: it has {' '.join(left)}"] if left else []


def _run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout  # noqa: S603 - our own words


def _newest(library: str, dynamic_symbols: str) -> tuple[int, ...]:
    versions = re.findall(rf"\b{library}_(\d+(?:\.\d+)+)", dynamic_symbols)
    return max((tuple(int(part) for part in version.split(".")) for version in versions), default=())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def main(paths: Sequence[str]) -> int:
    """Say what is wrong with each file; 1 when anything is."""
    faults = [
        f"{path}: {fault}" for path in paths for fault in compiler_faults(_run("readelf", "--debug-dump=info", path))
    ]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
