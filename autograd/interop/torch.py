"""PyTorch's functions and modules as functions of ours: `torch.export` traces them, `aten` translates operations."""

from __future__ import annotations

import functools
import inspect
import operator
import re
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..checks import optional
from ..graph import Node
from ..tensor import Tensor
from .aten import ATEN, MOVES
from .program import Imported, Program, Slot, moved

_SHAPE_ONLY = re.compile(r"new_|_assert|sym_|.*_like$")
"""Operations that use no more of an operand than its shape."""


def from_torch(f: Any, *example: Any, scalars: bool = False, check: bool = True, **keywords: Any) -> Imported:
    """Return a module or function of PyTorch as a function of nodes, which you can draw, differentiate and compile.

    The results and gradients at the example are compared with those of PyTorch. Parameters become leaves, with their
    names in PyTorch as labels. A module stays in its mode (training or evaluation), and its buffers keep their values.
    The function is traced once, for the shapes of the example.

    Args:
        f: an `nn.Module`, or a function of tensors. Modules that it captures keep their parameters.
        *example, **keywords: arguments for the trace: tensors, and lists, tuples and dicts of them.
        scalars: whether graphs consist of Values, with one node for each number, for pictures of small models.
        check: whether to compare results and gradients with those of PyTorch. The comparison finds derivative rules
            that the trace does not contain.

    Raises:
        NotImplementedError: an operation has no counterpart. The message names the operation and its line.
        ValueError: the gradients differ, or a parameter does not belong to a module.
        ImportError: PyTorch is not installed.

    Source: torch.export, docs.pytorch.org/docs/stable/export.html.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    >>> x, y = torch.ones(4, 2).double(), torch.ones(4, 1).double()
    >>> f = from_torch(lambda x, y: torch.nn.functional.mse_loss(model(x), y), x, y)
    >>> loss = f(x, y)
    >>> loss.backward()
    >>> f.parameters["model.0.weight"].grad.shape
    (3, 2)
    """
    torch = optional("torch", "`from_torch`")
    module = f if isinstance(f, torch.nn.Module) else _module_of(f)
    exported = _exported(module, example, keywords)
    flat, spec = torch.utils._pytree.tree_flatten((example, keywords))
    own = dict(module.named_parameters())
    names = {id(p): name for name, p in own.items()}
    tied = {name: names[id(p)] for name, p in module.named_parameters(remove_duplicate=False)}
    places = {name: Slot(i) for i, name in enumerate(own)}
    arguments: dict[str, np.ndarray] = {}
    values: dict[str, Any] = {}
    taken: list[Any] = []
    constants = {**dict(exported.named_buffers()), **exported.constants, **exported.state_dict}
    for it in exported.graph_signature.input_specs:
        if it.kind.name == "USER_INPUT":
            x = flat[len(taken)]
            if isinstance(x, torch.Tensor):
                x, arguments[it.arg.name] = Slot(len(own) + len(arguments)), _array(x)
            taken.append(x)
            values[it.arg.name] = x
        elif it.kind.name == "PARAMETER":
            values[it.arg.name] = places[tied[it.target]]
        elif constants[it.target].requires_grad:
            raise ValueError(f"`f` captures a tensor that requires a gradient, {it.target}: make it an argument of `f`")
        else:
            values[it.arg.name] = _array(constants[it.target])
    program = Program(len(own) + len(arguments))
    program.arguments = torch.utils._pytree.tree_unflatten(taken, spec)
    _translate(exported, program, values)
    parameters = {name: Tensor(_array(p), name, requires_grad=p.requires_grad) for name, p in own.items()}
    made = Imported(f, program, parameters, arguments, scalars)
    if check:
        made.compare("PyTorch", functools.partial(_gradients, module, spec, flat, list(own)), [
            *map(_array, own.values()), *arguments.values()])  # fmt: skip
    return made


def _array(x: Any) -> Any:
    """Return a tensor as an array. Other objects stay as they are."""
    if not hasattr(x, "detach") or not hasattr(x, "numpy") or not hasattr(x, "device"):
        return x
    return x.detach().cpu().resolve_conj().numpy().copy()


