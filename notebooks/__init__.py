"""The course, and what builds it: `python -m notebooks`."""
