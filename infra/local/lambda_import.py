"""Imports a handler as Lambda does, and says what that loaded. Run by ``check_build`` in an interpreter of its own:

    python -I -S -B lambda_import.py HANDLER CODE FOLDER...

CODE is the function's own folder; FOLDERs are its layers and what the runtime brings, in Lambda's order. ``-S`` leaves
out everything that is installed for the interpreter itself, which Lambda does not have.
"""

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path


def main(handler: str, code: str, *folders: str) -> None:
    """Print the names of the top-level modules that the handler loads, as one JSON list.

    Then imports what its code imports only later, in functions, so that what is missing is missed here.
    """
    sys.path[:0] = [code, *folders]
    module, _, function = handler.rpartition(".")
    if not callable(getattr(importlib.import_module(module), function)):
        raise TypeError(f"{handler} is no function")
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    for source in sorted(Path(code).rglob("*.py")):
        for name in imports_in_functions(ast.parse(source.read_bytes())):
            importlib.import_module(name)
    print(json.dumps(loaded))


def imports_in_functions(tree: ast.Module) -> Iterator[str]:
    """The modules that stand in imports within functions; those at the top were imported with their module."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


if __name__ == "__main__":
    main(*sys.argv[1:])
