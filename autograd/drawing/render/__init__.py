"""Renderers of a picture: SVG, HTML, DOT, TikZ, Mermaid and text."""