def _module_of(f: Any) -> Any:
    """Return a function as a module, with the modules that it captures as submodules."""
    import torch

    module = torch.nn.Module()
    module.forward = lambda *args, **kwargs: f(*args, **kwargs)
    if isinstance(f, types.FunctionType):  # PyTorch keeps the lines of code of functions with this name only
        code = f.__code__.replace(co_name="forward")
        module.forward = types.FunctionType(code, f.__globals__, "forward", f.__defaults__, f.__closure__)
        module.forward.__kwdefaults__ = f.__kwdefaults__
    for name, x in _captured(f):
        if isinstance(x, torch.nn.Module):
            module.add_module(re.sub(r"\W", "_", name), x)
    return module


def _captured(f: Any) -> Iterator[tuple[str, Any]]:
    """Yield the objects that a function reads, by name: bound objects, its closure and its globals."""
    if isinstance(f, functools.partial):
        found = {"f": f.func, **{f"argument_{i}": x for i, x in enumerate(f.args)}, **f.keywords}
    elif inspect.ismethod(f):
        found = {"self": f.__self__}
    elif hasattr(f, "__code__"):
        read = inspect.getclosurevars(f)
        found = {**read.globals, **read.nonlocals}
    else:
        return
    for name, x in found.items():
        yield name, x
        if isinstance(x, (list, tuple, dict)):
            parts = x.items() if isinstance(x, dict) else enumerate(x)
            yield from ((f"{name}_{key}", part) for key, part in parts)
        elif x is not f:
            yield from _captured(x)


def _exported(module: Any, example: Any, keywords: Any) -> Any:
    """Trace, and let PyTorch decompose the operations that have no entry in the table."""
    torch = optional("torch", "`from_torch`")
    known = {**torch._decomp.decomposition_table, **dict(torch.export.default_decompositions().items())}
    apart: dict[Any, Any] = {}  # at first nothing, but operations in place
    before: Any = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of PyTorch about itself
        made = torch.export.export(module, example, keywords)
        while before is None or (apart and apart.keys() != before):  # the same again stand in what they are made of
            made, before = made.run_decompositions(apart), apart.keys()
            met = {node.target for node in made.graph.nodes if hasattr(node.target, "_schema")}
            apart = {op: known[op] for op in met if op in known and not _is_known(op)}
    return made


def _name(op: Any) -> str:
    return op._schema.name.split("::")[1]


def _is_known(op: Any) -> bool:
    """Return whether there is a rule for an operation, so that PyTorch need not decompose it."""
    return _name(op) in ATEN or op.is_view or _name(op) in MOVES or _SHAPE_ONLY.match(_name(op)) is not None


def _translate(exported: Any, program: Program, values: dict[str, Any]) -> None:
    import torch

    for node in exported.graph.nodes:
        args, settings = torch.fx.node.map_arg((node.args, dict(node.kwargs)), lambda x: values[x.name])
        if node.op == "output":
            kinds = exported.graph_signature.output_specs
            outs = [x for x, it in zip(args[0], kinds, strict=True) if it.kind.name == "USER_OUTPUT"]
            program.outputs = torch.utils._pytree.tree_unflatten(outs, exported.call_spec.out_spec)
        elif node.op == "call_function":
            scope, site = _origin(node)
            args, settings = _settings(args), {key: _settings(x) for key, x in settings.items()}
            values[node.name] = program.add(*_rule(node, args, settings, site), args, settings, scope, site)
        elif node.op == "get_attr":
            values[node.name] = _array(getattr(exported.graph_module, node.target))


