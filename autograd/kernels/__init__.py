"""Kernels: the loops that compiled programs are made of."""

try:
    import numba as numba
except ImportError as error:
    raise ImportError("compiled programs need numba, which is missing: `pip install numba`") from error
