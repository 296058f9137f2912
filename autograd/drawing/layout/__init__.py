"""Where boxes and edges go: their sizes, Graphviz's positions, and the processes that find them."""
