"""The main job, whole: train a net on the moons and one on handwritten digits, and write a report with pictures.

`python -m notebooks.demo [FOLDER]` is what `make demo` runs. The report is one HTML file and the pictures beside it.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Tensor, Value, draw
from nn import MLP, SGD, Adam, History, TensorMLP, datasets, fit, losses, plots

__all__ = ["main"]

POINT = 7  # the one whose graph is drawn


def main(folder: Path) -> int:
    """Train, print the accuracies, and write the report; give the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    print("1. The moons: 100 points, MLP(2, [16, 16, 1]) of single numbers, 337 of them to learn.", flush=True)
    X, y, model, history = train_moons()
    moons = float(np.mean((model.outputs(X).ravel() > 0) == (y > 0)))
    print(f"   accuracy on the training points: {moons:.1%}", flush=True)
    print("2. Handwritten digits: 1,438 of 8 x 8 pixels to train on, 359 held out; a net of arrays.", flush=True)
    digits, digit_history = train_digits()
    print(f"   accuracy on the held-out fifth: {digits:.1%}", flush=True)
    pictures = write_pictures(folder, X, y, model, history, digit_history)
    report = folder / "index.html"
    report.write_text(page(moons, digits, pictures), encoding="utf-8")
    print(f"3. Pictures and a report: open {report}")
    return 0


def train_moons() -> tuple[np.ndarray, np.ndarray, MLP, History]:
    """Train as micrograd's demo does: hinge loss, L2 of 1e-4, a rate that falls from 1 to 0.1 over 100 full steps."""
    X, y = datasets.moons(100, noise=0.1, rng=1337)
    y = 2.0 * y - 1.0
    model = MLP(2, [16, 16, 1], "relu", rng=1337)

    def objective(scores: Any, labels: Any) -> Any:
        return losses.hinge(scores, labels) + 1e-4 * sum((p * p for p in model.parameters()), start=Value(0.0))

    falling = SGD(lr=lambda k: 1.0 - 0.9 * k / 100)
    history = fit(model, X, y, objective, optimizer=falling, epochs=100, batch_size=None, shuffle=False, progress=True)
    return X, y, model, history


def train_digits() -> tuple[float, History]:
    """Train a net of 64-64-10 units on four fifths of the digits; give its accuracy on the others."""
    X, X_test, y, y_test = datasets.split(*datasets.digits(), held_out=0.2, rng=0)
    model = TensorMLP(64, [64, 10], "relu", rng=0)
    adam = Adam(lr=0.003)
    history = fit(model, X, y, "cross_entropy", optimizer=adam, epochs=30, batch_size=32, rng=0, progress=True)
    return float(np.mean(model.outputs(X_test).argmax(axis=1) == y_test)), history


def write_pictures(
    folder: Path, X: np.ndarray, y: np.ndarray, model: MLP, history: History, digit_history: History
) -> list[tuple[str, str, str]]:
    """Draw what the report shows; give each picture's title, file and caption."""
    from matplotlib.figure import Figure

    shown = []

    def keep(title: str, name: str, caption: str, picture: Any) -> None:
        picture.savefig(folder / name, dpi=120) if isinstance(picture, Figure) else picture.save(folder / name)
        shown.append((title, name, caption))

    figure = Figure(figsize=(6, 5), layout="constrained")
    plots.decision_boundary(model, X, y, ax=figure.subplots())
    caption = "Blue is one moon, orange the other; the line is where the score is 0."
    keep("Where the net decides", "boundary.png", caption, figure)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for ax, (name, curve) in zip(figure.subplots(1, 2), (("moons", history), ("digits", digit_history)), strict=True):
        plots.learning_curve(curve, ax=ax)
        ax.set_title(name)
    keep("How the loss fell", "loss.png", "One point for each epoch.", figure)

    point = list(X[POINT])
    neuron = model.layers[0].neurons[0]
    x = [Value(v, label=f"x{i}") for i, v in enumerate(point)]
    out = neuron(x)
    out.label = "first neuron"
    out.backward()
    forward, backward = draw(out), draw(out, "backward")
    keep("One neuron, forward", "neuron.svg", "Values in the boxes, local derivatives on the edges.", forward)
    keep("One neuron, backward", "neuron-backward.svg", "The same places, the arrows turned round.", backward)
    model.zero_grad()

    tensors = model.to_tensors()
    score = tensors(Tensor([point], label="point"))
    score.label = "score"
    score.backward()  # the score, not the loss: a point that is well on its side has a hinge loss of 0, flat everywhere
    caption = "The same net, converted to arrays: each box says what its array holds. Scroll, or open it by a click."
    keep("The whole net on one point, forward", "net.svg", caption, draw(score))
    keep("The whole net on one point, backward", "net-backward.svg", "Gradients, in order.", draw(score, "backward"))
    return shown


def page(moons: float, digits: float, pictures: list[tuple[str, str, str]]) -> str:
    """Write the report: no script, and nothing from elsewhere."""
    figures = "\n".join(
        f'<figure><h2>{html.escape(title)}</h2>'
        f'<div><a href="{name}"><img src="{name}" alt="{html.escape(caption)}"></a></div>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for title, name, caption in pictures
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chalkgrad: a first report</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328; }}
figure {{ margin: 2rem 0; }} figure div {{ overflow-x: auto; }} figcaption {{ color: #57606a; }}
img[src$=png] {{ max-width: 100%; }} /* a graph keeps its size, so that its text can be read, and scrolls */
td, th {{ padding: .2rem 1rem .2rem 0; text-align: left; }}
</style></head><body>
<h1>Chalkgrad: a first report</h1>
<table>
<tr><th>data</th><th>net</th><th>accuracy</th></tr>
<tr><td>moons, 100 training points</td><td>MLP(2, [16, 16, 1]) of single numbers</td><td>{moons:.1%}</td></tr>
<tr><td>digits, the held-out fifth</td><td>TensorMLP(64, [64, 10])</td><td>{digits:.1%}</td></tr>
</table>
{figures}
</body></html>
"""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo")))
