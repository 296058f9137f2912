"""The command `chalkgrad`: train a net on a table, predict with it, or draw an expression, with the public API."""

from __future__ import annotations

import argparse
import contextlib
import csv
import dataclasses
import inspect
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import autograd as ag
import nn
from chalkgrad import grading

from ..arguments import near
from ..data.tables import Table, TableEncoder, is_empty, numbers_of, read_table, recognised
from ..saving import files
from . import parser
from .expression import evaluate

__all__ = ["main"]

_MADE = {name: getattr(nn.datasets, name) for name in nn.datasets.__all__}
DATASETS = {name: make for name, make in _MADE.items() if getattr(make, "__annotations__", {}).get("return") == "Data"}
"""The data sets that are `X` and `y`, by name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code: 0, 1 if the command fails, 2 if the arguments are invalid."""
    known, unknown = _parser().parse_known_args(arguments)
    options = vars(known)
    command, run, own = (options.pop(name) for name in ("command", "run", "parser"))
    if unknown:
        own.error(f"unrecognized arguments: {' '.join(unknown)}{near(unknown[0], own._option_string_actions)}")
    try:
        return run(**options) or 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `chalkgrad predict ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        roles = [f": {x.dest.upper()} is {x.help}" for x in own._actions if options.get(x.dest) == error.filename]
        words = "there is no file" if isinstance(error, FileNotFoundError) else f"{error.strerror}:"
        message = f"{words} {error.filename!r}{''.join(roles)}" if error.filename else error
        print(f"chalkgrad {command}: {message}", file=sys.stderr)
        return 1
    except (ValueError, TypeError, ImportError, RuntimeError, FloatingPointError) as error:
        print(f"chalkgrad {command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="chalkgrad",
        description="Small neural networks and their graphs, from the command line.",
        epilog="Help for one command: chalkgrad train --help",
    )
    made.add_argument("--version", action="version", version=f"chalkgrad {ag.__version__}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    formats = ", ".join(ag.draw(ag.Value(0.0))._formats(1.0))
    for run in (train, predict, draw, playground, check):
        parser.add(commands, run, datasets=", ".join(DATASETS), formats=formats)
    return made


# train -------------------------------------------------------------------------------------------------------


def train(
    data: str,
    *,
    target: str | None = None,
    ignore: Sequence[str] = (),
    missing: str = "fill",
    task: str | None = None,
    hidden: Sequence[int] = (32,),
    activation: str = "relu",
    epochs: int = 100,
    batch_size: int = 32,
    lr: float = 0.003,
    held_out: float = 0.2,
    seed: int = 0,
    output: str | None = None,
) -> None:
    """Train a net on a table, and save it.

    The table is a CSV file whose first row names the columns. Numbers can have decimal
    commas, thousands separators and units. Dates are converted to days, texts are
    one-hot encoded, and empty cells are filled. The command prints what it did, and the
    saved net repeats these steps.

    If the target is text, or has few different integers, the net classifies; otherwise
    it predicts numbers. The score is computed on rows that are held out from training.
    The columns are standardised. The saved net includes this step, so it takes the
    numbers of the table as they are.

    Args:
        data: a CSV file, or the name of a data set: {datasets}
        target: the column to predict
        ignore: columns to leave out, separated by commas
        missing: fill empty cells (median, most frequent), or drop such rows
        task: predict classes or numbers (default: decided by the target)
        hidden: the widths of the hidden layers, separated by commas
        activation: the activation of the hidden layers
        epochs: the number of passes through the rows
        batch_size: the number of rows in a batch
        lr: the learning rate of Adam
        held_out: the fraction of the rows that is held out for the score
        seed: the seed of all random numbers
        output: .npz or .safetensors (default: DATA-model.npz)

    For example:
      chalkgrad train iris
      chalkgrad train houses.csv --target price --hidden 64,64 --epochs 200 -o houses.npz
    """
    path = output or f"{Path(data).stem}-model.npz"
    files.check(path)
    table, usual = _table(data, seed)
    if (target := target or usual) is None:
        raise ValueError(f"say with --target which column is to be predicted: {_listed([*table.columns])}")
    table.known([target, *ignore])
    encoder = TableEncoder([*ignore, target])
    if missing == "drop":
        kept = table.complete([target, *(known["name"] for known in encoder.fit(table).columns)])
        table.notes.append(f"{len(table.lines) - len(kept)} rows with empty cells left out")
        table = table.take(kept)
    y = _target(table, target)
    classes = _are_classes(y) if task is None else task == "classes"
    if not classes and y.dtype.kind not in "iuf":
        raise ValueError(f"the target {target!r} holds texts, such as {y[0].item()!r:.40}: it has classes, not numbers")
    labels = np.unique(y) if classes else y[:0]
    if classes and len(labels) < 2:
        raise ValueError(f"the target {target!r} is {y[0].item()!r:.40} in all rows: there is nothing to learn")
    many = f"has {len(labels)} classes: {_listed(labels)}" if classes else f"is a number, {y.min():g} to {y.max():g}"
    rows, rows_held, y, y_held = nn.split(np.arange(len(y)), y, held_out, rng=seed)
    notes = encoder.fit(table, rows=rows.tolist()).notes
    if not encoder.columns:
        raise ValueError(f"{data} has no column beside the target {target!r}")
    X = encoder.transform(table)
    summary = f"{data}: {len(X)} rows, {len(encoder.columns)} columns; the target {target!r} {many}"
    X, X_held = X[rows], X[rows_held]
    if gone := sorted(set(labels) - set(y)):
        raise ValueError(f"all rows of the class {gone[0].item()!r} are held out: try another --seed or --held-out")
    scaler, outputs = nn.StandardScaler().fit(X), nn.StandardScaler()
    loss = ("cross_entropy" if len(labels) > 2 else "bce_with_logits") if classes else "mse"
    goal = y if classes else outputs.fit_transform(y)
    widths = [X.shape[1], *hidden, len(labels) if len(labels) > 2 else 1]
    model = nn.TensorMLP(widths[0], widths[1:], activation, rng=seed)
    print("\n  ".join([summary, *table.notes, *notes, *encoder.notes]))
    net = f"a net of {'-'.join(map(str, widths))} units, {model.num_parameters()} parameters"
    print(f"{len(X)} rows to train on, {len(X_held)} held out; {net}, {loss}")
    history = nn.fit(
        model, scaler.transform(X), goal, loss,
        optimizer=nn.Adam(lr=lr), epochs=epochs, batch_size=batch_size, rng=seed,
    )  # fmt: skip
    _take_scales(model, scaler, outputs)
    if history.interrupted:
        print(f"interrupted after {len(history['loss'])} epochs")
    print(f"to train on: {_score(model, X, y, classes)}\n   held out: {_score(model, X_held, y_held, classes)}")
    nn.save(model, path, also={"columns": encoder.config(), "target": target})
    print(f"saved in {path}; to use it: chalkgrad predict {path} DATA.csv")


def _table(data: str, seed: int) -> tuple[Table, str | None]:
    """Read the table, of a file or a data set; of that also the target."""
    if Path(data).exists() or Path(data).suffix:
        return read_table(data), None
    if data not in DATASETS:
        raise ValueError(f"there is no file {data!r}, and no data set; data sets are {', '.join(DATASETS)}")
    make, settings = DATASETS[data], {"names": True, "rng": seed}
    X, y = make(**{name: settings[name] for name in settings.keys() & inspect.signature(make).parameters})
    columns = {f"x{i}": x.tolist() for i, x in enumerate(X.T)}
    return dataclasses.replace(Table.of({**columns, "y": y.tolist()}), path=data), "y"


def _target(table: Table, name: str) -> np.ndarray:
    entries = table.columns[name]
    if lines := [line for line, entry in zip(table.lines, entries, strict=True) if is_empty(entry)]:
        raise ValueError(f"{table.path}: the target {name!r} is empty in line {lines[0]}: fill it in, or leave out "
                         "such rows with --missing drop")  # fmt: skip
    found = recognised(entries, table.separator)
    if found is None or found[0] == "date":
        return np.array(entries)
    numbers = numbers_of(table, name, *found)
    whole = np.all(numbers == np.floor(numbers)) and np.abs(numbers).max() < 2**53
    return numbers.astype(np.int64) if whole else numbers


def _are_classes(y: np.ndarray) -> bool:
    """Return whether a target looks like classes: texts, or few different integers with many repeats."""
    return y.dtype.kind not in "iuf" or (y.dtype.kind in "iu" and len(np.unique(y)) <= min(20, len(y) / 2))


def _take_scales(model: Any, inputs: Any, outputs: Any) -> None:
    """Include the scaling of the columns in the first layer, and that of the outputs in the last one."""
    first, last = model[0], model[-1]
    first.bias.data = first.bias.data - (inputs.mean / inputs.scale) @ first.weight.data
    first.weight.data = first.weight.data / inputs.scale[:, None]
    if outputs.mean is not None:
        last.weight.data = last.weight.data * outputs.scale
        last.bias.data = last.bias.data * outputs.scale + outputs.mean


def _score(model: Any, X: np.ndarray, y: np.ndarray, classes: bool) -> str:
    predictions = model.predict(X)
    if classes:
        return f"{np.mean(predictions == y):.1%} right"
    return f"R2 {nn.metrics.r2(y, predictions):.3f}, mean absolute error {nn.metrics.mae(y, predictions):.4g}"


# predict -----------------------------------------------------------------------------------------------------


def predict(model: str, data: str, *, proba: bool = False, output: str | None = None) -> None:
    """Predict the target of each row of a table.

    The net is a file that `chalkgrad train` saved. The table is a CSV file. It must have the
    columns that the net was trained on, by name and in any order. The predictions are CSV as
    well. If the table also has the target, the command prints the score.

    Args:
        model: a file that `chalkgrad train` saved
        data: a CSV file with the rows to predict
        proba: also print the probability of each class
        output: a CSV file (default: print it)

    For example:
      chalkgrad predict houses.npz new.csv -o prices.csv
    """
    notes = nn.notes(model)
    if not isinstance(notes, dict) or not {"columns", "target"} <= set(notes):
        raise ValueError(f"{model} was not saved by `chalkgrad train`: it does not say which columns it takes")
    net: Any = nn.load(model)
    table, target = read_table(data), notes["target"]
    encoder = TableEncoder.from_config(notes["columns"])
    X = encoder.transform(table)
    for note in [*table.notes, *encoder.notes]:
        print(note, file=sys.stderr)
    predictions = net.predict(X)
    names, rows = [target], [predictions.tolist()]
    if proba:
        rows += net.predict_proba(X).T.tolist()  # says where a net has no classes
        names += [f"P({label})" for label in net.output_decoder.classes.tolist()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*rows, strict=True))
    if output is None:
        print(text.getvalue(), end="")
    else:
        files.replace(output, text.getvalue().encode())
        print(f"{len(X)} predictions written to {output}")
    if target in table.columns:
        with contextlib.suppress(ValueError, TypeError):  # the column may wait to be filled in
            score = _score(net, X, _target(table, target), net.output_decoder.classes is not None)
            print(f"of {len(X)} rows: {score}", file=sys.stderr)


# draw --------------------------------------------------------------------------------------------------------


def draw(
    expression: str, values: Sequence[tuple[str, float]] = (), *, backward: bool = False, output: str | None = None
) -> None:
    """Draw the graph of an expression.

    The boxes show values and gradients, the edges show local derivatives. An expression
    consists of + - * / % **, brackets, numbers, names, and functions of the library, such as
    tanh, exp, relu.

    Args:
        expression: the expression in quotes, such as "tanh(a*b + c)"
        values: the value of each variable, such as a=2
        backward: draw the backward pass, with reversed arrows and the products of the chain rule
        output: a file that ends in {formats} (default: print as text)

    For example:
      chalkgrad draw "tanh(a*b + c)" a=2 b=-3 c=10 -o graph.svg
    """
    out, variables = evaluate(expression, dict(values))
    out.backward()
    drawing = ag.draw(out, "backward" if backward else "forward")
    if output is not None:
        drawing.save(output)
    print(f"{expression} = {out.data:.6g}")
    for name, variable in variables.items():
        print(f"  derivative with respect to {name} at {variable.data:.6g}: {variable.grad:.6g}")
    print(drawing.text() if output is None else f"drawn in {output}")


# playground and check ----------------------------------------------------------------------------------------


def playground(*, data: str = "circles", hidden: Sequence[int] = (4, 2), output: str = "playground.html") -> None:
    """Write an interactive page that trains a net.

    The page is one HTML file for any browser, and works offline. It shows the data, the net,
    its training, and the numbers of the forward and backward pass. All settings can be
    changed on the page.

    Args:
        data: the first data set
        hidden: the widths of the hidden layers, separated by commas
        output: the HTML file

    For example:
      chalkgrad playground --data spirals --hidden 8,8 -o playground.html
    """
    nn.playground(data=data, hidden=hidden).save(output)
    print(f"written to {output}: open it in a browser")


def check(
    notebook: str,
    *,
    assignment: str | None = None,
    seconds: float = 60.0,
    memory: int = 4096,
    report: str | None = None,
) -> int:
    """Grade a notebook with exercises.

    The notebook runs in a separate process with limits of time and memory. The command
    prints which answers are right. The exit code is 0 if all are right, else 1.

    Args:
        notebook: the notebook that a student handed in
        assignment: the original notebook; its checkers replace the student's
        seconds: the time limit for each cell, in seconds
        memory: the memory limit of the process, in MB
        report: also write the report to this file, as Markdown

    For example:
      chalkgrad check ann.ipynb --assignment xor.ipynb --report ann.md
    """
    grades = grading.grade(notebook, assignment, seconds, memory)
    text = grading.report(notebook, grades)
    if report:
        Path(report).write_text(text, encoding="utf-8")
    print(text, end="")
    return int(any(grade.state != "right" for grade in grades))


def _listed(labels: Any) -> str:
    return ", ".join([*map(str, labels[:8]), *(["..."] if len(labels) > 8 else [])])
