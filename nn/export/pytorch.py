"""Parameters to and from PyTorch, whose `nn.Linear` keeps the transpose of our weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..layers import Linear
from ..module import Module

__all__ = ["from_torch", "to_torch"]


def to_torch(model: Module) -> dict[str, Any]:
    """Give the parameters as a `state_dict` of PyTorch, for the same net made of `torch.nn` layers.

    The names are those of `model.state_dict()`, which are PyTorch's own where both nets are a Sequential. The tensors
    are copies, in the dtype of the parameters: call `.double()` on a net of PyTorch that is to keep all digits of
    float64.

    Raises:
        ImportError: PyTorch is missing.
    """
    try:
        import torch
    except ImportError:
        raise ImportError("`to_torch` needs PyTorch, which is missing: see https://pytorch.org/get-started") from None
    turned = _turned(model)
    return {
        name: torch.from_numpy(np.array(np.transpose(number) if name in turned else number))
        for name, number in model.state_dict().items()
    }


def from_torch(model: Module, state: Mapping[str, Any]) -> None:
    """Set the parameters of `model` to those of a `state_dict` of PyTorch.

    Args:
        model: the same net, made of our layers.
        state: what `state_dict()` of a net of PyTorch gave; of a file, `torch.load(path, weights_only=True)`.

    Raises:
        TypeError: an argument is not as above.
        ValueError: names all that does not fit; nothing has been changed then.

    >>> from nn import Linear
    >>> layer = Linear(2, 1)
    >>> from_torch(layer, {"weight": np.array([[1.0, 2.0]]), "bias": np.array([0.5])})  # or tensors
    >>> layer.weight.data
    array([[1.],
           [2.]])
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"`state` is what `net.state_dict()` of PyTorch gave, not {type(state).__name__}")
    turned = _turned(model)
    numbers = {name: _array(tensor) for name, tensor in state.items()}
    model.load_state_dict({name: np.transpose(n) if name in turned else n for name, n in numbers.items()})


def _turned(model: Any) -> set[str]:
    """Name the parameters that PyTorch keeps the other way round."""
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `TensorMLP(2, [16, 1])`, not {model!r:.60}")
    return {f"{path}.weight".lstrip(".") for path, part in model.named_modules() if isinstance(part, Linear)}


def _array(tensor: Any) -> np.ndarray:
    """Take a tensor, also one on a device, or one that is trained, as an array."""
    return np.asarray(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor)
