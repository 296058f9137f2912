"""Kernels: the loops that compiled programs are made of."""

try:
    import llvmlite as llvmlite  # which comes with numba
except ImportError as error:
    raise ImportError("compiled programs need numba, which is missing: `pip install numba`") from error
