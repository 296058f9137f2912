"""Kernels: the loops that compiled programs are made of."""
