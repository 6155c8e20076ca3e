"""The gates of a build, each shown to close: what is planted is found, and what is sound is left alone."""

import ast
import py_compile
import re
from pathlib import Path

import numpy as np
import pytest

from infra.local import check_build
from infra.local.check_build import BuiltFunction
from infra.local.lambda_import import imports_in_functions
from infra.local.sam_template import read_template

LOCAL = Path(check_build.__file__).parent

UNCHECKED, CHECKED, TIMED = (
    py_compile.PycInvalidationMode.UNCHECKED_HASH,
    py_compile.PycInvalidationMode.CHECKED_HASH,
    py_compile.PycInvalidationMode.TIMESTAMP,
)

TEMPLATE = """\
Globals:
  Function:
    Environment:
      Variables:
        DATA_BUCKET: !Ref DataBucket
Resources:
  DataBucket:
    Type: AWS::S3::Bucket
  Core:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: Core
  Api:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: Api
      Handler: api.handler.handler
      Layers: [!Ref Core]
"""


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def source(path, text="", mode=UNCHECKED):
    write(path, text)
    py_compile.compile(str(path), doraise=True, invalidation_mode=mode)
    return path


@pytest.fixture
def layer(tmp_path):
    folder = tmp_path / "Core" / "python"
    source(folder / "core" / "__init__.py", "ANSWER = 42\n")
    return folder


@pytest.fixture
def function(tmp_path):
    code = tmp_path / "Api"
    write(code / "api" / "__init__.py")
    write(code / "api" / "handler.py", "from core import ANSWER\n\ndef handler(event, context):\n    return ANSWER\n")
    return BuiltFunction("Api", "api.handler.handler", code, {"DATA_BUCKET": "stand-in"})


@pytest.fixture
def runtime(tmp_path):
    folder = tmp_path / "runtime"
    folder.mkdir()
    return folder


def imported(function, layer, runtime):
    return check_build.import_faults(function, [layer], runtime)


def test_layers_and_functions_are_found_where_the_built_template_says(tmp_path):
    write(tmp_path / "template.yaml", TEMPLATE)
    template = read_template(tmp_path / "template.yaml")
    assert check_build.built_layers(template, tmp_path) == [tmp_path / "Core" / "python"]
    (function,) = check_build.built_functions(template, tmp_path)
    assert (function.name, function.handler, function.code) == ("Api", "api.handler.handler", tmp_path / "Api")
    assert function.environment.keys() == {"DATA_BUCKET"}


def test_layers_count_together_towards_the_limit(tmp_path, monkeypatch):
    layers = [tmp_path / "one", tmp_path / "two"]
    for folder in layers:
        write(folder / "package" / "data", "x" * 50)
    monkeypatch.setattr(check_build, "MAX_LAYER_BYTES", 100)
    assert check_build.size_faults(layers) == []
    monkeypatch.setattr(check_build, "MAX_LAYER_BYTES", 99)
    assert len(check_build.size_faults(layers)) == 1


def test_annoy_is_used_from_the_layers_alone(layer):
    installed = Path(np.__file__).parents[1]
    assert check_build.annoy_faults([installed, Path(check_build.__file__).parents[2]]) == []
    [fault] = check_build.annoy_faults([layer])
    assert fault.startswith("Annoy cannot be used from the layers:\n")
    assert "No module named 'numpy'" in fault


def test_hashed_unchecked_bytecode_is_what_a_layer_needs(layer):
    assert check_build.bytecode_faults(layer) == []


@pytest.mark.parametrize("mode", [TIMED, CHECKED])
def test_bytecode_that_looks_at_its_source_is_refused(layer, mode):
    planted = source(layer / "core" / "planted.py", "x = 1\n", mode)
    assert check_build.bytecode_faults(layer) == [
        f"{planted}: its bytecode is checked against the source, and so is stale once it was packed"
    ]


def test_a_source_without_bytecode_is_refused(layer):
    planted = write(layer / "core" / "planted.py", "x = 1\n")
    assert check_build.bytecode_faults(layer) == [f"{planted}: has no bytecode"]


