"""Where a parameter belongs, as its label tells: in `w1[3,0]`, weight 0 of neuron 3 of layer 1."""

from __future__ import annotations

import re

__all__ = ["place_of"]

_NEURON = re.compile(r"w(?:(\d*)|eight)\[(\d+),\d+\]|b(?:(\d*)|ias)\[(\d+)\]")


def place_of(label: str) -> tuple[str, ...]:
    """Return the modules that a parameter belongs to, outermost first; none if its label names no module.

    A node does not know the module that made it: that would cost in every operation. The labels of parameters are
    paths, so the places of the nodes that use them follow.

    >>> place_of("w1[3,0]"), place_of("b2[1]"), place_of("0.weight"), place_of("layers.0.neurons.3.w.2"), place_of("x")
    (('layer 1', 'neuron 3'), ('layer 2', 'neuron 1'), ('0',), ('layers.0', 'neurons.3'), ())
    """
    *path, last = label.split(".")
    if found := _NEURON.fullmatch(last):
        *layer, neuron = (x for x in found.groups() if x is not None)  # `weight[3,0]` of PyTorch counts no layers
        return (*_joined(path), *(f"layer {number}".strip() for number in layer), f"neuron {neuron}")
    while path and last.isdigit():  # the place of a number among the weights
        last = path.pop()
    return tuple(_joined(path))


def _joined(path: list[str]) -> list[str]:
    """Put the number of a module behind its name."""
    names: list[str] = []
    for part in path:
        if part.isdigit() and names and not names[-1].rpartition(".")[2].isdigit():
            names[-1] += f".{part}"
        else:
            names.append(part)
    return names
