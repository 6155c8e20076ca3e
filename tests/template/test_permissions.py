"""That reading the adapters' source, on which the checks of permissions rest, misses nothing."""

import ast
from pathlib import Path

import pytest

from infra.local.sam_template import read_template
from tests.template.asked_of_aws import (
    ADAPTERS,
    DONE_BY_OTHERS,
    ROOT,
    TRANSACTION,
    WORKS_ON,
    asks_for,
    calls_in,
    module,
    permission,
    wired_with,
)

PACKAGES = {
    name: one["Properties"]["Handler"].partition(".")[0]
    for name, one in read_template().values["Resources"].items()
    if one["Type"] == "AWS::Serverless::Function"
}


@pytest.mark.parametrize(("function", "adapter"), DONE_BY_OTHERS)
def test_what_is_done_by_others_is_still_asked_by_the_adapter(function, adapter):
    (name,) = [name for name, one in wired_with(PACKAGES[function]) if one == adapter]
    assert DONE_BY_OTHERS[function, adapter].keys() <= asks_for(name, adapter)


def test_every_call_of_a_client_in_any_adapter_is_seen():
    folder = ROOT / Path(*ADAPTERS.split("."))
    unseen = set()
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        source = module(name)
        assert source.service is not None or "botocore" not in text, "it names no client's type"
        if source.service is not None:
            seen = {action for one in source.classes for action in asks_for(name, one)}
            unseen |= {permission(source.service, call) for call in {*calls_in(ast.parse(text))} - {TRANSACTION}} - seen
    assert not unseen
    everything = {adapter for package in PACKAGES.values() for _, adapter in wired_with(package)}
    assert everything == WORKS_ON.keys()


def test_the_look_up_cache_asks_for_what_it_does_in_batches():
    assert asks_for(f"{ADAPTERS}.dynamodb.look_ups", "DynamoLookUpCache") == {
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
    }
