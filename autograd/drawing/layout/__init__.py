"""Layout: the sizes and positions of boxes and edges, and the Graphviz process that computes them."""
