"""What the adapters that a function is wired with ask of AWS, read from their source, beside what its role allows."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from tests.template.transformed import Transformed

ROOT = Path(__file__).parents[2]
ADAPTERS = "daltonify_core.adapters"

# Where each adapter works, as a part of what the roles name. It reads in all of its places, and writes in one at least.
WORKS_ON = {
    "S3IndexStore": ["${DataBucket.Arn}/index/*"],
    "S3Shards": ["${DataBucket.Arn}/catalogue/*"],
    "S3Collection": ["${DataBucket.Arn}/collect/*", "${DataBucket.Arn}/catalogue/collected/*"],
    "S3AudioClips": ["${AudioBucket.Arn}/audio/*"],
    "DynamoPublicationStore": ["Table.Arn"],
    "DynamoLookUpCache": ["Table.Arn"],
    "DynamoAudioJobStore": ["Table.Arn"],
    "DynamoReleaseStore": ["Table.Arn"],
    "DynamoArtistStore": ["Table.Arn"],
    "SqsJobQueue": ["AudioQueue.Arn"],
    "SqsReleaseQueue": ["ReleaseQueue.Arn"],
    "SecretsManagerStore": ["PublishingSecret.Id", "OriginSecret.Id", "${SpotifySecretName}"],
}
# Where a function has an adapter for a part of that only.
WORKS_ONLY_ON = {
    ("ScheduledJobs", "SecretsManagerStore"): ["${SpotifySecretName}"],
    ("ReleaseWorker", "SecretsManagerStore"): ["PublishingSecret.Id", "${SpotifySecretName}"],
}
# Where a function asks an adapter that queries for one list of several.
QUERIES = {
    ("ScheduledJobs", "DynamoReleaseStore"): ["${Table.Arn}/index/due"],
    ("ScheduledJobs", "DynamoArtistStore"): ["Table.Arn"],
    ("ReleaseWorker", "DynamoArtistStore"): ["Table.Arn"],
}

# What an adapter could ask for, and never does in this function, with who does it instead.
DONE_BY_OTHERS = {
    ("Api", "S3IndexStore"): {"s3:PutObject": "BuildIndex", "s3:DeleteObject": "BuildIndex"},
    ("Api", "S3AudioClips"): {"s3:GetObject": "AudioWorker", "s3:ListBucket": "ScheduledJobs"},
    ("Api", "SqsJobQueue"): {"sqs:ChangeMessageVisibility": "AudioWorker"},
    ("Api", "SecretsManagerStore"): {"secretsmanager:CreateSecret": "daltonify login"},
    ("Api", "DynamoReleaseStore"): {"dynamodb:Query": "ScheduledJobs"},
    ("Api", "DynamoArtistStore"): {
        "dynamodb:Query": "ReleaseWorker",
        "dynamodb:DeleteItem": "ReleaseWorker",
        "dynamodb:ConditionCheckItem": "ReleaseWorker",
    },
    # Many items are read at once for releases alone.
    ("AudioWorker", "DynamoAudioJobStore"): {"dynamodb:BatchGetItem": "ScheduledJobs"},
    ("AudioWorker", "DynamoPublicationStore"): {"dynamodb:BatchGetItem": "ScheduledJobs"},
    ("AudioWorker", "S3AudioClips"): {"s3:PutObject": "Api"},
    ("AudioWorker", "SqsJobQueue"): {"sqs:SendMessage": "Api"},
    ("ScheduledJobs", "SecretsManagerStore"): {
        "secretsmanager:PutSecretValue": "Api",
        "secretsmanager:CreateSecret": "daltonify login",
    },
    ("ScheduledJobs", "S3AudioClips"): {"s3:PutObject": "Api", "s3:GetObject": "AudioWorker"},
    ("ScheduledJobs", "DynamoArtistStore"): {"dynamodb:DeleteItem": "ReleaseWorker"},
    ("ReleaseWorker", "S3IndexStore"): {"s3:PutObject": "BuildIndex", "s3:DeleteObject": "BuildIndex"},
    ("ReleaseWorker", "SecretsManagerStore"): {"secretsmanager:CreateSecret": "daltonify login"},
}

# Lambda itself takes messages, with the role of the function that it hands them to.
LAMBDAS_OWN = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
WORKERS = ("AudioWorker", "ReleaseWorker")

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


@cache
def wired_with(package: str) -> set[tuple[str, str]]:
    """Module and class of every adapter of AWS that a function's package imports."""
    imported = [
        (str(node.module), alias.name)
        for path in (ROOT / "functions" / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{ADAPTERS}.")
        for alias in node.names
    ]
    return {(name, one) for name, one in imported if one in module(name).classes and asks_for(name, one)}


def packages(template: Transformed) -> dict[str, str]:
    """The package of every function, by its name."""
    return {name: one["Handler"].partition(".")[0] for name, one in template.functions.items()}


def granted(template: Transformed, function: str) -> set[tuple[str, str]]:
    allowed = template.grants(template.role_of(function))
    return {(action, resource) for action, resource in allowed if not action.startswith("logs:")}


def needed(function: str, package: str) -> set[tuple[str, str]]:
    """Permissions with the adapters that ask for them."""
    return {
        (action, adapter)
        for name, adapter in wired_with(package)
        for action in asks_for(name, adapter) - DONE_BY_OTHERS.get((function, adapter), {}).keys()
    }


def places_without(action: str, function: str, adapter: str, allowed: set[tuple[str, str]]) -> list[str]:
    """Where an adapter would be refused."""
    places = WORKS_ONLY_ON.get((function, adapter), WORKS_ON[adapter])
    if action == "dynamodb:Query":
        places = QUERIES.get((function, adapter), places)
    if action == "s3:ListBucket":
        places = [place.removeprefix("${").partition("}")[0] for place in places]
    refused = [place for place in places if not any(action == one and place in resource for one, resource in allowed)]
    reads = action.partition(":")[2].startswith(("Get", "List", "BatchGet"))
    return refused if reads or len(refused) == len(places) else []


def refused(template: Transformed) -> set[tuple[str, str, str, str]]:
    """Function, action, adapter and place of everything that an adapter would ask for in vain."""
    return {
        (function, action, adapter, place)
        for function, package in packages(template).items()
        for action, adapter in needed(function, package)
        for place in places_without(action, function, adapter, granted(template, function))
    }


def superfluous(template: Transformed) -> set[tuple[str, str]]:
    """Function and action of everything that is allowed and that no adapter asks for."""
    return {
        (function, action)
        for function, package in packages(template).items()
        for action in {action for action, _ in granted(template, function)}
        - {action for action, _ in needed(function, package)}
        - (LAMBDAS_OWN if function in WORKERS else set())
    }


def granted_though_done_by_others(template: Transformed) -> set[tuple[str, str]]:
    """Function and action of everything that an adapter could ask for, never does there, and might all the same."""
    return {
        (function, action)
        for (function, adapter), others in DONE_BY_OTHERS.items()
        for action, resource in granted(template, function)
        if action in others and any(place in resource for place in WORKS_ON[adapter])
    }
