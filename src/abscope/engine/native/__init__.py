"""From the text of a kernel to machine code, by LLVM alone: kernels of many members side by side.

``language`` says what a text may contain, ``statements`` and ``expressions`` turn it into LLVM's
language, ``machine`` compiles and loads, ``kernel`` calls it. Numba is not needed.
"""
