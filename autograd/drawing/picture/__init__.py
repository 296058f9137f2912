"""What a picture shows, as plain data: boxes with lines of text, edges, frames and remarks; no layout, no markup."""
