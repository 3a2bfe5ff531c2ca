"""LLVM: a module in its language becomes the processor's code, and code a function."""

from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from abscope.engine.native.image import RUN

__all__ = ["host", "loaded", "object_code"]

_PASSES = (
    "always_inliner", "sroa", "simplify_cfg", "reassociate", "instruction_combine", "new_gvn",
    "simplify_cfg",
)  # fmt: skip
#: code lives as long as its engine does
_engines: list[Any] = []


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def host() -> str:
    """Return the processor and what it can do, as LLVM names it."""
    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def _machine(level: int) -> Any:
    return _target().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=level,
        reloc="pic",
        codemodel="small",
        jit=True,
    )


def object_code(text: str) -> bytes:
    """Return the code of a module for this processor.

    Vectors are written out already, so of LLVM's passes only those run that take out what is
    computed twice: compiling is then three times faster than with all of them, the code as fast.
    """
    machine = _machine(2)
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = llvm.get_default_triple(), str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
    passes = llvm.create_new_module_pass_manager()
    for name in _PASSES:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, builder)
    return bytes(machine.emit_object(module))


def loaded(code: bytes) -> Callable[..., None]:
    """Return the function ``run(table, first, last)`` of some code; it lets other threads run."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(2), use_lmm=True)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return RUN(engine.get_function_address("run"))
