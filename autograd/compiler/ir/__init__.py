"""A program as a list of instructions, and the passes and local rules that rewrite it."""
