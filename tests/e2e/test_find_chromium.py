"""The script that finds a browser for the other tests here."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "infra/local/find_chromium.sh"
RELEASE = Path("/etc/os-release")
IS_DEBIAN = Path("/etc/debian_version").exists() and "\nID=ubuntu" not in RELEASE.read_text(encoding="utf-8")
BASH = shutil.which("bash") or "bash"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that is all of PATH, with what the script itself needs and nothing that installs."""
    for tool in ("id", "grep"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    return tmp_path


def put_browser(path: Path, name: str, exit_code: int = 0) -> Path:
    browser = path / name
    browser.write_text(f"#!{BASH}\nexit {exit_code}\n")
    browser.chmod(0o755)
    return browser


def find(path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [BASH, SCRIPT], env={"PATH": str(path), **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_browser_on_the_path_is_found_and_one_that_does_not_run_is_passed_over(path: Path):
    put_browser(path, "chromium-browser", exit_code=1)
    chrome = put_browser(path, "google-chrome")
    assert find(path).stdout == f"{chrome}\n"


def test_browser_without_windows_is_preferred(path: Path):
    put_browser(path, "chromium")
    shell = put_browser(path, "chromium-headless-shell")
    assert find(path).stdout == f"{shell}\n"


def test_browser_that_was_named_is_preferred(path: Path):
    put_browser(path, "chromium")
    mine = put_browser(path, "my-browser")
    assert find(path, CHROMIUM=str(mine)).stdout == f"{mine}\n"


def test_named_browser_that_does_not_run_is_never_replaced(path: Path):
    put_browser(path, "chromium")
    answer = find(path, CHROMIUM="/nowhere/chromium")
    assert answer.returncode == 1
    assert "CHROMIUM=/nowhere/chromium does not run" in answer.stderr


@pytest.mark.skipif(not IS_DEBIAN, reason="elsewhere it installs nothing")
def test_headless_shell_that_cannot_be_installed_is_done_without(path: Path):
    chromium = put_browser(path, "chromium")
    put_browser(path, "apt-get", exit_code=100)
    (path / "id").unlink()
    (path / "id").write_text(f"#!{BASH}\necho 0\n")
    (path / "id").chmod(0o755)
    answer = find(path)
    assert answer.stdout == f"{chromium}\n"
    assert "that failed" in answer.stderr


def test_without_any_browser_it_says_what_to_install(path: Path):
    answer = find(path)
    assert answer.returncode == 1
    assert "apt install chromium" in answer.stderr
