"""Keeps everything that a test run logs or prints, so that one test at its end can look for secrets in it.

Every secret that tests and simulators make up holds ``SECRET_MARK``. Lines are taken where logging formats them,
because a test that reads captured output would otherwise take them away; what is printed comes from the reports.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

SECRET_MARK: Final = "NEVERLOGME"

_lines: list[str] = []
_folders: list[Path] = []


def start() -> None:
    """Listen to every log handler of this process, the ones that are made later included."""
    format_record = logging.Handler.format

    def format_and_keep(self: logging.Handler, record: logging.LogRecord) -> str:
        line = format_record(self, record)
        _lines.append(line)
        return line

    logging.Handler.format = format_and_keep  # type: ignore[method-assign]


def keep(text: str) -> None:
    """Add what was printed."""
    _lines.append(text)


def watch_folder(folder: Path) -> None:
    """Also look through the files that a process of ours logs to in this folder; call it before the folder goes."""
    _folders.append(folder)


def everything() -> list[str]:
    """All text so far, files of watched folders included."""
    files = [path for folder in _folders for path in folder.rglob("*.log")]
    return [*_lines, *(path.read_text(encoding="utf-8", errors="replace") for path in files)]


def lines_with_secrets(texts: Iterable[str]) -> list[str]:
    """Lines that hold a secret; shortened, since they end in a report."""
    return [line[:300] for text in texts for line in text.splitlines() if SECRET_MARK in line]
