"""The command `chalkgrad`: train a net on a table, use it, draw an expression; over the library's public names."""

from __future__ import annotations

import argparse
import contextlib
import csv
import dataclasses
import inspect
import io
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import autograd as ag
import nn
from chalkgrad.grading import grade, report

from ..data.tables import Table, TableEncoder, is_empty, numbers_of, read_table, recognised
from ..saving import files
from .expression import evaluate

__all__ = ["main"]

DATASETS = (
    "xor", "moons", "circles", "blobs", "gauss", "spirals", "checkerboard", "plane", "bumps",
    "iris", "wine", "breast_cancer", "digits", "diabetes",
)  # fmt: skip

TRAIN = f"""\
Train a net on a table, and save it.

The table is a CSV file whose first row names the columns. Numbers may be written
with decimal commas, thousands and units; dates become days, texts are one-hot
encoded, empty cells filled. What was done is printed, and the saved net does it
again. Or it is a data set that comes with the library:
{textwrap.fill(", ".join(DATASETS), 80)}.

Where the target is text, or holds few whole numbers, its values are classes;
otherwise it is a number to be predicted. A share of the rows is held out, and only
measured at the end. Columns are brought to one scale, which the saved net does by
itself: it takes the numbers as they stand in the table."""

PREDICT = """\
Predict the target of each row of a CSV file with a net that `chalkgrad train` saved.

The file must have the columns that the net was trained on, by name and in any
order. The predictions are CSV as well. Where the file has the target, too, what was
right is counted."""

DRAW = """\
Compute an expression, forward and backward, and draw its graph: values and gradients
in the boxes, local derivatives on the edges.

The expression is made of + - * / % **, brackets, numbers, names, and the functions
of the library, such as tanh, exp, relu."""

PLAYGROUND = """\
Write the playground to one HTML file: data, a net, its training and the numbers of
both passes, for any browser. It needs no network. Everything can be changed there."""


