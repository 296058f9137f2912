"""Programs of single numbers: a graph as columns, forward and backward, scheduled into loops."""
