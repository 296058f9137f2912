"""Saving and loading: one file, safetensors or npz, holds a model, the state of its training, and what you add.

The arrays in it are the state by its names, as in `state_dict`, so that other programs can read them. The rest is JSON
with a version: the layers and their configuration, what is frozen, the state of the optimiser. Nothing in a file is
run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..losses.output_decoder import OutputDecoder
from ..module import Module, check_model
from ..optim.update_rules import Optimizer
from .encoding import decode, encode
from .files import PathLike, pack, read, replace

VERSION = 2
"""Of what stands in the JSON. A program reads the versions up to its own. The first kept trained parameters alone."""


def save(model: Module, path: PathLike, optimizer: Optimizer | None = None, also: Any = None) -> None:
    """Save a model in a file, with the state of its optimiser where you give it: a checkpoint.

    The file is replaced in one moment: whatever happens, the old one is there or the new one, whole.

    Args:
        model: a Module. Of the library's own layers the architecture is kept as well, for `load`, and which parameters
            are frozen; of a Module that you wrote only the state is, as `state_dict` lists it, for `restore`.
        path: a file that ends in `.safetensors` or in `.npz`.
        optimizer: whose state is kept.
        also: anything of numbers, texts, arrays, generators of random numbers, lists, tuples and dicts, such as
            `{"epoch": 3, "rng": rng}`.

    Raises:
        ValueError: the name of the file ends otherwise.
        TypeError: an argument is not as above.
        OSError: the file cannot be written; what was there before is still there.
        ImportError: the file is a `.safetensors`, and safetensors is missing.

    >>> import tempfile
    >>> from chalkgrad.nn import TensorMLP
    >>> model = TensorMLP(2, [3, 1], "tanh", rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.npz", also={"epoch": 3})
    ...     again, notes = load(f"{folder}/model.npz"), restore(model, f"{folder}/model.npz")
    >>> again.summary() == model.summary(), notes
    (True, {'epoch': 3})
    """
    replace(path, packed(model, path, optimizer, also))


def packed(model: Module, path: PathLike, optimizer: Optimizer | None = None, also: Any = None) -> bytes:
    """Return what `save` writes."""
    _check_arguments(model, optimizer)
    arrays = _numbers(model)
    header: dict[str, Any] = {"format": "chalkgrad", "version": VERSION, "kind": type(model).__name__}
    architecture, header["why"] = _architecture(model, arrays)
    header["model"], header["tied"] = architecture, model.ties()
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    header["frozen"] = [name for name in model.state_dict() if name not in trained]
    header["optimizer"] = None if optimizer is None else encode(optimizer.state_dict(), "optimizer/", arrays)
    decoder = model.output_decoder
    header["reading"] = None if decoder is None else encode(decoder.config(), "model.output_decoder", arrays)
    header["also"] = encode(also, "also/", arrays)
    return pack(path, arrays, json.dumps(header, allow_nan=False))


def _check_arguments(model: Any, optimizer: Any) -> None:
    check_model(model)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"`optimizer` is an optimiser such as `SGD(lr=0.1)`, not {optimizer!r:.60}")


def load(path: PathLike) -> Module:
    """Make the model that a file holds, of the library's own layers.

    Raises:
        ValueError: the file is damaged or of another kind, or holds a Module of yours: use `restore`.
        OSError: there is no such file, or it may not be read.
        ImportError: the file is a `.safetensors`, and safetensors is missing.

    >>> import tempfile
    >>> from chalkgrad.nn import TensorMLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(TensorMLP(2, [3, 1], rng=1), f"{folder}/model.npz")
    ...     load(f"{folder}/model.npz").num_parameters()
    13
    """
    saved = _saved(path)
    if saved.header is None:
        raise ValueError(f"{saved.name} holds arrays without an architecture: make the model, and {_RESTORE}")
    if saved.header["model"] is None:
        raise ValueError(
            f"{saved.name} holds the parameters of a {saved.header['kind']}, not how it is made, for "
            f"{saved.header['why']}: make one, and {_RESTORE}"
        )
    model = saved.decoded("model")
    if not isinstance(model, Module):
        raise ValueError(f"{saved.name} is damaged: it names no model")
    saved.decoded("tied", lambda ties: _tie(model, ties))
    _check(model, saved)
    model.load_state_dict(saved.state(model))
    frozen = saved.decoded("frozen", set) or ()
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name not in frozen
    model.output_decoder = saved.output_decoder()
    return model


def restore(
    model: Module,
    path: PathLike,
    optimizer: Optimizer | None = None,
    *,
    amend: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Any:
    """Set the state of a model, and that of its optimiser, to those in a file; return what was saved `also`.

    The state is all that `model.state_dict()` lists. Which parameters are frozen stays as it is in `model`. `amend`
    changes the state of the optimiser on its way.

    The file may come from another program, if the names in it are those of `model.state_dict()`. Numbers keep their
    value: a float32 goes into a float64, not the other way. Everything is checked before anything is changed.

    Raises:
        ValueError: names all that does not fit: names, shapes, dtypes; or the file is damaged or of another kind.
        TypeError: an argument is not as above.
        OSError, ImportError: as for `load`.

    >>> import tempfile
    >>> from chalkgrad.nn import Linear
    >>> model, other = Linear(2, 1, rng=1), Linear(2, 1, rng=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.npz")
    ...     restore(other, f"{folder}/model.npz")
    >>> bool((other.weight.data == model.weight.data).all())
    True
    """
    _check_arguments(model, optimizer)
    saved = _saved(path)
    also, decoder = saved.decoded("also"), saved.output_decoder()
    _check(model, saved)
    if optimizer is not None:
        state = saved.decoded("optimizer", dict)
        if state is None:
            raise ValueError(f"{saved.name} holds no state of an optimiser: it was saved without `optimizer`")
        optimizer.bind(model.parameters())
        optimizer.load_state_dict(amend(state))
    model.load_state_dict(saved.state(model))
    model.output_decoder = decoder or model.output_decoder
    return also


def notes(path: PathLike) -> Any:
    """Return what was saved `also` with a model, without one.

    Raises:
        ValueError, OSError, ImportError: as for `load`.

    >>> import tempfile
    >>> from chalkgrad.nn import Linear
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Linear(2, 1, rng=1), f"{folder}/model.npz", also={"epoch": 3})
    ...     notes(f"{folder}/model.npz")
    {'epoch': 3}
    """
    return _saved(path).decoded("also")


_RESTORE = "write `nn.restore(model, path)`"


class _Saved(NamedTuple):
    """What a file holds."""

    name: str
    arrays: dict[str, np.ndarray]
    header: dict[str, Any] | None

    def state(self, model: Module) -> dict[str, Any]:
        """Return the state of the model: the arrays whose name has no `/`.

        The first version left out what is not trained. It comes from the architecture that is in the file, or else
        stays as it is in `model`.
        """
        found = {name: x for name, x in self.arrays.items() if self.header is None or not name.startswith(_PREFIXES)}
        if self.header is None or self.header["version"] > 1:
            return found
        made = self.decoded("model") or model
        return {**{name: x for name, x in made.state_dict().items() if name in dict(made.named_buffers())}, **found}

    def output_decoder(self) -> OutputDecoder | None:
        """Return what the outputs of the model mean; the format calls that the reading."""
        return self.decoded("reading", lambda config: OutputDecoder(**config))

    def decoded(self, part: str, make: Callable[[Any], Any] = lambda thing: thing) -> Any:
        """Return a part of the header as what it was, or what `make` makes of that; None where there is none."""
        if self.header is None or self.header.get(part) is None:
            return None
        try:
            return make(decode(self.header[part], self.arrays))
        except Exception as error:  # what a hostile header makes of the constructors
            reason = str(error) or type(error).__name__
            raise ValueError(f"{self.name} is damaged in its {part!r}: {reason}") from error


_PREFIXES = ("config/", "optimizer/", "also/")


def _saved(path: PathLike) -> _Saved:
    arrays, text = read(path)
    name = repr(os.fspath(path))
    if text is None:
        return _Saved(name, arrays, None)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} has a header that cannot be read: {error}") from error
    match header:
        case {"format": "chalkgrad", "version": int(version)} if version > VERSION:
            raise ValueError(
                f"{name} was written by a newer chalkgrad, in version {version}; this one reads up to version "
                f"{VERSION}: install a newer chalkgrad"
            )
        case {"format": "chalkgrad", "version": int(), "kind": _, "why": _, "model": _, "optimizer": _, "also": _}:
            return _Saved(name, arrays, header)
    raise ValueError(f"{name} has a header that cannot be read: it is not of chalkgrad, or has lost a part")


def _numbers(model: Module) -> dict[str, np.ndarray]:
    return {name: np.asarray(number) for name, number in model.state_dict().items()}


def _architecture(model: Module, arrays: dict[str, np.ndarray]) -> tuple[Any, str | None]:
    """Return the architecture as JSON; or None, and why it has to be made by hand."""
    own = dict(arrays)
    try:
        architecture = encode(model, "config/", own, modules=True)
        again = decode(json.loads(json.dumps(architecture)), own)
        _tie(again, model.ties())
    except (TypeError, ValueError) as error:
        return None, str(error)
    for one, other in zip(_looks(model), _looks(again), strict=False):
        if one != other:
            return None, f"{one} would become {other}"
    arrays.update(own)
    return architecture, None


def _tie(model: Module, ties: dict[str, str]) -> None:
    places = {name: (module, attribute, node) for name, module, attribute, node in model.places()}
    for name, known in ties.items():
        if name in places and known in places and "." not in places[name][1]:
            setattr(*places[name][:2], places[known][2])


def _looks(model: Module) -> list[str]:
    """What must be the same in a model that was made anew."""
    looks = [f"{name}: {module!r}" for name, module in model.named_modules()]
    looks += sorted(f"{name} of shape {array.shape} and {array.dtype}" for name, array in _numbers(model).items())
    return [*looks, "nothing"]


def _check(model: Module, saved: _Saved) -> None:
    """Raise an error that names all that keeps the state from being loaded."""
    if wrong := model.misfits(saved.state(model), exact=True):
        what = f"{saved.name} does not fit this {type(model).__name__}, so nothing was changed"
        raise ValueError("\n  ".join([f"{what}:", *wrong]))
