"""The content of a picture as plain data: boxes with lines of text, edges, frames and remarks."""
