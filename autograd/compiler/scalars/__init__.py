"""Programs of single numbers: a graph as a structure of arrays, forward and backward, scheduled into loops."""
