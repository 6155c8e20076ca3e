"""What the README tells senders of releases: its bodies name releases, and its signatures open hooks."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from api.gate import parse_webhook
from api.paths import HOOK_PATH, RELEASE_PATH
from typer.main import get_command

from daltonify_core.adapters.standard_webhooks import StandardWebhooks
from daltonify_core.releases.reference import announced_release
from daltonify_core.releases.release import ReferenceKind
from daltonify_core.use_cases.keep_hooks import ROTATION
from infra.cli.main import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## A release comes out\n")[2].partition("\n## ")[0]
SECRET = "whsec_NEVERLOGMEsecretOfTheTests00"
# Says what it was given in place of sending it, one argument after the other.
CURL = '#!/bin/sh\nprintf "%s\\0" "$@" > "$SENT"\n'


def blocks(language: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", SECTION, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def sent_by(script: str, folder: Path) -> tuple[dict[str, str], bytes]:
    """Headers and body that a script hands to curl."""
    (folder / "curl").write_text(CURL)
    (folder / "curl").chmod(0o755)
    variables = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SENT": str(folder / "sent"),
        "HOOK": "https://daltonify.example.org/hook",
        "SECRET": SECRET,
        "TOKEN": "dlt_NEVERLOGME",
    }
    subprocess.run(["sh", "-eu", "-c", script], env=variables, check=True, timeout=60)
    words = (folder / "sent").read_text().split("\0")[:-1]
    assert variables["HOOK"] in words
    headers = [words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"]
    return {name.lower(): value for name, value in headers}, words[words.index("-d") + 1].encode()


def scripts() -> list[str]:
    return [block for block in blocks() if "curl -s" in block]


def test_there_is_a_script_for_each_kind_of_hook():
    assert len(scripts()) == 2


def test_the_script_with_a_token_names_a_release(tmp_path):
    headers, body = sent_by(scripts()[0], tmp_path)
    assert headers == {"authorization": "Bearer dlt_NEVERLOGME", "content-type": "application/json"}
    announced = announced_release(parse_webhook(body))
    assert (announced.reference.kind, announced.release_date) == (ReferenceKind.ISRC, "2026-03-06")


def test_the_script_that_signs_is_believed(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    headers, body = sent_by(scripts()[1], tmp_path)
    assert announced_release(parse_webhook(body)).reference.kind is ReferenceKind.TRACK
    assert StandardWebhooks().is_signed(body, headers, [SECRET])
    assert not StandardWebhooks().is_signed(body + b" ", headers, [SECRET])


def test_every_other_body_names_a_release():
    first, second = blocks("json")
    no_code = announced_release(
        parse_webhook(first.replace("{{spotify link}}", f"https://open.spotify.com/track/{'0' * 22}").encode())
    )
    assert no_code.reference.kind is ReferenceKind.TRACK
    distributor = announced_release(parse_webhook(second.encode()))
    assert (distributor.reference.kind, distributor.artist_id) == (ReferenceKind.ISRC, None)


def test_the_node_step_signs_what_it_sends(tmp_path):
    """Its library is stood in for by one that tells what it was asked to sign."""
    if shutil.which("node") is None:
        pytest.skip("node is not here")
    (script,) = blocks("js")
    library = (
        "class Webhook { constructor(secret) { this.secret = secret }\n"
        "sign(id, at, body) { return JSON.stringify([this.secret, id, +at, body]) } }"
    )
    body = script.replace('import { Webhook } from "standardwebhooks";', library).replace(
        "export default ", "const step = "
    )
    run = (
        'const event = {title: "My single", upc: "012345678905"};\n'
        "const defineComponent = (one) => one;\n"
        "globalThis.fetch = async (...sent) => { console.log(JSON.stringify(sent)); return {json: () => 1} };\n"
        f'{body}\nstep.run({{steps: {{trigger: {{event, context: {{id: "run-17"}}}}}}}});'
    )
    variables = os.environ | {"DALTONIFY_SECRET": SECRET, "DALTONIFY_HOOK": "https://daltonify.example.org/hook"}
    said = subprocess.run(["node", "-e", run], env=variables, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stderr
    url, sent = json.loads(said.stdout)
    signed_with, message_id, milliseconds, text = json.loads(sent["headers"]["webhook-signature"])
    assert (url, sent["method"], signed_with) == (variables["DALTONIFY_HOOK"], "POST", SECRET)
    assert (sent["headers"]["webhook-id"], sent["body"]) == (message_id, text)
    assert sent["headers"]["webhook-timestamp"] == str(milliseconds // 1000)
    assert announced_release(parse_webhook(text.encode())).reference.kind is ReferenceKind.UPC


def test_every_field_that_the_table_names_is_understood():
    rows = re.findall(r"^\| (`.*?) \| ", SECTION, flags=re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(names) == 10
    values = {"isrc": "QZES72400001", "upc": "012345678905", "ean": "012345678905", "title": "One", "name": "One"}
    for name in names:
        assert announced_release({name: values.get(name, "0" * 22)}).reference.value


def test_the_commands_are_ones_that_exist():
    lines = [line for block in blocks() for line in block.splitlines() if line.startswith("daltonify ")]
    assert len(lines) >= 10
    for line in lines:
        command, words = get_command(app), line.split("#")[0].split()[1:]
        while hasattr(command, "commands"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        offered = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        assert {word for word in words if word.startswith("--")} <= offered, line


def test_the_addresses_and_times_are_those_of_the_code():
    assert HOOK_PATH in README
    assert RELEASE_PATH.replace("release_id", "id") in README
    assert ROTATION.days == 2
    assert "two more days" in SECTION