def test_bytecode_of_another_source_is_refused_because_nobody_would_notice(layer):
    planted = source(layer / "core" / "planted.py", "x = 1\n")
    write(planted, "x = 2\n")
    assert check_build.bytecode_faults(layer) == [f"{planted}: its bytecode was made from another source"]


def test_bytecode_of_another_python_is_refused(layer):
    planted = source(layer / "core" / "planted.py")
    (compiled,) = planted.parent.glob("__pycache__/planted.*.pyc")
    compiled.write_bytes(b"\x00\x00\r\n" + compiled.read_bytes()[4:])
    assert check_build.bytecode_faults(layer) == [f"{planted}: its bytecode is for another Python"]


@pytest.mark.parametrize("name", ["boto3", "botocore", "six.py"])
def test_what_the_runtime_brings_does_not_belong_into_a_layer(layer, name):
    planted = write(layer / name) if name.endswith(".py") else write(layer / name / "__init__.py").parent
    assert check_build.package_faults([layer]) == [f"{planted}: the runtime brings it"]


def test_a_package_in_two_layers_is_found_because_one_of_them_would_be_dead(layer, tmp_path):
    other = tmp_path / "Dependencies" / "python"
    write(other / "core" / "__init__.py")
    write(other / "numpy" / "__init__.py")
    assert check_build.package_faults([layer, other]) == ["core: in more than one layer"]


def test_only_what_is_compiled_here_is_searched_for_wide_instructions_and_names(layer, monkeypatch):
    monkeypatch.setattr(check_build, "loading_faults", lambda path: [])
    monkeypatch.setattr(check_build, "portability_faults", lambda path: ["is native"])
    monkeypatch.setattr(check_build, "stripping_faults", lambda path: ["is not stripped"])
    ours = write(layer / "annoy" / "annoylib.cpython-313-x86_64-linux-gnu.so")
    write(layer / "numpy" / "core.cpython-313-x86_64-linux-gnu.so")
    assert check_build.native_faults(layer) == [f"{ours}: is native", f"{ours}: is not stripped"]


def test_every_shared_library_must_be_loadable_whatever_its_version_suffix(layer, monkeypatch):
    monkeypatch.setattr(check_build, "loading_faults", lambda path: ["is too new"])
    found = [write(layer / "numpy.libs" / "libgfortran.so.5"), write(layer / "redis" / "fast.so")]
    assert check_build.native_faults(layer) == [f"{path}: is too new" for path in found]


def test_a_function_holds_our_packages_and_nothing_else(function, tmp_path):
    ours = tmp_path / "functions"
    write(ours / "api" / "__init__.py")
    assert check_build.code_faults(function.code, ours) == []
    planted = [
        write(function.code / "api" / "notes.txt"),
        write(function.code / "numpy" / "__init__.py"),
        write(function.code / "settings.py"),
    ]
    assert check_build.code_faults(function.code, ours) == [
        f"{path}: does not belong into a function" for path in planted
    ]


def test_a_package_that_was_left_out_of_a_function_is_missed(function, tmp_path):
    ours = tmp_path / "functions"
    for name in ("api", "shared"):
        write(ours / name / "__init__.py")
    assert check_build.code_faults(function.code, ours) == [f"{function.code / 'shared'}: missing"]


def test_a_handler_is_imported_from_its_code_and_layers(function, layer, runtime):
    assert imported(function, layer, runtime) == []


def test_a_handler_does_not_find_what_only_this_environment_has(function, layer, runtime):
    write(function.code / "api" / "handler.py", "import pytest\n\ndef handler(event, context): ...\n")
    (fault,) = imported(function, layer, runtime)
    assert "No module named 'pytest'" in fault


def test_what_is_imported_only_when_it_is_needed_must_be_there_too(function, layer, runtime):
    write(function.code / "api" / "wiring.py", "def compose():\n    from core.adapters.moon import Moon\n")
    (fault,) = imported(function, layer, runtime)
    assert "core.adapters" in fault


def test_a_handler_that_is_missing_from_its_module_is_found(function, layer, runtime):
    write(function.code / "api" / "handler.py", "def handle(event, context): ...\n")
    (fault,) = imported(function, layer, runtime)
    assert "no attribute 'handler'" in fault


