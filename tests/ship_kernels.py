"""Write the LLVM code of all kernels to autograd/kernels/shipped.tar.xz: `python tests/ship_kernels.py`.

The code is what numba makes of the kernels before it chooses vectors for a processor. With names of kernels, the script
compares their code with that in the file.
"""

import ctypes
import io
import re
import sys
import tarfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import llvmlite
import llvmlite.binding as llvm
import numba
from numba.core.ccallback import CFunc
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.sigutils import normalize_signature

from autograd.kernels import generate, native
from autograd.kernels.formulas import FORMULAS
from autograd.kernels.sequential import SEQUENTIAL

PROCESSOR = "x86-64-v4"
"""With wide vectors, since numba's code for others takes the wide loads of matrix products apart."""

VERSIONS = f"Python 3.{sys.version_info[1]}, numba {numba.__version__}, llvmlite {llvmlite.__version__}"
"""On which the code depends."""

LIBM = ctypes.CDLL("libm.so.6")
"""The functions that code may call on every Linux."""


def all_kernels() -> list[tuple[str, str, str]]:
    """Return the name, dtype and variant of every kernel."""
    types = "float32", "float64"
    found = [(name, dtype, "") for name in FORMULAS for dtype in types]
    found += [(name, "float64", variant) for name in FORMULAS for variant in ("at", "one")]
    untyped = {"run", "work", "fork", *SEQUENTIAL}
    found += [(name, "", "") for name in sorted(untyped)]
    single = {"sums", "plain_sums", "straight"}
    found += [(name, "float64", "") for name in sorted(single)]
    others = sorted(generate._OTHERS.keys() - untyped - single)
    found += [(name, dtype, "") for name in others for dtype in types]
    return [*found, ("copy", "float32", "float64"), ("copy", "float64", "float32")]


@global_compiler_lock
def llvm_code(name: str, function: Any, kind: Any) -> bytes:
    """Return the LLVM code of a kernel, inlined and cleaned, but without vectors and unrolled loops."""
    made = CFunc(function, normalize_signature(kind), {}, {"nopython": True, "error_model": "numpy"})
    compiled = made._compile_uncached()
    compiled.library._ensure_finalized()
    symbol = compiled.fndesc.llvm_cfunc_wrapper_name
    module = llvm.parse_bitcode(compiled.library._final_module.as_bitcode())
    for item in [*module.functions, *module.global_variables]:
        if not item.is_declaration:
            item.linkage = "external" if item.name == symbol else "internal"
    machine = llvm.Target.from_default_triple().create_target_machine(cpu=PROCESSOR, jit=True)
    options = llvm.create_pipeline_tuning_options(2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = options.loop_interleaving = False
    builder = llvm.create_pass_builder(machine, options)
    for _ in range(2):  # the second pass goes over what is left of numba's reference counts
        passes = builder.getModulePassManager()
        passes.add_refprune_pass()
        passes.run(module, builder)
    strip = llvm.create_new_module_pass_manager()
    strip.add_strip_dead_prototype_pass()
    strip.add_strip_symbols_pass()
    strip.run(module, builder)
    text = str(module).replace(symbol, name)
    text = re.sub(r"^; ModuleID.*\n|^source_filename.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r', !"_ZN[^"]*"', "", text)  # names of scopes, which hold addresses of this process
    module = llvm.parse_assembly(text)
    outside = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if strange := [x for x in outside if not hasattr(LIBM, x)]:
        raise RuntimeError(f"the kernel `{name}` needs {strange}, which the C library does not have")
    return module.as_bitcode()


def made(names: Collection[str] = ()) -> dict[str, bytes]:
    """Return the LLVM code of kernels by name; of all if none is named."""
    numba.config.CPU_NAME, numba.config.CPU_FEATURES = PROCESSOR, ""
    CPUCodeLibrary._optimize_final_module = lambda self: None  # it is optimized where it is loaded
    kernels = {"_".join(filter(None, kernel)): kernel for kernel in all_kernels()}
    return {name: llvm_code(name, *generate.entry(*kernels[name])) for name in names or kernels}


def main() -> None:
    """Write the file, or compare it."""
    if names := sys.argv[1:]:
        kept = native.contents()
        if (versions := kept["versions"].decode()) != VERSIONS:
            sys.exit(f"made with {versions}, and here is {VERSIONS}: not compared")
        if different := [name for name, code in made(names).items() if code != kept[name]]:
            sys.exit(f"other code than in {native.SHIPPED.name}: {', '.join(different)}; run `make shipped`")
        return
    content = {"sources": native.SOURCES.encode(), "versions": VERSIONS.encode(), **made()}
    with tarfile.open(native.SHIPPED, "w:xz", preset=9) as archive:
        for name, code in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(code)
            archive.addfile(member, io.BytesIO(code))
    print(f"{native.SHIPPED}: {len(content) - 2} kernels, {native.SHIPPED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
