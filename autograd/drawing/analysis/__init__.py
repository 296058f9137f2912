"""What is known of a graph: its nodes and derivatives as they are now, and which of them share a box."""
