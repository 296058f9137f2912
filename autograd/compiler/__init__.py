"""Compiled programs: from the nodes of a graph to instructions, and from these to what the machine runs."""
