"""The table for people who come from other libraries: each row runs."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[1] / "notebooks" / "coming_from.md").read_text(encoding="utf-8")
ROWS = [re.findall(r"(?<!`)`([^`]+)`", line.split(" | ")[1])[0] for line in TEXT.splitlines()
        if line.startswith("| ") and " | " in line and not line.startswith("| there")]  # fmt: skip


def test_there_are_forty() -> None:
    assert len(ROWS) >= 40


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", ROWS)
def test_each_row_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if "estimators" in code or "TableEncoder" in code:
        pytest.importorskip("sklearn")
    names: dict[str, object] = {}
    exec(TEXT.partition("```python\n")[2].partition("```")[0], names)
    exec(code, names)


def test_the_loop_of_micrograd_runs_after_one_edit() -> None:
    from autograd import Value
    from nn import MLP

    model = MLP(3, [4, 4, 1])
    xs, ys = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]], [1.0, -1.0, -1.0, 1.0]
    assert all(p.grad is None for p in model.parameters())
    losses = []
    for _ in range(20):
        ypred = [model(list(map(Value, x)))[0] for x in xs]  # the edit: [0]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -0.05 * p.grad
        losses.append(loss.data)
    assert losses[-1] < losses[0]
