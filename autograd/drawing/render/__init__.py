"""A laid-out picture in a format: SVG, HTML, DOT, Mermaid and text."""
