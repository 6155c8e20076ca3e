"""What would crash in Lambda or not load there, told from what binutils print, and from freshly compiled files."""

import platform
import shutil
import subprocess

import pytest

from infra.local import native_code

PORTABLE = """\
 <0><c>: Abbrev Number: 1 (DW_TAG_compile_unit)
    <d>   DW_AT_producer    : (indirect string, offset: 0x197a5): GNU C++14 12.2.0 -mtune=generic -march=x86-64 -g -O3
    <11>   DW_AT_language    : 33       (C++14)
"""


def producer(flags):
    return f"    <d>   DW_AT_producer    : (indirect string, offset: 0x1): GNU C++14 12.2.0 {flags} -g -O3\n"


def test_a_file_for_any_processor_is_accepted():
    assert native_code.compiler_faults(PORTABLE) == []


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ("-march=znver3 -mtune=generic", "-march=znver3"),
        ("-march=x86-64-v3 -mtune=generic", "-march=x86-64-v3"),
        ("-mtune=generic -march=x86-64 -mavx2", "-mavx2"),
        ("-mtune=znver3 -march=x86-64", "-mtune=znver3"),
        ("-march=znver3 -mfma -mavx2", "-march=znver3 -mavx2 -mfma"),
    ],
)
def test_a_file_for_one_processor_is_refused_with_the_flags_that_made_it_so(flags, named):
    assert native_code.compiler_faults(producer(flags)) == [f"compiled for a particular processor, with {named}"]


def test_one_bad_part_of_a_file_is_enough():
    assert len(native_code.compiler_faults(PORTABLE + producer("-march=native"))) == 1


@pytest.mark.parametrize(
    "flags", ["-fmerge-constants", "-ffast-math -fno-math-errno", "-DNAME=-march", "--param-max=1"]
)
def test_flags_that_choose_no_processor_are_no_fault(flags):
    assert native_code.compiler_faults(producer(f"-mtune=generic -march=x86-64 {flags}")) == []


def test_a_file_that_does_not_say_how_it_was_compiled_is_refused():
    (fault,) = native_code.compiler_faults("The section .debug_info contains:\n")
    assert "not be stripped yet" in fault


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("  1a30:\tvmovups (%rdi),%zmm0", 1),
        ("  1a30:\tvaddps %zmm31,%zmm2,%zmm3", 1),
        ("  1a30:\tkmovw  %eax,%k1", 1),
        ("  1a30:\tvmovups %ymm0,(%rdi){%k7}", 1),
        ("  1a30:\tvmovups (%rdi),%ymm0", 0),
        ("  1a30:\tmovaps (%rdi),%xmm0", 0),
        ("0000000000001a30 <zmm_free_k1>:", 0),
    ],
)
def test_only_the_registers_of_avx_512_are_counted(line, count):
    assert native_code.wide_instructions(line) == count


def test_the_newest_glibc_is_found_by_number_and_not_by_text():
    symbols = """\
0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.9)   pipe2
0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.17)  clock_gettime
0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.2.5) free
0000000000000000      DF *UND*  0000000000000000 (GLIBCXX_3.4.30) _ZSt4cerr
"""
    assert native_code.newest_glibc(symbols) == (2, 17)
    assert native_code.newest_libstdcxx(symbols) == (3, 4, 30)


def test_a_file_that_asks_for_no_glibc_asks_for_nothing():
    assert native_code.newest_glibc("DYNAMIC SYMBOL TABLE:\nno symbols\n") == ()


def test_the_processor_is_read_from_the_header():
    assert native_code.machine("  Machine:                           AArch64\n  Version: 0x1\n") == "AArch64"
    assert native_code.machine("") == "none"


@pytest.fixture
def compiled(tmp_path):
    """Compiles a loop into a shared library."""
    if platform.machine() != "x86_64" or not all(map(shutil.which, ("gcc", "readelf", "objdump", "strip"))):
        pytest.skip("needs gcc and binutils on x86-64")

    def compile_with(*flags):
        source, library = tmp_path / "sum.c", tmp_path / "sum.so"
        source.write_text("void twice(float *x) { for (int i = 0; i < 4096; i++) x[i] *= 2; }\n", encoding="utf-8")
        subprocess.run(["gcc", "-g", "-O3", "-shared", "-fPIC", *flags, source, "-o", library], check=True)
        return library

    return compile_with


def test_a_real_file_for_any_processor_passes_everywhere(compiled):
    library = compiled()
    assert native_code.main([str(library)]) == 0
    assert native_code.loading_faults(library) == []
    assert native_code.portability_faults(library) == []


def test_a_real_file_for_this_processor_is_refused_and_named(compiled, capsys):
    library = compiled("-march=native")
    assert native_code.main([str(library)]) == 1
    assert f"{library}: compiled for a particular processor, with -m" in capsys.readouterr().err


def test_a_stripped_file_still_betrays_avx_512(compiled):
    library = compiled("-mavx512f", "-mprefer-vector-width=512")
    subprocess.run(["strip", "--strip-unneeded", library], check=True)
    assert native_code.main([str(library)]) == 1
    (fault,) = native_code.portability_faults(library)
    assert "AVX-512" in fault


def test_a_file_that_was_not_stripped_is_refused(compiled):
    library = compiled("-Wl,--build-id")
    (fault,) = native_code.stripping_faults(library)
    assert fault.startswith("is not stripped: it has .debug_")
    assert ".symtab" in fault
    subprocess.run(["strip", "--strip-unneeded", library], check=True)
    assert native_code.stripping_faults(library) == ["is not stripped: it has .note.gnu.build-id"]
    subprocess.run(["strip", "--remove-section=.note.gnu.build-id", library], check=True)
    assert native_code.stripping_faults(library) == []


def test_a_file_that_lambda_cannot_load_says_why(compiled, monkeypatch):
    library = compiled("-Wl,--no-as-needed", "-lm")
    monkeypatch.setattr(native_code, "LAMBDA_MACHINE", "AArch64")
    monkeypatch.setattr(native_code, "LAMBDA_GLIBC", (2, 0))
    faults = native_code.loading_faults(library)
    assert faults[0] == "is for Advanced Micro Devices X86-64, not for AArch64"
    assert faults[1].startswith("needs glibc 2.2.5, and Lambda has 2.0")


def test_a_newer_library_of_c_plus_plus_is_refused(compiled, monkeypatch):
    asked = "0000000000000000      DF *UND*  0000000000000000 (GLIBCXX_3.4.32) _ZSt21ios_base_library_initv\n"
    library = compiled()
    really = native_code._run
    monkeypatch.setattr(native_code, "_run", lambda *words: asked if "--dynamic-syms" in words else really(*words))
    assert native_code.loading_faults(library) == ["needs libstdc++ 3.4.32, and Lambda has 3.4.29"]
