"""Tracing: record what a function reads and does, and decide whether a program can repeat it."""
