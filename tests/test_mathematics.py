"""Pictures in the textbook style, TikZ and equations: real mathematics, from labels and rules."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import TABLE, Tensor, Value, draw, latex
from autograd.drawing.analysis.notation import LATEX, TYPST
from autograd.drawing.render.svg_elements import size_of

NASTY = 'a{<b>|c}"d"\\N\\l&~^\ne'


def expression() -> Value:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    return e


def words(drawing: Any) -> list[str]:
    return [line.text for box in drawing._views[0].boxes for line in box.lines]


def formulas(drawing: Any) -> tuple[list[str], list[str]]:
    """What stands in the boxes and on the edges."""
    return words(drawing), [edge.text for edge in drawing._views[0].edges if edge.text]


def test_the_textbook_style() -> None:
    e = expression()
    boxes, beside = formulas(draw(e, style="textbook"))
    assert boxes == ["a = 2", "b = 1", "v1 = a + b", "= 3", "v2 = b + 1", "= 2", "e = v1*v2", "= 6"]
    assert beside == ["∂v1/∂a = 1", "∂v1/∂b = 1", "∂v2/∂b = 1", "∂e/∂v1 = 2", "∂e/∂v2 = 3"]
    boxes, beside = formulas(draw(e, style="textbook", derivatives="symbols"))
    assert boxes[:3] == ["a", "b", "v1 = a + b"] and beside[-2:] == ["∂e/∂v1 = v2", "∂e/∂v2 = v1"]
    boxes, beside = formulas(draw(e, "backward", style="textbook", derivatives="both"))
    assert "∂e/∂b = 5" in boxes and beside[-1] == "∂e/∂v2 = v1 = 3"


def test_rules_are_simplified_and_use_no_letter_of_another_leaf() -> None:
    x, y = Value(3.0, label="x"), Value(2.0, label="y")
    assert {"∂/∂x = 2*x"} <= set(words(draw(x**2, "backward")))
    assert {"∂/∂x = 1"} <= set(words(draw(x**1, "backward")))
    assert {"∂/∂u = v", "∂/∂v = u"} <= set(words(draw((x + y) * (x - y), "backward")))


@pytest.mark.parametrize(
    ("label", "typst", "latex_"),
    [
        ("w_1", 'w_(upright("1"))', "w_{1}"), (r"\theta", "θ", r"\theta"),
        ("alpha_{ij}", 'α_(upright("ij"))', r"\alpha_{ij}"),
        ("w1[3,0]", 'w_(upright("1,3,0"))', "w_{1,3,0}"),
        ("bias_of_a_unit", 'upright("bias")_(upright("of_a_unit"))', r"\mathrm{bias}_{\text{of\_a\_unit}}"),
        ("x_θ", 'x_(upright("θ"))', r"x_{\text{$\theta$}}"),
        ("learning rate", 'upright("learning rate")', r"\text{learning rate}"),
        ('"#$', 'upright("\\"#$")', r"\text{"+r'"\#\$}'),
        ("^", 'upright("^")', r"\text{\textasciicircum{}}"), ("loss", 'upright("loss")', r"\mathrm{loss}"),
    ],
)  # fmt: skip
def test_labels_as_mathematics(label: str, typst: str, latex_: str) -> None:
    assert (TYPST.name(label), LATEX.name(label)) == (typst, latex_)
    x = Value(2.0, label=label)
    assert draw(x * x, style="textbook").svg()  # typst takes it


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.elementwise])
def test_every_elementwise_row_can_be_typeset(name: str) -> None:
    row = TABLE[name]
    points = [low + 0.5 if np.isfinite(low := domain[0]) else 0.5 for domain in row.domain]
    y = row(*(Value(x, f"x_{i}") for i, x in enumerate(points)))
    drawing = draw(y, style="textbook", derivatives="both")
    assert "<path" in drawing.svg() and "documentclass" in drawing.tex() and latex(y)


@pytest.mark.parametrize(
    ("x", "written"), [(np.nan, r"\text{NaN}"), (-np.inf, r"-\infty"), (1e-30, r"1\cdot 10^{-30}")]
)
def test_numbers_that_are_no_digits(x: float, written: str) -> None:
    y = Value(x, label="x") * 1.0
    assert draw(y, style="textbook", derivatives="both").svg() and written in latex(y)


def net() -> Value:
    (score,) = nn.MLP(2, [4, 4, 1], "tanh", rng=1)([0.5, -1.0])
    return (score - 1) ** 2


def tensors() -> Tensor:
    model = nn.TensorMLP(2, [16, 1], "tanh", rng=1)
    return nn.losses.mse(model(Tensor(np.ones((100, 2)), label="X", requires_grad=False)), np.ones((100, 1)))


def batch() -> Any:
    out = nn.MLP(2, [16, 16, 1], "relu", rng=1).forward_rows(np.random.default_rng(1).normal(size=(20, 2)))
    return nn.losses.hinge(out, np.ones((20, 1)))


@pytest.mark.parametrize("make", [expression, net, tensors, batch])
def test_the_formulas_on_a_slide_have_18_points(make: Any) -> None:
    svg = draw(make(), style="textbook", ratio="16:9", legend=False).svg()
    width, height = size_of(svg)
    points_per_pixel = 0.75 * min(1280 / width, 720 / height)
    assert 22 * points_per_pixel > 17.5  # of a line in a box; the net had 9 with every value in a box of its own


def test_arrays_and_folded_neurons_in_the_textbook_style() -> None:
    boxes, _ = formulas(draw(tensors(), style="textbook"))
    assert {"X", "shape (100, 2)", "v2 = tanh(X @ weight + bias)"} <= set(boxes)
    assert "v1 = tanh(w·x + b)" in formulas(draw(net(), style="textbook"))[0]


def test_a_folded_layer_names_the_few_results_that_others_are_computed_from() -> None:
    a, b = nn.MLP(3, [8, 2], "relu", rng=3)([0.5, -1.0, 2.0])
    boxes, _ = formulas(draw((a - 1) ** 2 * b, style="textbook", depth=0))
    (layer,) = [text for text in boxes if "layer 2" in text]
    results, _, _ = layer.partition(" = ")
    assert any(f"({results.split(', ')[0]} - 1)**2" in text for text in boxes)
    (score,) = nn.MLP(1, [1, 1], "tanh", rng=1)([0.5])
    assert "v2 = b + w·x" in formulas(draw(score, style="textbook", depth=1))[0]


def test_a_composite_is_written_by_its_name() -> None:
    q, k, v = (Tensor(np.eye(2), label=name) for name in "QKV")
    y = ag.softmax(q @ ag.transpose(k) / 2.0, axis=-1) @ v
    assert "v1 = attention(Q, K, V)" in formulas(draw(y, style="textbook"))[0]


def test_two_views_stand_side_by_side_on_wide_paper() -> None:
    x = Value(0.5, label="x")
    y = x.exp() * x.tanh()
    look: dict[str, Any] = {"style": "textbook", "derivatives": "both", "legend": False}
    wide, narrow = (size_of(draw(y, "both", ratio=ratio, **look).svg())[0] for ratio in ("16:9", "1:2"))
    assert wide > narrow


def test_equations() -> None:
    e = expression()
    written = latex(e)
    assert r"v_{1} &= a + b = 2 + 1 = 3" in written and r"= 2 \cdot 1 + 3 \cdot 1 = 5" in written
    assert r"\frac{\partial e}{\partial v_{1}} &= \frac{\partial e}{\partial e} \cdot v_{2}" in latex(e, values=False)
    assert "5" not in latex(e, values=False)
    with pytest.raises(ValueError, match="arrays in the graph"):
        latex(Tensor([1.0, 2.0]).sum())


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex is installed")
def test_latex_accepts_what_is_written(tmp_path: Path) -> None:
    x, y = Value(2.0, label="x_1"), Value(-3.0, label=NASTY)
    e = ag.sigmoid((x * y + 1) ** 2 / x) - abs(y) * Value(0.5, label="bias_of_a_unit")
    draw(e, "both", style="textbook", derivatives="both").save(tmp_path / "a.tex")
    draw(e, "both").save(tmp_path / "b.tex")
    head = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}"
    (tmp_path / "c.tex").write_text(f"{head}{latex(e)}\\end{{document}}", encoding="utf-8")
    for name in ("a", "b", "c"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
        assert (tmp_path / f"{name}.pdf").stat().st_size > 5000