CHECK = """\
Grade a notebook with exercises: run it in a process of its own, with limits of time
and memory, and say which answers are right. The exit code is 0 if all are, else 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; give the exit code: 0, 1 for what cannot be done, 2 for what is not understood."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `chalkgrad predict ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, TypeError, OSError, ImportError, RuntimeError, FloatingPointError) as error:
        print(f"chalkgrad {options.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chalkgrad",
        description="Small neural networks and their graphs, from the command line.",
        epilog="Each command tells more: chalkgrad train --help",
    )
    parser.add_argument("--version", action="version", version=f"chalkgrad {ag.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, run: Any, summary: str, description: str, example: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=summary,
            description=description,
            epilog=f"for example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run)
        return made

    train = command(
        "train", _train, "train a net on a table", TRAIN,
        "chalkgrad train iris\n  chalkgrad train houses.csv --target price --hidden 64,64 --epochs 200 -o houses.npz",
    )  # fmt: skip
    train.add_argument("data", metavar="DATA", help="a CSV file, or the name of a data set")
    train.add_argument("--target", metavar="NAME", help="the column to be predicted")
    train.add_argument("--ignore", metavar="NAMES", type=_names, default=[], help="columns to leave out, with commas")
    train.add_argument("--missing", choices=["fill", "drop"], default="fill",
                       help="fill empty cells (median, most frequent), or drop such rows (default: fill)")  # fmt: skip
    train.add_argument("--task", choices=["classes", "numbers"], help="what the target is, if not as guessed")
    train.add_argument("--hidden", metavar="WIDTHS", type=_widths, default=[32], help="hidden layers (default: 32)")
    train.add_argument("--activation", metavar="NAME", default="relu", help="of the hidden layers (default: relu)")
    train.add_argument("--epochs", metavar="N", type=int, default=100, help="how often to go through (default: 100)")
    train.add_argument("--batch-size", metavar="N", type=int, default=32, help="rows in a step (default: 32)")
    train.add_argument("--lr", metavar="RATE", type=float, default=0.003, help="learning rate of Adam (default: 0.003)")
    train.add_argument("--held-out", metavar="SHARE", type=float, default=0.2, help="measured only (default: 0.2)")
    train.add_argument("--seed", metavar="N", type=int, default=0, help="of all that is random (default: 0)")
    train.add_argument("-o", "--output", metavar="FILE", help=".npz or .safetensors (default: DATA-model.npz)")

    predict = command(
        "predict", _predict, "use a trained net on a table", PREDICT,
        "chalkgrad predict houses.npz new.csv -o prices.csv",
    )  # fmt: skip
    predict.add_argument("model", metavar="MODEL", help="what `chalkgrad train` has saved")
    predict.add_argument("data", metavar="DATA.csv", help="the rows to predict")
    predict.add_argument("--proba", action="store_true", help="also give the probability of each class")
    predict.add_argument("-o", "--output", metavar="FILE", help="a CSV file (default: print it)")

    draw = command(
        "draw", _draw, "draw the graph of an expression", DRAW,
        'chalkgrad draw "tanh(a*b + c)" a=2 b=-3 c=10 -o graph.svg',
    )  # fmt: skip
    draw.add_argument("expression", metavar="EXPRESSION", help='such as "tanh(a*b + c)"; put it in quotes')
    draw.add_argument("values", metavar="NAME=NUMBER", nargs="*", type=_value, help="the value of each variable")
    draw.add_argument("--backward", action="store_true", help="draw the backward pass: arrows turned, products added")
    draw.add_argument("-o", "--output", metavar="FILE", help=".svg, .png, .pdf, .dot or .txt (default: print as text)")

    play = command(
        "playground", _playground, "write a page on which nets are trained and looked into", PLAYGROUND,
        "chalkgrad playground --data spirals --hidden 8,8 -o playground.html",
    )  # fmt: skip
    play.add_argument("--data", metavar="NAME", default="circles", help="the data to begin with (default: circles)")
    play.add_argument("--hidden", metavar="WIDTHS", type=_widths, default=[4, 2], help="hidden layers (default: 4,2)")
    play.add_argument("-o", "--output", metavar="FILE", default="playground.html", help="(default: playground.html)")

    check = command(
        "check", _check, "grade a notebook with exercises", CHECK,
        "chalkgrad check ann.ipynb --assignment xor.ipynb --report ann.md",
    )  # fmt: skip
    check.add_argument("notebook", metavar="NOTEBOOK", help="what a student handed in")
    check.add_argument("--assignment", metavar="FILE", help="as handed out: its checkers are used, not the student's")
    check.add_argument("--seconds", metavar="N", type=float, default=60, help="of each cell at most (default: 60)")
    check.add_argument("--memory", metavar="MB", type=int, default=4096, help="of the process at most (default: 4096)")
    check.add_argument("--report", metavar="FILE", help="also write the report to a file, as Markdown")
    return parser


# train -------------------------------------------------------------------------------------------------------


def _train(options: argparse.Namespace) -> None:
    path = options.output or f"{Path(options.data).stem}-model.npz"
    files.check(path)
    table = _data(options)
    if (target := options.target) is None:
        raise ValueError(f"say with --target which column is to be predicted: {_listed(np.array(table.names))}")
    table.known([target, *options.ignore])
    encoder = TableEncoder([*options.ignore, target])
    if options.missing == "drop":
        kept = table.complete([target, *(known["name"] for known in encoder.fit(table).columns)])
        table.notes.append(f"{len(table.rows) - len(kept)} rows with empty cells left out")
        table = dataclasses.replace(table.take(kept), notes=table.notes)
    y = _target(table, target)
    classes = _are_classes(y) if options.task is None else options.task == "classes"
    if not classes and y.dtype.kind not in "iuf":
        raise ValueError(f"the target {target!r} holds texts, such as {y[0].item()!r:.40}: it has classes, not numbers")
    labels = np.unique(y) if classes else y[:0]
    if classes and len(labels) < 2:
        raise ValueError(f"the target {target!r} is {y[0].item()!r:.40} in all rows: there is nothing to learn")
    many = f"has {len(labels)} classes: {_listed(labels)}" if classes else f"is a number, {y.min():g} to {y.max():g}"
    rows, rows_held, y, y_held = nn.split(np.arange(len(y)), y, options.held_out, rng=options.seed)
    notes = encoder.fit(table, rows=rows.tolist()).notes
    if not encoder.columns:
        raise ValueError(f"{options.data} has no column beside the target {target!r}")
    X = encoder.transform(table)
    print(f"{options.data}: {len(X)} rows, {len(encoder.columns)} columns; the target {target!r} {many}")
    for note in [*table.notes, *notes, *encoder.notes]:
        print(f"  {note}")
    X, X_held = X[rows], X[rows_held]
    if missing := sorted(set(labels) - set(y)):
        raise ValueError(f"all rows of the class {missing[0].item()!r} are held out: try another --seed or --held-out")
    scaler, outputs = nn.StandardScaler().fit(X), nn.StandardScaler()
    loss = ("cross_entropy" if len(labels) > 2 else "bce_with_logits") if classes else "mse"
    goal = y if classes else outputs.fit_transform(y)
    model = nn.TensorMLP(
        X.shape[1], [*options.hidden, len(labels) if len(labels) > 2 else 1], options.activation, rng=options.seed
    )
    print(f"{len(X)} rows to train on, {len(X_held)} held out; {_layers(model)}, "
          f"{model.num_parameters()} parameters, {loss}")  # fmt: skip
    history = nn.fit(
        model, scaler.transform(X), goal, loss,
        optimizer=nn.Adam(lr=options.lr), epochs=options.epochs, batch_size=options.batch_size, rng=options.seed,
    )  # fmt: skip
    _take_scales(model, scaler, outputs)
    if history.interrupted:
        print(f"interrupted after {len(history['loss'])} epochs")
    print(f"to train on: {_score(model, X, y, classes)}\n   held out: {_score(model, X_held, y_held, classes)}")
    nn.save(model, path, also={"columns": encoder.config(), "target": target})
    print(f"saved in {path}; to use it: chalkgrad predict {path} DATA.csv")


def _data(options: argparse.Namespace) -> Table:
    """Read the table, of a file or a data set."""
    if options.data in DATASETS and not Path(options.data).exists():
        make = getattr(nn.datasets, options.data)
        known = inspect.signature(make).parameters
        X, y = make(**{"names": True} if "names" in known else {}, **{"rng": options.seed} if "rng" in known else {})
        options.target = options.target or "y"
        columns = {f"x{i}": x.tolist() for i, x in enumerate(X.T)}
        return dataclasses.replace(Table.of({**columns, "y": y.tolist()}), path=options.data)
    if not Path(options.data).exists() and not Path(options.data).suffix:
        raise ValueError(f"there is no file {options.data!r}, and no data set; data sets are {', '.join(DATASETS)}")
    return read_table(options.data)


def _target(table: Table, name: str) -> np.ndarray:
    entries = table.column(name)
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
    """Guess whether a target is one of a few classes: texts, or few whole numbers that come again and again."""
    return y.dtype.kind not in "iuf" or (y.dtype.kind in "iu" and len(np.unique(y)) <= min(20, len(y) / 2))


def _take_scales(model: Any, inputs: Any, outputs: Any) -> None:
    """Let the first layer bring the columns to one scale, and the last one the outputs back to theirs."""
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


def _layers(model: Any) -> str:
    widths = [model[0].fan_in, *(layer.fan_out for layer in model if hasattr(layer, "fan_out"))]
    return f"a net of {'-'.join(map(str, widths))} units"


# predict -----------------------------------------------------------------------------------------------------


def _predict(options: argparse.Namespace) -> None:
    notes = nn.notes(options.model)
    if not isinstance(notes, dict) or not {"columns", "target"} <= set(notes):
        raise ValueError(f"{options.model} was not saved by `chalkgrad train`: it does not say which columns it takes")
    model: Any = nn.load(options.model)
    table, target = read_table(options.data), notes["target"]
    encoder = TableEncoder.from_config(notes["columns"])
    X = encoder.transform(table)
    for note in [*table.notes, *encoder.notes]:
        print(note, file=sys.stderr)
    predictions = model.predict(X)
    rows = [predictions.tolist()]
    names = [target]
    if options.proba:
        rows += model.predict_proba(X).T.tolist()
        names += [f"P({label})" for label in model.output_decoder.classes.tolist()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*rows, strict=True))
    if options.output is None:
        print(text.getvalue(), end="")
    else:
        files.replace(options.output, text.getvalue().encode())
    if target in table.names:
        with contextlib.suppress(ValueError, TypeError):  # the column may wait to be filled in
            score = _score(model, X, _target(table, target), model.output_decoder.classes is not None)
            print(f"of {len(X)} rows: {score}", file=sys.stderr)


# draw --------------------------------------------------------------------------------------------------------


def _draw(options: argparse.Namespace) -> None:
    numbers = dict(options.values)
    out, variables = evaluate(options.expression, numbers)
    out.backward()
    print(f"{options.expression} = {out.data:.6g}")
    for name, variable in variables.items():
        print(f"  derivative by {name} at {variable.data:.6g}: {variable.grad:.6g}")
    drawing = ag.draw(out, "backward" if options.backward else "forward")
    if options.output is None:
        print(drawing.text())
    else:
        drawing.save(options.output)
        print(f"drawn in {options.output}")


# playground --------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    grades = grade(options.notebook, options.assignment, options.seconds, options.memory)
    text = report(options.notebook, grades)
    if options.report:
        Path(options.report).write_text(text, encoding="utf-8")
    print(text, end="")
    return int(any(grade.state != "right" for grade in grades))


def _playground(options: argparse.Namespace) -> None:
    nn.playground(data=options.data, hidden=options.hidden).save(options.output)
    print(f"written to {options.output}: open it in a browser")


# arguments ---------------------------------------------------------------------------------------------------


def _refuse(message: str) -> NoReturn:
    raise argparse.ArgumentTypeError(message)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _widths(text: str) -> list[int]:
    try:
        widths = [int(width) for width in text.split(",")] if text else []
    except ValueError:
        widths = [0]
    return widths if all(width > 0 for width in widths) else _refuse(f"{text!r} is no list of widths, such as 64,64")


def _value(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    if not equals or not name.strip().isidentifier():
        _refuse(f"{text!r} is no value, such as a=2 (a part of the expression? put the whole of it in quotes)")
    try:
        return name.strip(), float(number)
    except ValueError:
        _refuse(f"{number!r} is no number: write {name.strip()}=2")


def _listed(labels: np.ndarray) -> str:
    names = [str(label) for label in labels[:8].tolist()]
    return ", ".join([*names, *(["..."] if len(labels) > 8 else [])])
