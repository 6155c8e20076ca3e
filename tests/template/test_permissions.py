"""Every function may do what the adapters that it is wired with ask of AWS, and nothing that none of them asks."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import get_session

from infra.local.sam_template import read_template

ROOT = Path(__file__).parents[2]
ADAPTERS = "daltonify_core.adapters"

template = read_template()
FUNCTIONS = [name for name, one in template.values["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]

# Where each adapter works, as a part of what the roles name. It reads in all of its places, and writes in one at least.
WORKS_ON = {
    "S3IndexStore": ["${DataBucket.Arn}/index/*"],
    "S3Shards": ["${DataBucket.Arn}/catalogue/*"],
    "S3Collection": ["${DataBucket.Arn}/collect/*", "${DataBucket.Arn}/catalogue/collected/*"],
    "S3AudioClips": ["${AudioBucket.Arn}/audio/*"],
    "DynamoPublicationStore": ["Table.Arn"],
    "DynamoLookUpCache": ["Table.Arn"],
    "DynamoAudioJobStore": ["Table.Arn"],
    "SqsJobQueue": ["AudioQueue.Arn"],
    "SecretsManagerStore": ["PublishingSecret.Id", "OriginSecret.Id", "${SpotifySecretName}"],
}
# Where a function has an adapter for a part of that only.
WORKS_ONLY_ON = {("ScheduledJobs", "SecretsManagerStore"): ["${SpotifySecretName}"]}

# What an adapter could ask for, and never does in this function, with who does it instead.
DONE_BY_OTHERS = {
    ("Api", "S3IndexStore"): {"s3:PutObject": "BuildIndex", "s3:DeleteObject": "BuildIndex"},
    ("Api", "S3AudioClips"): {"s3:GetObject": "AudioWorker", "s3:ListBucket": "ScheduledJobs"},
    ("Api", "SqsJobQueue"): {"sqs:ChangeMessageVisibility": "AudioWorker"},
    ("Api", "SecretsManagerStore"): {"secretsmanager:CreateSecret": "daltonify login"},
    ("AudioWorker", "S3AudioClips"): {"s3:PutObject": "Api"},
    ("AudioWorker", "SqsJobQueue"): {"sqs:SendMessage": "Api"},
    ("ScheduledJobs", "SecretsManagerStore"): {
        "secretsmanager:PutSecretValue": "Api",
        "secretsmanager:CreateSecret": "daltonify login",
    },
    ("ScheduledJobs", "S3AudioClips"): {"s3:PutObject": "Api", "s3:GetObject": "AudioWorker"},
}

# Lambda itself takes messages, with the role of the function that it hands them to.
LAMBDAS_OWN = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}

# Where the name of a permission is not that of the operation. A transaction needs what the writes in it do.
OTHER_PERMISSIONS = {
    ("s3", "HeadObject"): "GetObject",
    ("s3", "DeleteObjects"): "DeleteObject",
    ("s3", "ListObjectsV2"): "ListBucket",
}
TRANSACTION = "transact_write_items"
WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


@dataclass
class Module:
    """An adapter's source: its classes and functions by name, those of adapters that it imports from included."""

    service: str | None = None
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, ast.AST] = field(default_factory=dict)


