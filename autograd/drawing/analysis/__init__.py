"""Analysis of a graph for a drawing: its nodes, their derivatives, and the groups that share a box."""
