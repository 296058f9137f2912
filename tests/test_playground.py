"""The pages: the JavaScript computes what Python computes, and in a browser every control does what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value
from nn.command import main
from nn.demos.formulas import ACTIVATIONS, OPTIMIZERS, SCORE_LOSSES, SURFACES
from nn.demos.page import bundle, module

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "nn" / "demos").glob("*.js"))

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is missing")


# -- logic, in node --


def flat(model: nn.TensorMLP) -> list[float]:
    """The parameters as a page keeps them: of each layer its weights, unit by unit, and its biases."""
    layers = [part for part in model if isinstance(part, nn.Linear)]
    return np.concatenate([np.r_[layer.weight.data.T.ravel(), layer.bias.data] for layer in layers]).tolist()


def training(sizes: list[int], steps: int = 200, batch: int = 7, **settings: Any) -> dict[str, Any]:
    """A net, and what the library makes of it in some steps."""
    is_ = {"activation": "tanh", "loss": "mse", "optimizer": "sgd", "lr": 0.05, "penalty": "none", "alpha": 0.0}
    is_ |= settings
    random = np.random.default_rng(len(str(is_)) + sum(sizes))
    X = random.normal(size=(40, sizes[0]))
    signs = np.where(X[:, :1] * X[:, -1:] > 0, 1.0, -1.0)
    y = (signs + 1) / 2 if is_["loss"] == "bce_with_logits" else signs
    loss: Any = nn.losses.LOSSES.get(is_["loss"])
    if sizes[-1] == 3:
        y = np.eye(3)[random.integers(0, 3, 40)]
        loss = SCORES[is_["loss"]]
    model = nn.TensorMLP(sizes[0], sizes[1:], is_["activation"], rng=3)
    made = OPTIMIZERS[is_["optimizer"]](model.parameters())
    made.lr = is_["lr"]
    penalty = getattr(nn, is_["penalty"])(is_["alpha"]) if is_["alpha"] else lambda model: 0.0
    rows = random.integers(0, 40, size=(steps, batch))
    start, losses = flat(model), []
    for row in rows:
        value = loss(model(X[row]), Tensor(y[row], requires_grad=False))
        made.zero_grad()
        (value + penalty(model)).backward()
        made.step()
        losses.append(value.item())
    return {"sizes": sizes, "is": is_, "X": X.tolist(), "Y": y.tolist(), "rows": rows.tolist(), "start": start,
            "losses": losses, "end": flat(model)}  # fmt: skip


def classifier(loss: str, alpha: float = 0.2) -> dict[str, Any]:
    """The numbers of the linear classifier: losses of points, their mean with the penalty, and its gradient."""
    random = np.random.default_rng(len(loss))
    layer = nn.Linear(2, 3, rng=1)
    points, labels = random.normal(size=(9, 2)), np.arange(9) % 3
    scores, rows = layer(points), np.eye(3)[labels]
    each = [SCORE_LOSSES[loss](scores[i], Tensor(rows[i], requires_grad=False)) for i in range(9)]
    total = ag.mean(ag.stack(each)) + nn.L2(alpha)(layer)
    total.backward()
    gradient = np.r_[layer.weight.grad.T.ravel(), layer.bias.grad]
    return {"loss": loss, "alpha": alpha, "start": flat(nn.Sequential(layer)), "total": total.item(),
            "points": [[*x, int(y)] for x, y in zip(points.tolist(), labels, strict=True)],
            "each": [x.item() for x in each], "gradient": gradient.tolist()}  # fmt: skip


def walked(optimizer: str, surface: str, mu: float = 0.7, lr: float = 0.001) -> dict[str, Any]:
    """The points that an optimiser comes to on a surface."""
    xs = [Value(-1.5), Value(0.8)]
    made, path = OPTIMIZERS[optimizer](xs), [[-1.5, 0.8]]
    made.lr = lr
    if getattr(made, "momentum", 0.0):
        vars(made)["momentum"] = mu
    for _ in range(50):
        made.zero_grad()
        SURFACES[surface](*xs).backward()
        made.step()
        path.append([x.data for x in xs])
    return {"optimizer": optimizer, "surface": surface, "mu": mu, "lr": lr, "path": path}


SCORES = {
    "weston_watkins": lambda z, y: nn.losses.multiclass_hinge(z, y),
    "softmax": lambda z, y: nn.losses.cross_entropy(z, y),
}


def all_cases() -> dict[str, Any]:
    trained = [training([2, 4, 2, 1], activation=name) for name in ACTIVATIONS]
    trained += [training([2, 5, 1], optimizer=name, lr=0.01) for name in OPTIMIZERS]
    losses = ("bce_with_logits", "hinge", "squared_hinge", "mae", "huber")
    trained += [training([3, 4, 1], loss=name, batch=3) for name in losses]
    trained += [training([2, *[8] * 6, 1], loss="bce_with_logits", lr=0.02)]
    trained += [training([2, 1], batch=1), training([7, 1, 1])]
    trained += [training([2, 6, 1], penalty=name, alpha=0.01, batch=10) for name in ("L1", "L2")]
    trained += [training([2, 3], loss=name) for name in SCORES]
    found = []
    nets = [([3], "relu"), ([8], "relu"), ([4, 3], "relu"), ([3, 3, 2], "leaky_relu"), ([5], "linear")]
    for seed, (hidden, activation) in enumerate(nets):
        net = nn.TensorMLP(2, [*hidden, 1], activation, rng=seed)
        for parameter in net.parameters():
            parameter.data = parameter.data + np.random.default_rng(seed).normal(0.0, 0.3, parameter.shape)
        sizes, count = [2, *hidden, 1], len(nn.inspect.regions(net))
        found.append({"sizes": sizes, "activation": activation, "start": flat(net), "count": count})
    walks = [walked(name, surface) for name in OPTIMIZERS for surface in ("valley", "saddle", "rosenbrock")]
    return {"training": trained, "regions": found, "walks": walks, "classifier": [classifier(x) for x in SCORE_LOSSES]}


@needs_node
def test_the_pages_compute_what_python_computes(tmp_path: Path) -> None:
    for name in [*(path.name for path in SOURCES), "formulas.js"]:
        (tmp_path / name).write_text(module(name), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "cases.json").write_text(json.dumps(all_cases()))
    done = subprocess.run(
        ["node", "--test", str(ROOT / "tests" / "pages")], capture_output=True, text=True, timeout=300,
        env={**os.environ, "PAGES": str(tmp_path), "CASES": str(tmp_path / "cases.json")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert int(re.findall(r"# pass (\d+)", done.stdout)[0]) > 60


@needs_node
def test_the_javascript_has_no_lint() -> None:
    folder = ROOT / "tests" / "pages"
    if not (folder / "node_modules").is_dir():
        pytest.skip("ESLint is missing: make lint")
    eslint = ["node", str(folder / "node_modules/eslint/bin/eslint.js"), "--config", str(folder / "eslint.config.mjs")]
    files = ["nn/demos", "tests/pages/net.test.mjs"]
    done = subprocess.run([*eslint, *files], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


# -- pages as text --


PAGES: dict[str, Any] = {
    "playground": nn.playground, "classifier": nn.linear_classifier_demo, "composition": nn.demos.composition,
    "joints": nn.demos.joints, "saturation": nn.demos.saturation, "momentum": nn.demos.momentum,
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_small_file_that_asks_for_nothing(name: str, tmp_path: Path) -> None:
    page = PAGES[name]()
    page.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text == page.html() and len(text.encode()) < 300_000
    links = set(re.findall(r"""(?:https?:)?//[\w.-]+\.\w+[^\s"'`]*""", re.sub(r"(?m)^\s*//.*|/\*.*?\*/", "", text)))
    assert links <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\beval\(|new Function|import\(|@import|<link|src=\"(?!data:)", text)
    framed = page._repr_html_()
    assert 'srcdoc="&lt;!doctype html&gt;' in framed and framed.count("<iframe") == 1


def test_the_command_writes_the_playground(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "play.html"
    assert main(["playground", "--data", "spirals", "--hidden", "", "-o", str(path)]) == 0
    assert str(path) in capsys.readouterr().out and path.read_text() == nn.playground(data="spirals", hidden=[]).html()
    assert main(["playground", "--data", "none", "-o", str(path)]) == 1


@needs_node
def test_the_page_begins_with_a_trained_net(tmp_path: Path) -> None:
    for name in [*(path.name for path in SOURCES), "formulas.js"]:
        (tmp_path / name).write_text(module(name), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    net = nn.TensorMLP(3, [4, 2, 1], "tanh", rng=3)
    X, y = nn.datasets.circles(20, rng=0)
    with_features = nn.Sequential(nn.Features("x0", "x1", "x0*x1"), *net)
    for model in (with_features, nn.MLP(2, [3, 1], "gelu", rng=0), nn.Linear(2, 1)):
        settings = json.dumps(nn.playground(X, y, model=model).settings)
        code = f"""
            import {{ arrays, netOf }} from "./setup.js";
            const state = {settings}, points = {json.dumps([{"x": a, "y": b} for a, b in X.tolist()])};
            const seen = (net) => {{
                const room = net.room(points.length);
                room.h[0].set(arrays(points, state).X);
                return [...net.forward(points.length, room)];
            }};
            console.log(JSON.stringify([seen(netOf(state)), seen(netOf(state, 9))]));
        """
        (tmp_path / "seen.mjs").write_text(code)
        told = subprocess.run(["node", "seen.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        same, drawn = json.loads(told)
        assert np.allclose(same, model.outputs(X)[:, 0], rtol=1e-12) and not np.allclose(same, drawn)


def test_a_model_that_the_page_cannot_hold_is_refused() -> None:
    between = nn.Sequential(nn.Linear(2, 2), nn.Softmax(), nn.Linear(2, 1))
    for model in (nn.TensorMLP(3, [4, 1]), nn.TensorMLP(2, [4, 2]), nn.Linear(2, 1, bias=False), nn.Tanh(), between):
        with pytest.raises(ValueError, match=r"has no place on the page") as found:
            nn.playground(model=model)
        assert "\n" not in str(found.value) and f"`model` {type(model).__name__}" in str(found.value)


def test_a_page_file_ends_in_html(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.html"):
        nn.playground().save(tmp_path / "page.txt")
    assert not list(tmp_path.iterdir())


def test_nothing_that_is_given_becomes_code() -> None:
    X, y = np.random.default_rng(0).normal(size=(8, 2)), np.array(["</script><script>alert(1)", "b"] * 4)
    text = nn.playground(X, y).html()
    assert "alert" not in text and text.count("<script") == 2
    assert bundle("playground.js").count("</script") == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data": "moons"}, "`data` is one of"),
        ({"hidden": [9]}, "`hidden` is up to six widths"),
        ({"hidden": [1] * 7}, "`hidden` is up to six widths"),
        ({"hidden": [0]}, "`hidden` is a whole number from 1"),
        ({"features": []}, "`features` are one or more"),
        ({"features": ["x0", "x0"]}, "`features` are one or more"),
        ({"loss": "cross_entropy"}, "`loss` is one of"),
        ({"data": "plane", "loss": "hinge"}, "`loss` is one of"),
        ({"noise": 0.7}, "`noise` is 0.7"),
        ({"seed": -1}, "`seed` is a whole number"),
        ({"X": [[0.0, 1.0]] * 4}, "`y` is missing"),
        ({"X": [[0.0]] * 4, "y": [0, 1, 0, 1]}, "shapes"),
        ({"X": [[0.0, 1.0]] * 4, "y": ["a", "b", "c", "a"]}, "`y` holds 3 classes"),
        ({"X": [[0.0, np.nan]] * 4, "y": [0, 1, 0, 1]}, "`X` holds nan"),
        ({"X": [[0.0, 1.0]] * 3, "y": [0, 1, 0]}, "four or more"),
    ],
)
def test_settings_that_are_none_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nn.playground(**settings)


# -- in a browser --


def opened(window: Any, page: Any, hash_: str = "", width: int = 1280) -> Any:
    page.save(window.folder / "page.html")
    window.page.set_viewport_size({"width": width, "height": 900})
    window.page.goto("about:blank")
    window.page.goto((window.folder / "page.html").as_uri() + hash_)
    window.page.wait_for_selector("html[data-ready=yes]")
    return window.page


def number(page: Any, selector: str) -> float:
    return float(page.inner_text(selector).replace("\u2212", "-").replace(",", ""))


def test_every_control_of_the_playground(window: Any) -> None:
    page = opened(window, nn.playground())
    first = number(page, ".losses .train output")
    page.click("[aria-label='one epoch']")
    assert number(page, ".epoch") == 1 and number(page, ".losses .train output") != first
    page.click("[aria-label=train]")
    page.wait_for_function("Number(document.querySelector('.epoch').textContent.replace(',', '')) > 5")
    for label in ("Learning rate", "Activation", "Optimizer", "Loss", "Penalty", "Its rate", "Speed"):
        box = page.get_by_label(label, exact=True)
        for value in box.locator("option").evaluate_all("options => options.map((x) => x.value)"):
            box.select_option(value)
    page.get_by_label("Learning rate", exact=True).select_option("0.03")
    page.click("[aria-label=pause], [aria-label=train]")
    for title in ("Exclusive or", "Two Gaussians", "Spiral", "Plane", "Hills and dales", "Circle"):
        page.click(f"[role=radio][aria-label='{title}']")
        expected = 600 if title in ("Plane", "Hills and dales") else 250
        assert page.locator(".output .points > *").count() == expected
    page.get_by_text("Show test data").click()
    assert page.locator(".output .points .test").count() == 250
    page.get_by_text("Discretize output").click()
    for label, value in (("Test data", 0.2), ("Noise", 0.25), ("Batch size", 30)):
        page.get_by_role("slider", name=label).fill(str(value))
    assert page.locator(".output .points .test").count() == 100
    page.click("text=new seed")
    assert "seed=2" in page.url and "noise=0.25" in page.url and "batch=30" in page.url
    page.click("[aria-label='add a hidden layer']")
    page.click("[aria-label='add a unit to layer 3']")
    page.click("[aria-label='take a unit from layer 1']")
    assert "hidden=3,2,3" in page.url and page.locator(".network .unit:not(.feature)").count() == 9
    for _ in range(3):
        page.click("[aria-label='take the last hidden layer away']")
    assert page.locator(".network .unit:not(.feature)").count() == 1
    assert "0 hidden layers" in page.inner_text(".net-head")
    for _ in range(6):
        page.click("[aria-label='add a hidden layer']")
    assert page.locator("[aria-label='add a hidden layer']").is_disabled()
    for name in ("x0^2", "x1^2", "x0*x1", "sin x0", "sin x1"):
        page.click(f"[aria-label='feature {name}']")
    assert page.locator(".feature[aria-pressed]").count() == 7
    page.click("[aria-label='reset the net']")
    assert number(page, ".epoch") == 0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.wait_for_function("Number(document.querySelector('.epoch').textContent.replace(',', '')) > 0")
    page.keyboard.press("Space")
    assert window.is_quiet(), (window.messages, window.requests)


def test_chromium_trains_as_python_does(window: Any) -> None:
    page = window.show("<!doctype html>")
    page.add_script_tag(content=bundle("net.js"))
    settings = {"loss": "bce_with_logits"}, {"activation": "relu", "optimizer": "adam"}
    for case in (training([2, 8, 8, 1], **own) for own in settings):
        losses = page.evaluate("""(one) => {
          const net = new $net.Net(one.sizes, one.is), flat = (rows) => Float64Array.from(rows.flat());
          net.P.set(one.start);
          return one.rows.map((rows) => net.step(flat(one.X), flat(one.Y), rows, 0, rows.length));
        }""", case)
        assert np.allclose(losses, case["losses"], rtol=1e-12, atol=1e-12)


def test_a_weight_is_edited_by_click_and_by_keyboard(window: Any) -> None:
    page = opened(window, nn.playground(hidden=[2]))
    before = number(page, ".losses .train output")
    page.evaluate("document.querySelector('.hits path').dispatchEvent(new MouseEvent('click'))")
    field = page.get_by_label("weight of x₀")
    field.fill("5")
    assert number(page, ".losses .train output") != before
    page.keyboard.press("Escape")
    assert not page.is_visible(".editor")
    page.locator(".unit.last").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "bias"
    page.keyboard.type("3")
    page.keyboard.press("Escape")
    assert "bias 3" in page.locator(".unit.last").get_attribute("aria-label")
    page.get_by_role("tab", name="Python").click()
    assert re.search(r"\[\[\[5, ", page.inner_text("pre")) and window.is_quiet()


def test_the_numbers_of_both_passes_are_those_of_the_library(window: Any) -> None:
    page = opened(window, nn.playground(data="gauss", hidden=[3], noise=0.5, seed=4))
    page.click("[aria-label='one epoch']")
    page.hover(".output .plane svg", position={"x": 90, "y": 120})
    assert page.locator(".tag.down:not(:empty)").count() == 6
    page.hover("h1")
    assert page.locator(".tag.down:not(:empty)").count() == 0
    page.click("text=next point")
    assert page.locator(".tag.up:not(:empty)").count() == 6 and page.locator(".tag.down:not(:empty)").count() == 6
    room: dict[str, Any] = {}
    page.get_by_role("tab", name="Python").click()
    code = page.inner_text("pre")
    page.get_by_role("tab", name="Forward and backward").click()
    exec(code, room)  # what a reader would paste
    assert abs(room["loss"](room["model"](room["train"][:, :2])[:, 0], room["train"][:, 2]).item()
               - number(page, ".losses .train output")) < 6e-3  # fmt: skip
    x, y, target, output = (float(t.replace("\u2212", "-")) for t in re.search(
        r"Point \((\S+), (\S+)\), target (\S+): output (\S+),", page.inner_text(".said")).groups())  # type: ignore[union-attr]
    row = room["train"][np.argmin(np.hypot(room["train"][:, 0] - x, room["train"][:, 1] - y))]
    h = Tensor(row[None, :2])
    out = room["model"](h)
    assert abs(out.item() - output) < 6e-3 and row[2] == target
    room["loss"](out[:, 0], row[2:]).backward()
    tags = [float(t.replace("\u2212", "-")) for t in page.locator(".feature .tag.down:not(:empty)").all_inner_texts()]
    assert np.allclose(tags, h.grad[0], atol=6e-4, rtol=1e-2)
    said = {"first step": "Forward: h₁", "last step": "Backward: h₃", "previous step": "Backward: h₂"}
    for name, sentence in said.items():
        page.click(f"[aria-label='{name}']")
        assert page.inner_text(".said").startswith(sentence) and page.locator(".unit.lit").count() == 1
    page.click("[aria-label='add a hidden layer']")  # while a step is shown
    page.click("[aria-label='last step']")
    page.click("[aria-label='take the last hidden layer away']")
    assert page.inner_text(".count") == "9 / 9" and page.locator(".unit.lit").count() == 1
    page.get_by_label("Lines show").select_option("gradient")
    page.click("text=let it go")
    assert page.locator(".tag.up:not(:empty)").count() == 0 and window.is_quiet()


def test_regions_restarts_surface_and_own_points(window: Any) -> None:
    page = opened(window, nn.playground(hidden=[3], activation="relu", optimizer="adam", batch_size=50), "#data=gauss")
    page.get_by_role("tab", name="Linear regions").click()
    assert re.match(r"[1-7] linear region", page.inner_text(".big")) and page.locator(".bend").count() == 1
    page.get_by_role("tab", name="50 restarts").click()
    page.get_by_label("Epochs for each").select_option("50")
    page.click("text=train 50 nets")
    page.set_viewport_size({"width": 1100, "height": 900})  # does not stop the training
    page.wait_for_selector(".thumb", timeout=60_000)
    assert sum(int(t) for t in page.locator(".barred span").all_inner_texts() if t) == 50
    page.locator(".thumb").first.click()
    assert page.inner_text(".thumb small") == page.inner_text(".losses .train output")
    page.get_by_role("tab", name="Loss surface").click()
    page.wait_for_selector(".contour", timeout=60_000)
    page.click("text=other directions")
    page.click("[role=radio][aria-label='Your own points']")
    assert page.locator(".output .points > *").count() == 0
    for brush, x in (("1", 80), ("-1", 240), ("1", 100), ("-1", 200)):
        page.get_by_label("A click on the output").select_option(brush)
        page.click(".output .plane svg", position={"x": x, "y": 150})
    page.get_by_text("Show test data").click()
    assert page.locator(".output .points > *").count() == 4
    page.click("[aria-label=train]")
    page.wait_for_function("Number(document.querySelector('.epoch').textContent.replace(',', '')) > 3")
    page.get_by_label("A click on the output").select_option("x")
    page.click(".output .plane svg", position={"x": 80, "y": 150})
    assert page.locator(".output .points > *").count() == 3 and window.is_quiet(), window.messages


def test_arrays_of_ones_own_and_an_address(window: Any) -> None:
    X, y = nn.datasets.moons(60, rng=0)
    page = opened(window, nn.playground(X, y, hidden=[4], test_size=0.5))
    assert page.locator(".output .points > *").count() == 30
    page = opened(window, nn.playground(), "#hidden=5&activation=relu&data=spirals&seed=9&evil=<script>")
    assert page.locator(".network .unit:not(.feature)").count() == 6
    assert page.get_by_label("Activation", exact=True).input_value() == "relu" and window.is_quiet()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "playground"])
def test_every_control_of_a_demo(name: str, window: Any) -> None:
    page = opened(window, PAGES[name]())
    page.wait_for_selector("svg path")
    before = page.inner_text("main")
    for control in page.locator("input[type=range]").all():
        for end in ("max", "min"):
            control.evaluate(f"(x) => {{ x.value = x.{end}; x.dispatchEvent(new Event('input')); }}")
    page.reload()
    for box in page.locator("select").all():
        for value in box.locator("option").evaluate_all("options => options.map((x) => x.value)"):
            box.select_option(value)
    page.locator("input[type=checkbox]").evaluate_all("boxes => boxes.forEach((box) => box.click())")
    for button in page.get_by_role("button").all():
        button.click(force=True)
    page.wait_for_timeout(300)
    assert page.inner_text("main") != before and "NaN" not in page.inner_text("main")
    assert window.is_quiet(), window.messages


@pytest.mark.parametrize(
    ("name", "play", "pause"),
    [("classifier", "run", "stop"), ("composition", "play", "pause"), ("momentum", "run", "pause")],
)
def test_a_demo_plays_and_pauses(name: str, play: str, pause: str, window: Any) -> None:
    page = opened(window, PAGES[name]())
    before = page.inner_text("main")
    page.get_by_role("button", name=play, exact=True).click()
    page.wait_for_timeout(600)
    page.get_by_role("button", name=pause, exact=True).click()
    stands = page.inner_text("main")
    page.wait_for_timeout(400)
    assert page.inner_text("main") == stands != before
    assert window.is_quiet(), window.messages


def test_points_of_the_linear_classifier_are_dragged(window: Any) -> None:
    page = opened(window, nn.linear_classifier_demo())
    point, row = page.locator(".point").first, page.locator("tbody").last.locator("tr").first
    assert row.inner_text().startswith("0.500\t0.400\t0")
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 - 100, box["y"] + 5)
    page.mouse.up()
    assert float(row.inner_text().split("\t")[0].replace("\u2212", "-")) < 0.2
    height = float(row.inner_text().split("\t")[1])
    page.keyboard.press("ArrowUp")
    assert abs(float(row.inner_text().split("\t")[1]) - height - 0.05) < 1e-9
    total = page.inner_text(".totals")
    page.click("text=single step")
    assert page.inner_text(".totals") != total and page.inner_text(".count") == "1 steps" and window.is_quiet()


def test_in_a_frame_without_rights_and_without_eval(window: Any) -> None:
    page = nn.playground()
    policy = '<meta http-equiv="Content-Security-Policy" content="script-src \'unsafe-inline\'">'
    framed = page._repr_html_().replace("<iframe ", '<iframe sandbox="allow-scripts" ')
    shown = window.show(f"<!doctype html>{policy}<body>{framed}</body>")
    frame = shown.frame_locator("iframe")
    frame.locator("[aria-label='one epoch']").click()
    assert frame.locator(".epoch").inner_text() == "000,001" and window.is_quiet(), window.messages
    stripped = re.sub(r"<iframe.*?</iframe>", "", page._repr_html_(), flags=re.DOTALL)
    assert "<script" not in stripped and "Playground" in stripped


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_runs_over_the_edge(scheme: str, window: Any) -> None:
    window.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for make in PAGES.values():
        page = opened(window, make(), width=390)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert window.is_quiet(), window.messages


def test_a_page_follows_the_theme_of_the_notebook_around_it(window: Any) -> None:
    shown = window.show(f"<body data-jp-theme-light='false'>{nn.demos.joints()._repr_html_()}</body>")
    frame = shown.frame_locator("iframe")
    frame.locator("html[data-ready=yes][data-theme=dark]").wait_for()
    shown.evaluate("document.body.dataset.jpThemeLight = 'true'")
    frame.locator("html[data-theme=light]").wait_for()
    height = shown.evaluate("document.querySelector('iframe').clientHeight")
    assert abs(height - frame.locator("main").evaluate("(x) => x.offsetHeight")) < 8 and window.is_quiet()


def test_all_controls_have_names_and_texts_have_contrast(window: Any) -> None:
    for make in PAGES.values():
        page = opened(window, make())
        for scheme in ("light", "dark"):
            window.page.emulate_media(color_scheme=scheme)
            assert page.evaluate(UNNAMED) == []
            assert page.evaluate(FAINT) == []


UNNAMED = """[...document.querySelectorAll("button, input, select, [role=img]")].filter((x) => !(x.ariaLabel
  || x.getAttribute("aria-label") || x.textContent.trim() || x.labels?.length)).map((x) => x.outerHTML.slice(0, 120))"""

FAINT = """(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((x) => x / 255)
      .map((x) => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (x) => {
    for (; x; x = x.parentElement) {
      const color = getComputedStyle(x).backgroundColor;
      if (color.startsWith("rgb(")) return color;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("p, label, h1, h2, button:enabled, span, output, td, th")]
    .filter((x) => x.textContent.trim() && x.checkVisibility() && !x.closest(".off") && !x.children.length)
    .map((x) => [light(getComputedStyle(x).color), light(behind(x)), x])
    .filter(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5)
    .map(([, , x]) => x.outerHTML.slice(0, 120));
})()"""
