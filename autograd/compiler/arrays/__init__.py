"""Programs of arrays: from instructions to calls of kernels in one arena."""
