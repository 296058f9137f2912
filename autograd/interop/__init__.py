"""Other libraries' functions and arrays, and nodes: what makes them meet."""
