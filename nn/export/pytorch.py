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
    """
    names = _names(model)
    torch = optional("torch", "`to_torch`", "see https://pytorch.org/get-started")
    state = {}
    for name, number in model.state_dict().items():
        theirs, layer = names[name]
        array = np.atleast_1d(number) if isinstance(layer, PReLU) else np.asarray(number)
        if _is_mask(name, layer):
            continue
        if isinstance(layer, Linear) and array.ndim == 2:
            array = (array if layer.mask is None else array * layer.mask.astype(array.dtype)).T
        state[theirs] = torch.from_numpy(array.copy())
    return state | {name: state[known] for name, known in _ties(model, names).items()}


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
    names = _names(model)
    ours = {theirs: (name, layer) for name, (theirs, layer) in names.items()}
    numbers, ties = {}, _ties(model, names)
    for theirs, tensor in state.items():
        if (known := ties.get(theirs, "")) in state and np.array_equal(_array(tensor), _array(state[known])):
            continue
        name, layer = ours.get(theirs, (theirs, None))
        array = _array(tensor)
        if isinstance(layer, Linear) and array.ndim == 2:
            array = array.T
        if isinstance(layer, PReLU) and array.shape == (1,):
            array = array.reshape(layer.slope.shape)
        numbers[name] = array
    masks = {name: x for name, x in model.named_buffers() if _is_mask(name, ours.get(name, ("", None))[1])}
    model.load_state_dict(masks | numbers)


def _names(model: Any) -> dict[str, tuple[str, Module]]:
    """Return the name in PyTorch for each parameter, and the layer that it belongs to."""
    check_model(model)
    layers = dict(model.named_modules())
    names = {}
    for name in model._state():
        path, dot, last = name.rpartition(".")
        layer = layers.get(path, model)
        names[name] = (f"{path}{dot}weight" if isinstance(layer, PReLU) and last == "slope" else name, layer)
    return names


def _ties(model: Module, names: dict[str, tuple[str, Module]]) -> dict[str, str]:
    """Return the further names of what is shared, which PyTorch lists as well, each with the first one."""
    further = {name: names[known] for name, known in model.ties().items() if known in names}
    return {
        f"{name.removesuffix('slope')}weight" if isinstance(layer, PReLU) else name: theirs
        for name, (theirs, layer) in further.items()
    }


def _is_mask(name: str, layer: Any) -> bool:
    return isinstance(layer, Linear) and name.rpartition(".")[2] == "mask"


def _array(tensor: Any) -> np.ndarray:
    """Take a tensor, also one on a device, or one that is trained, as an array."""
    return np.array(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor)