@cache
def module(name: str) -> Module:
    path = ROOT / Path(*name.split("."))
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    found = Module()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mypy_boto3_"):
            found.service = str(node.module).removeprefix("mypy_boto3_").partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{ADAPTERS}."):
            other = module(str(node.module))
            found.classes |= other.classes
            found.functions |= other.functions
            found.service = found.service or other.service
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            found.classes[node.name] = node
        elif isinstance(node, ast.FunctionDef):
            found.functions[node.name] = node
    return found


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def calls_in(node: ast.AST) -> Iterator[str]:
    """Methods of a client of AWS that are named here, and the pages of lists."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute):
            holder = one.value.attr if isinstance(one.value, ast.Attribute) else getattr(one.value, "id", "")
            if holder.lstrip("_") == "client" and one.attr != "get_paginator":
                yield one.attr
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "get_paginator":
            yield ast.literal_eval(one.args[0])


def permission(service: str, method: str) -> str:
    operations = get_session().get_service_model(service).operation_names
    (operation,) = [one for one in operations if xform_name(one) == method]
    return f"{service}:{OTHER_PERMISSIONS.get((service, operation), operation)}"


@cache
def asks_for(module_name: str, class_name: str) -> frozenset[str]:
    """Every permission that some method of an adapter needs; whatever it may come to call counts."""
    source = module(module_name)
    if source.service is None:
        return frozenset()
    parts: list[ast.AST] = []
    todo = [class_name]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        part = source.classes.get(name) or source.functions.get(name)
        if part is None or name in seen:
            continue
        seen.add(name)
        parts.append(part)
        todo.extend(names_in(part))
    methods = {method for part in parts for method in calls_in(part)}
    asked = {permission(source.service, method) for method in methods - {TRANSACTION}}
    if TRANSACTION in methods:
        keys = {
            key.value
            for part in parts
            for one in ast.walk(part)
            if isinstance(one, ast.Dict)
            for key in one.keys
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
        asked |= {f"{source.service}:{WRITES[key]}" for key in keys & WRITES.keys()}
    return frozenset(asked)


def wired_with(function: str) -> set[tuple[str, str]]:
    """Module and class of every adapter of AWS that a function imports."""
    package = template.resource(function)["Handler"].partition(".")[0]
    imported = [
        (str(node.module), alias.name)
        for path in (ROOT / "functions" / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{ADAPTERS}.")
        for alias in node.names
    ]
    return {(name, one) for name, one in imported if one in module(name).classes and asks_for(name, one)}


def granted(function: str) -> set[tuple[str, str]]:
    role = template.resource(function)["Role"]["Fn::GetAtt"].partition(".")[0]
    return {
        (action, str(one["Resource"]))
        for policy in template.resource(role)["Policies"]
        for one in policy["PolicyDocument"]["Statement"]
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
        if not action.startswith("logs:")
    }


def needed(function: str) -> set[tuple[str, str]]:
    """Permissions with the adapters that ask for them."""
    return {
        (action, adapter)
        for name, adapter in wired_with(function)
        for action in asks_for(name, adapter) - DONE_BY_OTHERS.get((function, adapter), {}).keys()
    }


def places_without(action: str, function: str, adapter: str, allowed: set[tuple[str, str]]) -> list[str]:
    """Where an adapter would be refused."""
    places = WORKS_ONLY_ON.get((function, adapter), WORKS_ON[adapter])
    if action == "s3:ListBucket":
        places = [place.removeprefix("${").partition("}")[0] for place in places]
    refused = [place for place in places if not any(action == one and place in resource for one, resource in allowed)]
    reads = action.partition(":")[2].startswith(("Get", "List", "BatchGet"))
    return refused if reads or len(refused) == len(places) else []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_its_adapters_ask_of_aws(function):
    allowed = granted(function)
    missing = {
        (action, adapter, place)
        for action, adapter in needed(function)
        for place in places_without(action, function, adapter, allowed)
    }
    assert not missing


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_nothing_that_none_of_its_adapters_asks(function):
    actions = {action for action, _ in granted(function)}
    assert actions - {action for action, _ in needed(function)} <= (LAMBDAS_OWN if function == "AudioWorker" else set())


@pytest.mark.parametrize(("function", "adapter"), DONE_BY_OTHERS)
def test_what_is_done_by_others_is_still_asked_by_the_adapter_and_not_granted(function, adapter):
    (name,) = [name for name, one in wired_with(function) if one == adapter]
    spared = DONE_BY_OTHERS[function, adapter].keys()
    assert spared <= asks_for(name, adapter)
    given = {action for action, resource in granted(function) for place in WORKS_ON[adapter] if place in resource}
    assert not spared & given


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
    everything = {adapter for function in FUNCTIONS for _, adapter in wired_with(function)}
    assert everything == WORKS_ON.keys()


def test_the_look_up_cache_asks_for_what_it_does_in_batches():
    assert asks_for(f"{ADAPTERS}.dynamodb.look_ups", "DynamoLookUpCache") == {
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
    }
