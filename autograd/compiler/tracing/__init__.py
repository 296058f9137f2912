"""What a function reads and does while it is traced, and whether a program may repeat it."""