def test_what_is_slow_must_not_be_imported_at_the_start(function, layer, runtime):
    source(layer / "spotipy" / "__init__.py")
    write(function.code / "api" / "handler.py", "import spotipy\n\ndef handler(event, context): ...\n")
    assert imported(function, layer, runtime) == ["api.handler.handler imports spotipy when it starts"]


def test_what_is_slow_may_be_imported_when_it_is_needed(function, layer, runtime):
    source(layer / "spotipy" / "__init__.py")
    write(function.code / "api" / "handler.py", "def handler(event, context):\n    import spotipy\n")
    assert imported(function, layer, runtime) == []


def test_imports_in_functions_are_found_at_any_depth_and_those_for_types_are_not():
    tree = ast.parse(
        "import top\n"
        "if TYPE_CHECKING:\n    from stubs import Client\n"
        "def outer():\n    from a.b import C\n    def inner():\n        import d.e as f\n"
        "class Thing:\n    async def method(self):\n        if self:\n            from g import H\n"
    )
    assert set(imports_in_functions(tree)) == {"a.b", "d.e", "g"}


def test_the_runtime_is_stood_in_for_by_what_is_installed_here(runtime):
    check_build.link_runtime(runtime)
    assert {path.name for path in runtime.iterdir()} == {"boto3", "botocore", "s3transfer", "dateutil", "six.py"}
    assert (runtime / "botocore" / "session.py").is_file()


def test_a_sound_build_is_said_to_be_sound(tmp_path, layer, function, monkeypatch, capsys):
    write(tmp_path / "template.yaml", TEMPLATE)
    monkeypatch.setattr(check_build, "FUNCTIONS", function.code)
    # The layer of this test holds no packages.
    monkeypatch.setattr(check_build, "annoy_faults", lambda layers: [])
    assert check_build.main([str(tmp_path)]) == 1
    assert "handler.py: has no bytecode" in capsys.readouterr().err
    for path in function.code.rglob("*.py"):
        py_compile.compile(str(path), doraise=True, invalidation_mode=UNCHECKED)
    assert check_build.main([str(tmp_path)]) == 0
    assert "can be deployed" in capsys.readouterr().out


def test_every_gate_counts_towards_the_verdict(tmp_path, layer, function, monkeypatch, capsys):
    write(tmp_path / "template.yaml", TEMPLATE)
    write(layer / "boto3.py")
    write(function.code / "api" / "handler.py", "import nowhere\n")
    write(function.code / "stray.txt")
    monkeypatch.setattr(check_build, "FUNCTIONS", function.code)
    monkeypatch.setattr(check_build, "MAX_LAYER_BYTES", 1)
    assert check_build.main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    for words in (
        "the layers hold",
        "the runtime brings it",
        "has no bytecode",
        "does not belong",
        "cannot be imported",
        "Annoy cannot be used",
    ):
        assert words in said


@pytest.mark.parametrize("name", ["check_build.py", "native_code.py", "scan_template.py"])
def test_no_gate_asks_the_environment_whether_to_close(name):
    source = (LOCAL / name).read_text(encoding="utf-8")
    assert not re.search(r"\b(environ|getenv|expandvars)\b", source)


@pytest.mark.parametrize("script", ["infra/local/build.sh", "layers/layer.mk", "layers/dependencies/Makefile"])
def test_no_step_of_the_build_may_fail_without_ending_it(script):
    source = (LOCAL.parents[1] / script).read_text(encoding="utf-8")
    assert "-euo pipefail" in source or "include layers/layer.mk" in source
    # Make goes on after a recipe that begins with a hyphen, and the shell after a fault that was answered.
    assert not re.search(r"(?<!\\)\n\t-|\|\| *(true|:)|set \+e", source)


def test_the_layers_packages_come_with_their_hashes_and_annoy_from_its_source_without_a_cache():
    source = (LOCAL.parents[1] / "layers/dependencies/Makefile").read_text(encoding="utf-8")
    (install,) = re.findall(r"pip install(?:.*\\\n)+.*", source)
    for option in ("--require-hashes", "--no-cache", "--only-binary :all:", "--no-binary annoy"):
        assert option in install
    # Before the file is stripped, because it names its flags only until then.
    assert source.index("infra.local.native_code") < source.index("strip --strip-unneeded")