def _origin(node: Any) -> tuple[str, str]:
    """Return the module and the operation that a node belongs to, and its line of code."""
    modules = [path for path, _ in (node.meta.get("nn_module_stack") or {"": ("", "")}).values()]
    lines = re.findall(r'File "(.*)", line (\d+)', node.meta.get("stack_trace") or "")
    own = [f"{file}:{line}" for file, line in lines if "/torch/" not in file] or [":".join(x) for x in lines[-1:]]
    name, made_of = node.name, node.meta.get("from_node")
    while made_of:
        name, made_of = made_of[-1].name, made_of[-1].from_node
    return f"{modules[-1]}: {name}".removeprefix(": "), own[-1] if own else "an unknown line"


def _rule(node: Any, args: Any, settings: Any, site: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return what computes an operation on nodes, and what does on arrays."""
    import torch

    op = node.target
    if not hasattr(op, "_schema"):
        return op, op  # of Python, such as getitem
    name = _name(op)
    if torch.Tag.nondeterministic_seeded in op.tags and name not in ATEN:
        raise NotImplementedError(f"`{op}` draws random numbers, and others each time, at {site}: call `.eval()` on a "
                                  "module with dropout, or hand the numbers over as an argument")  # fmt: skip
    theirs = functools.partial(_run, str(op))
    if name in ATEN:
        return ATEN[name], theirs
    if _SHAPE_ONLY.match(name):
        return functools.partial(_run_on_data, str(op)), theirs
    if _is_known(op) and not node.args[0].meta["val"].is_complex():
        fill = args[2] if name == "constant_pad_nd" and len(args) > 2 else 0.0
        numbers = functools.partial(theirs, **settings)
        return moved(numbers, tuple(node.args[0].meta["val"].shape), args[1:2] if fill else args[1:], fill), theirs
    return functools.partial(_refuse, str(op), site), theirs


def _run(op: str, *args: Any, **settings: Any) -> Any:
    """Return the result of an operation, computed by PyTorch on arrays."""
    import torch

    def lifted(x: Any) -> Any:
        return torch.from_numpy(x) if isinstance(x, np.ndarray) else _settings(x)

    tree_map = torch.utils._pytree.tree_map
    out = operator.attrgetter(op)(torch.ops)(*tree_map(lifted, args), **tree_map(lifted, settings))
    return tree_map(_array, out)


def _run_on_data(op: str, x: Any, *args: Any, **settings: Any) -> Any:
    return _run(op, np.asarray(x.data) if isinstance(x, Node) else x, *args, **settings)


def _refuse(op: str, site: str, *_: Any, **__: Any) -> Any:
    raise NotImplementedError(f"`{op}` of PyTorch has no counterpart among autograd's functions, at {site}")


def _settings(x: Any) -> Any:
    """Convert settings for a compiled program: a dtype becomes a text, and such a text a dtype."""
    import torch

    if isinstance(x, (list, tuple)):
        return (tuple if isinstance(x, tuple) else list)(map(_settings, x))
    if isinstance(x, str) and x.startswith("torch."):
        return getattr(torch, x.removeprefix("torch."))
    return str(x) if isinstance(x, (torch.dtype, torch.device)) else None if isinstance(x, torch.layout) else x


def _gradients(module: Any, spec: Any, flat: Any, names: list[str], values: Any, weights: Any) -> Any:
    """Return the outputs and gradients that PyTorch computes for some inputs."""
    import torch

    tensors = [torch.tensor(x).requires_grad_(x.dtype.kind == "f") for x in values]
    supply = iter(tensors[len(names) :])
    args, kwargs = torch.utils._pytree.tree_unflatten(
        [next(supply) if isinstance(x, torch.Tensor) else x for x in flat], spec
    )
    state = {**{k: b.clone() for k, b in module.named_buffers()}, **dict(zip(names, tensors, strict=False))}
    outs = torch.utils._pytree.tree_leaves(torch.func.functional_call(module, state, args, kwargs))
    total = [(y * torch.from_numpy(w)).sum() for y, w in zip(outs, weights, strict=True)
             if w is not None and y.requires_grad]  # fmt: skip
    if total:
        torch.autograd.backward(sum(total), inputs=[x for x in tensors if x.requires_grad])
    return [_array(y) for y in outs], [_array(x.grad) for x in tensors]
