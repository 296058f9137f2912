"""Parameters to and from PyTorch, whose `nn.Linear` keeps the transpose of our weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arguments import optional
from ..layers.activations import PReLU
from ..layers.layers import Linear
from ..module import Module, check_model


def to_torch(model: Module) -> dict[str, Any]:
    """Return the state as a `state_dict` of PyTorch, for the same net made of `torch.nn` layers.

    Frozen parameters, buffers and arrays are in it; the mask of a Linear layer is multiplied into its weight. The names
    are those of `model.state_dict()`, which are PyTorch's own where both nets are a Sequential; a PReLU has a `weight`
    there. What is shared stands under each of its names, as there. The tensors are copies, in the dtype of the
    parameters: call `.double()` on a net of PyTorch that is to keep all digits of float64.

    Raises:
        TypeError: `model` is no Module.
        ImportError: PyTorch is missing.

    >>> import pytest; torch = pytest.importorskip("torch")
    >>> from chalkgrad.nn import Linear
    >>> {name: tuple(tensor.shape) for name, tensor in to_torch(Linear(3, 2)).items()}
    {'weight': (2, 3), 'bias': (2,)}
    """
    names, numbers, state = _names(model), model.state_dict(), {}
    torch = optional("torch", "`to_torch`", "see https://pytorch.org/get-started")
    for theirs, (name, layer) in names.items():
        array = np.atleast_1d(numbers[name]) if isinstance(layer, PReLU) else np.asarray(numbers[name])
        if isinstance(layer, Linear) and array.ndim == 2:
            array = (array if layer.mask is None else array * layer.mask.astype(array.dtype)).T
        state[theirs] = torch.from_numpy(array.copy())
    return state


def load_torch(model: Module, state: Mapping[str, Any]) -> None:
    """Set the state of `model` to that of a `state_dict` of PyTorch; masks of Linear layers stay as they are.

    Args:
        model: the same net, made of our layers.
        state: what `state_dict()` of a net of PyTorch gave; of a file, `torch.load(path, weights_only=True)`.

    Raises:
        TypeError: an argument is not as above.
        ValueError: names all that does not fit; nothing has been changed then.

    >>> from chalkgrad.nn import Linear
    >>> layer = Linear(2, 1)
    >>> load_torch(layer, {"weight": np.array([[1.0, 2.0]]), "bias": np.array([0.5])})  # or tensors
    >>> layer.weight.data
    array([[1.],
           [2.]])
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"`state` is what `net.state_dict()` of PyTorch gave, not {type(state).__name__}")
    names, numbers = _names(model), dict[str, Any]()
    for theirs, tensor in state.items():
        name, layer = names.get(theirs, (theirs, None))
        array = np.array(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor)
        if isinstance(layer, Linear) and array.ndim == 2:
            array = array.T
        if isinstance(layer, PReLU) and array.shape == (1,):
            array = array.reshape(layer.slope.shape)
        if name in numbers and not np.array_equal(array, numbers[name]):
            name = theirs  # what is shared here is not shared there
        numbers[name] = array
    ours = {name for name, _ in names.values()}
    masks = {name: x for name, x in model.state_dict().items() if name not in ours}
    model.load_state_dict(masks | numbers)


def _names(model: Any) -> dict[str, tuple[str, Any]]:
    """Return for each name in PyTorch ours and the layer; masks have none, and what is shared has several."""
    check_model(model)
    layers, ties = dict(model.named_modules()), model.ties()
    names: dict[str, tuple[str, Any]] = {}
    for name in [*model._state(), *ties]:
        path, _, last = ties.get(name, name).rpartition(".")
        layer = layers.get(path)
        if isinstance(layer, PReLU) and last == "slope":
            names[f"{name.removesuffix('slope')}weight"] = (ties.get(name, name), layer)
        elif not (isinstance(layer, Linear) and last == "mask"):
            names[name] = (ties.get(name, name), layer)
    return names
