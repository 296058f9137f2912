"""The command line as a user meets it: what it prints, what it leaves behind, what it says of mistakes."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, tanh
from nn.command import DATASETS, main
from nn.command.expression import evaluate, functions
from nn.data.tables import numbers_of, read_table

HOUSES = "rooms;area;town;price\n" + "".join(
    f"{rooms};{area};{'Ulm' if area % 2 else 'Bonn'};{1000 * rooms + 50 * area + 7.5}\n"
    for rooms in range(1, 7)
    for area in range(40, 140, 9)
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("houses.csv").write_text(HOUSES)


def run(*arguments: str) -> int:
    try:
        return main(arguments)
    except SystemExit as left:
        return int(left.code or 0)


# -- draw --


def test_draw_computes_and_draws(capsys: Any) -> None:
    assert run("draw", "tanh(a*b + c)", "a=2", "b=-3", "c=10", "-o", "graph.svg") == 0
    out = capsys.readouterr().out
    assert "tanh(a*b + c) = 0.999329" in out and "derivative with respect to a at 2: -0.00402285" in out
    assert Path("graph.svg").read_text().lstrip().startswith("<svg")


def test_draw_prints_text_and_the_backward_pass(capsys: Any) -> None:
    assert run("draw", "a*b", "a=2", "b=-3") == 0
    assert "[-3] a  data 2" in capsys.readouterr().out
    assert run("draw", "a*b", "a=2", "b=-3", "--backward") == 0
    assert "ackward" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["a^2", "a=1"], 1, "^ is no power here"),
        (["tahn(a)", "a=1"], 1, "no function `tahn`: did you mean"),
        (["frobnicate(a)", "a=1"], 1, "there are abs, acos"),
        (["ReLU(a)", "a=1"], 1, "did you mean relu"),
        (["anchor(a)", "a=1"], 1, "there is no function `anchor`"),
        (["a*b", "a=1"], 1, "no value is given for b: add b=1"),
        (["a*(b", "a=1"], 1, "the expression cannot be read"),
        (["", "a=1"], 1, "the expression cannot be read"),
        (["1 + 2"], 1, "has no variable"),
        (["a", "a=1", "z=2"], 1, "the expression has no z: leave that out"),
        (["tanh", "tanh=1", "-o", "x.bmp"], 1, "bmp"),
        (["a + 1", "a=1", "-o", "nowhere/x.svg"], 1, "nowhere"),
        (["tanh(a, a)", "a=1"], 1, "`tanh` takes 1 numbers, not 2"),
        (["tanh + a", "a=1"], 1, "`tanh` is a function: write tanh(...)"),
        (["leaky_relu()", "a=1"], 1, "`leaky_relu` takes 1 to 2 numbers, not 0"),
        (["a", "a=x"], 2, "'x' is no number: write a=2"),
        (["a", "*", "b"], 2, "put the whole of it in quotes"),
    ],
)
def test_mistakes_in_draw_are_told_without_a_traceback(arguments: Any, code: int, message: str, capsys: Any) -> None:
    assert run("draw", *arguments) == code
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error and "chalkgrad draw" in error


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch broken')", "a.data", "a[0]", "(lambda: a)()", "[a for a in (1,)]", "{a}",
        "a and a", "a < 1", "f'{a}'", "'a' * 9", "a := 1", "tanh(*[a])", "tanh(x=a)", "True + a", "1j * a", "a; a",
        "a\nb", "_trunc(a)", "a @ a", "a // 2", "~a", "not a", "await a", "(yield)", "...", "None", "a if a else 1",
    ],
)  # fmt: skip
def test_nothing_but_arithmetic_is_an_expression(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        evaluate(text, {"a": 1.0})
    assert not Path("broken").exists()


def test_expressions_give_the_graph_that_python_gives() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    out, variables = evaluate("-tanh(a * b + 10) ** 2 / (a - b) % 1.5 + pi", {"a": 2.0, "b": -3.0})
    same = -(tanh(a * b + 10) ** 2) / (a - b) % 1.5 + np.pi
    out.backward()
    same.backward()
    assert out.data == same.data and (variables["a"].grad, variables["b"].grad) == (a.grad, b.grad)


def test_numbers_without_end_do_no_harm() -> None:
    assert evaluate("9**9**9**9 + a", {"a": 1.0})[0].data == np.inf
    assert evaluate("1" + "0" * 400 + " * a", {"a": 1.0})[0].data == np.inf
    assert evaluate("(-8) ** (1/3) * a", {"a": 1.0})[0].data != 0.0
    for text in ("(" * 5000 + "a" + ")" * 5000, "-" * 5000 + "a", "+".join(["a"] * 100_000), "1" * 5000):
        with contextlib.suppress(ValueError):
            evaluate(text, {"a": 1.0})


def test_every_function_of_the_table_can_be_called() -> None:
    for name, op in functions().items():
        out, _ = evaluate(f"{name}({', '.join(['a'] * op.arity)})", {"a": 0.5})
        assert out.op is op


def test_the_help_of_draw_names_all_formats_that_a_drawing_is_saved_in(capsys: Any) -> None:
    assert run("draw", "--help") == 0
    told = capsys.readouterr().out
    assert all(suffix in told for suffix in (".svg", ".png", ".pdf", ".html", ".txt", ".tex", ".dot", ".mmd"))
    assert run("draw", "a*b", "a=1", "b=2", "-o", "x.bmp") == 1
    captured = capsys.readouterr()
    assert captured.out == "" and all(f"{suffix}," in captured.err for suffix in (".svg", ".html", ".tex", ".dot"))


# -- what is wrong is said before anything is done --


@pytest.mark.parametrize(
    ("arguments", "code", "messages"),
    [
        (["train", "iris", "--epochs", "-3"], 2, ["usage: chalkgrad train", "a whole number from 1, not -3"]),
        (["train", "iris", "--seed", "-1"], 2, ["`seed` is a whole number from 0, not -1"]),
        (["train", "iris", "--batch-size", "2.5"], 2, ["argument --batch-size: '2.5' is no whole number"]),
        (["train", "iris", "--lr", "nan"], 2, ["`lr` is nan"]),
        (["train", "iris", "--activation", "foo"], 1, ["`activation` 'foo' is unknown"]),
        (["train", "iris", "--held-out", "1.5"], 1, ["`held_out`"]),
        (["train", "iris", "--learning-rate", "1"], 2, ["usage: chalkgrad train", "Did you mean '--lr'?"]),
        (["predict", "a.npz", "b.csv", "--probe"], 2, ["usage: chalkgrad predict", "--probe"]),
        (["train", "no.csv"], 1, ["there is no file 'no.csv': DATA is a CSV file"]),
        (["predict", "no.npz", "houses.csv"], 1, ["file 'no.npz': MODEL is a file that `chalkgrad train` saved"]),
        (["check", "no.ipynb"], 1, ["there is no file 'no.ipynb': NOTEBOOK is the notebook that a student handed in"]),
        (["train", "."], 1, ["'.'"]),
    ],
)
def test_a_wrong_option_or_file_is_named_with_what_is_expected(
    arguments: list[str], code: int, messages: list[str], capsys: Any
) -> None:
    assert run(*arguments) == code
    captured = capsys.readouterr()
    assert captured.out == "" and "Errno" not in captured.err
    assert all(message in captured.err for message in messages), captured.err


# -- train and predict --


def test_train_save_and_predict_numbers(capsys: Any) -> None:
    assert run("train", "houses.csv", "--target", "price", "--ignore", "town", "--epochs", "60", "--lr", "0.02") == 0
    out = capsys.readouterr().out
    assert "72 rows, 2 columns; the target 'price' is a number, 3007.5 to" in out
    assert "58 rows to train on, 14 held out" in out and "saved in houses-model.npz" in out
    assert float(out.rpartition("R2 ")[2].partition(",")[0]) > 0.9
    assert run("predict", "houses-model.npz", "houses.csv", "-o", "prices.csv") == 0
    captured = capsys.readouterr()
    assert "of 72 rows: R2 0.9" in captured.err and captured.out == "72 predictions written to prices.csv\n"
    with open("prices.csv", newline="") as file:
        names, *rows = csv.reader(file)
    prices = np.array([float(line.split(";")[3]) for line in HOUSES.splitlines()[1:]])
    assert names == ["price"] and np.abs(np.array(rows, float)[:, 0] - prices).mean() < 600


def test_the_saved_net_takes_the_numbers_of_the_table() -> None:
    assert run("train", "houses.csv", "--target", "price", "--ignore", "town", "--epochs", "5", "-o", "h.npz") == 0
    table = read_table("houses.csv")
    model = nn.load("h.npz")
    run("predict", "h.npz", "houses.csv", "-o", "p.csv")
    predicted = np.array(Path("p.csv").read_text().split()[1:], float)
    X = np.stack([numbers_of(table, name, "number", "plain") for name in ("rooms", "area")], axis=1)
    assert np.allclose(model.outputs(X)[:, 0], predicted, rtol=1e-12)


def test_classes_of_text_with_probabilities_and_columns_in_another_order(capsys: Any) -> None:
    assert run("train", "houses.csv", "--target", "town", "--epochs", "2") == 0
    assert "has 2 classes: Bonn, Ulm" in capsys.readouterr().out
    Path("new.csv").write_text("\ufeffextra,price,area,rooms\nx,5000,41,2\ny,7000,40,3\n", encoding="utf-8")
    assert run("predict", "houses-model.npz", "new.csv", "--proba") == 0
    header, *rows = capsys.readouterr().out.split()
    assert header == "town,P(Bonn),P(Ulm)" and len(rows) == 2
    for row in rows:
        town, *chances = row.split(",")
        bonn, ulm = map(float, chances)
        assert town == ("Bonn" if bonn > ulm else "Ulm") and abs(bonn + ulm - 1) < 1e-12


def test_a_target_that_waits_to_be_filled_in_is_no_mistake(capsys: Any) -> None:
    run("train", "houses.csv", "--target", "price", "--ignore", "town", "--epochs", "1")
    capsys.readouterr()
    for price in ("", "?"):
        Path("new.csv").write_text(f"rooms,area,price\n3,70,{price}\n4,80,{price}\n")
        assert run("predict", "houses-model.npz", "new.csv") == 0
        out, error = capsys.readouterr()
        assert len(out.split()) == 3 and not error


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_can_be_trained_on(name: str, capsys: Any) -> None:
    shares = ["--held-out", "0.25"] if name == "xor" else []
    code = run("train", name, "--epochs", "1", "--batch-size", "200", "--seed", "1", *shares)
    assert code == 0, capsys.readouterr().err
    assert nn.load(f"{name}-model.npz").num_parameters() > 30


def test_iris_is_learned(capsys: Any) -> None:
    assert run("train", "iris", "--seed", "1", "--epochs", "200") == 0
    out = capsys.readouterr().out
    assert "has 3 classes: setosa, versicolor, virginica" in out
    assert float(out.partition("to train on: ")[2].partition("%")[0]) > 95


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["houses.csv"], 1, "say with --target which column"),
        (["houses.csv", "--target", "prize"], 1, "houses.csv has no column 'prize'; it has 'rooms', 'area'"),
        (["houses.csv", "--target", "price", "--ignore", "twon"], 1, "no column 'twon'"),
        (["houses.csv", "--target", "price", "--ignore", "rooms,area,town"], 1, "no column beside the target"),
        (["houses.csv", "--target", "town", "--task", "numbers"], 1, "holds texts, such as 'Bonn'"),
        (["nothing.csv", "--target", "x"], 1, "nothing.csv"),
        (["iirs"], 1, "there is no file 'iirs', and no data set; data sets are xor, moons"),
        (["."], 1, "."),
        (["iris", "--target", "petal"], 1, "iris has no column 'petal'; it has 'x0'"),
        (["iris", "--ignore", "nonsense"], 1, "iris has no column 'nonsense'"),
        (["iris", "--missing", "guess"], 2, "invalid choice: 'guess'"),
        (["iris", "--hidden", "3,x"], 2, "'3,x' is no list of widths"),
        (["iris", "--epochs", "0"], 2, "`epochs`"),
        (["iris", "--lr", "-1"], 2, "`lr` is -1"),
        (["iris", "--lr", "1e300"], 1, "the loss became"),
        (["iris", "--held-out", "1.5"], 1, "`held_out`"),
        (["iris", "--activation", "rellu"], 1, "`activation` 'rellu' is unknown"),
        (["iris", "-o", "model.pt"], 1, "must end in .npz or .safetensors"),
        (["iris", "-o", "houses.csv"], 1, "must end in .npz or .safetensors"),
        (["iris", "-o", "."], 1, "must end in"),
        (["iris", "-o", "nowhere/model.npz"], 1, "there is no folder"),
        (["iris", "--seed", "-1"], 2, "seed"),
        (["iris", "--epochs", "many"], 2, "'many' is no whole number"),
        ([], 2, "required: DATA"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_mistakes_in_train_are_told_without_a_traceback(arguments: Any, code: int, message: str, capsys: Any) -> None:
    before = set(os.listdir())
    assert run("train", *arguments) == code
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error and set(os.listdir()) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no rows"),
        ("a,b\n", "has no rows"),
        ("1,2\n3,4\n", "begins with numbers: the first row must name"),
        ("a,b\n1,2\n\n1\n", "has 1 entries in line 4, and 2 columns"),
        ("a,b\n1,2\n1,2,3\n", "has 3 entries in line 3"),
        ("a,b\n1,2\n2,3\ninf,2\n", "column 'a' holds 'inf' in line 4 among numbers: mend it, or leave"),
        ('a,b\n"1,2\n', "is no CSV"),
        ("a,b\n1,\n2,3\n", "the target 'b' is empty in line 2: fill it in, or leave out such rows with --missing drop"),
        ("a,b\n1,7\n2,7\n", "is 7 in all rows"),
        ("a,b\n1,x\n2,x\n", "is 'x' in all rows"),
        ("a,b\n1,x\n2,y\n", "held_out"),
        ("a,b\n0,x\n1,x\n2,x\n3,x\n4,y\n5,x\n6,x\n7,x\n8,x\n", "all rows of the class 'y' are held out"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no text"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(content: Any, message: str, capsys: Any) -> None:
    Path("bad.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run("train", "bad.csv", "--target", "b", *(["--task", "classes"] if "in all rows" in message else [])) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") <= 3


def test_mistakes_in_predict_are_told(capsys: Any) -> None:
    run("train", "houses.csv", "--target", "price", "--ignore", "town", "--epochs", "1")
    nn.save(nn.Linear(2, 1), "own.npz")
    Path("few.csv").write_text("rooms\n3\n")
    Path("word.csv").write_text("rooms,area\nmany,3\n")
    Path("torn.npz").write_bytes(Path("houses-model.npz").read_bytes()[:500])
    capsys.readouterr()
    for arguments, message in (
        (["houses-model.npz", "word.csv"], "word.csv: column 'rooms' holds 'many' in line 2, where a number"),
        (["houses-model.npz", "few.csv"], "few.csv has no column 'area'; it has 'rooms'"),
        (["own.npz", "houses.csv"], "own.npz was not saved by `chalkgrad train`"),
        (["torn.npz", "houses.csv"], "damaged"),
        (["none.npz", "houses.csv"], "none.npz"),
        (["houses.csv", "houses.csv"], "must end in"),
        (["houses-model.npz", "houses.csv", "--proba"], "values, not probabilities"),
        (["houses-model.npz", "houses.csv", "-o", "nowhere/x.csv"], "nowhere"),
    ):
        assert run("predict", *arguments) == 1
        error = capsys.readouterr().err
        assert message in error and "Traceback" not in error


def test_quoted_entries_may_hold_line_ends_and_separators() -> None:
    Path("q.csv").write_text('"a","the b, with\na break"\n1,"x, y"\n')
    table = read_table("q.csv")
    assert table.columns == {"a": ["1"], "the b, with\na break": ["x, y"]} and table.lines == [3]


# -- tables as people have them --

def _people(n: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [
        f'{i + 1},{i % 2},"Smith, Mr. {i}",{"male" if i % 2 else "female"},{"" if i % 5 == 1 else 20 + i},'
        f'{rng.uniform(5, 99):.4f},{"C" + str(i) if i % 3 == 0 else ""},{"" if i == 7 else "SCQ"[i % 3]}'
        for i in range(n)
    ]


def test_a_table_with_texts_and_empty_cells(capsys: Any) -> None:
    header = "PassengerId,Survived,Name,Sex,Age,Fare,Cabin,Embarked"
    Path("titanic.csv").write_text("\n".join([header, *_people(60)]) + "\n\n\n")
    assert run("train", "titanic.csv", "--target", "Survived", "--epochs", "60", "--lr", "0.02") == 0
    out = capsys.readouterr().out
    assert "60 rows, 5 columns; the target 'Survived' has 2 classes: 0, 1" in out
    assert "column 'Name' holds 60 different texts: left out" in out
    assert "column 'Age': 12 empty cells filled with" in out and "column 'Embarked': 1 empty cell filled" in out
    assert "held out: 100.0% right" in out
    Path("new.csv").write_text("Fare,Sex,Age,Embarked,PassengerId\n7.5,male,,X,99\n8.5,female,30,S,98\n")
    assert run("predict", "titanic-model.npz", "new.csv") == 0
    out, error = capsys.readouterr()
    assert out.split() == ["Survived", "1", "0"]
    assert "column 'Age': 1 empty cell filled with" in error and "column 'Embarked': 'X' unknown, zeros" in error
    arguments = ["--target", "Survived", "--missing", "drop", "--ignore", "Cabin", "--epochs", "1"]
    assert run("train", "titanic.csv", *arguments) == 0
    assert "13 rows with empty cells left out" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_table_of_the_continent(encoding: str, capsys: Any) -> None:
    rows = [f"{i % 28 + 1:02d}.03.2024;{i + 1}.{100 + i},50;{i % 9},5 %;{('Köln', 'Ulm')[i % 2]}" for i in range(40)]
    Path("verkauf.csv").write_bytes("\r\n".join(["Tag;Umsatz;Anteil;Ort", *rows, ";;;", ""]).encode(encoding))
    assert run("train", "verkauf.csv", "--target", "Umsatz", "--epochs", "1") == 0
    out = capsys.readouterr().out
    assert "the target 'Umsatz' is a number, 1100.5 to 40139.5" in out
    assert "column 'Tag' read as dates, %d.%m.%Y" in out and "column 'Anteil' read as numbers, decimal commas" in out
    assert ("read as Latin-1" in out) == (encoding == "latin-1")


def test_thousands_an_index_and_two_columns_of_one_name(capsys: Any) -> None:
    rows = [f'{i},"${i + 1},{100 + i}.50",{i % 7},{i * i},2024-01-{i % 28 + 1:02d}' for i in range(40)]
    Path("prices.csv").write_text("\n".join([",price,size,size,when", *rows]))
    assert run("train", "prices.csv", "--target", "price", "--epochs", "1") == 0
    out = capsys.readouterr().out
    assert "is a number, 1100.5 to 40139.5" in out and "40 rows, 3 columns" in out
    assert "the second is 'size_2'" in out and "counts the rows: left out" in out and "%Y-%m-%d" in out


def test_frames_are_encoded_by_one_call() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [20.0, None, 40.0], "town": ["Ulm", None, "Ulm"], "when": pandas.to_datetime(
        ["2024-01-01", "2024-01-02", "2024-01-03"])})  # fmt: skip
    encoder = nn.TableEncoder()
    X = encoder.fit_transform(frame)
    assert X.tolist() == [[20.0, 1.0, 19723.0], [30.0, 1.0, 19724.0], [40.0, 1.0, 19725.0]]
    again = nn.TableEncoder.from_config(encoder.config())
    assert again.transform(frame[["when", "town", "age"]]).tolist() == X.tolist()
    with pytest.raises(ValueError, match=r"`X`: column 'age' holds '2 years' in line 1 among numbers.*`ignore`"):
        nn.TableEncoder().fit({"age": ["1", "2 years", "3"]})


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_every_library_are_taken_alike(library: str) -> None:
    frames, rng = pytest.importorskip(library), np.random.default_rng(0)
    towns = [["Ulm", "Bonn", None][i % 3] for i in range(30)]
    ages = [None if i % 7 == 0 else float(i) for i in range(30)]
    table = {"age": ages, "town": towns, "when": [datetime(2024, 1, 1 + i) for i in range(30)]}
    encoder, plain = nn.TableEncoder(), nn.TableEncoder()
    assert np.array_equal(encoder.fit_transform(frames.DataFrame(table)), plain.fit_transform(table))
    assert [known["kind"] for known in encoder.columns] == ["number", "text", "date"]
    numbers = {"a": rng.normal(size=30), "b": rng.normal(size=30)}
    X, y = frames.DataFrame(numbers), frames.Series(np.where(numbers["a"] > 0, "yes", "no"))
    losses = []
    for inputs, labels in ((X, y), (np.stack([*numbers.values()], axis=1), list(y))):
        model = nn.TensorMLP(2, [3, 1], rng=0)
        losses.append(nn.fit(model, inputs, labels, "bce_with_logits", epochs=3, rng=0)["loss"])
        assert np.array_equal(model.predict(X[["b", "a"]]), model.predict(X)) is (inputs is X)
    assert losses[0] == losses[1]
    parts = nn.split(X, y, 0.2, rng=0, stratify=y)
    assert [type(part) for part in parts] == [frames.DataFrame] * 2 + [np.ndarray] * 2
    with pytest.raises(ValueError, match=r"`X` holds nan in row 1, column 'a'"):
        nn.fit(nn.Linear(1, 1), frames.DataFrame({"a": [1.0, None]}), [1.0, 2.0])


def test_columns_of_a_data_set_are_chosen(capsys: Any) -> None:
    assert run("train", "iris", "--target", "x3", "--ignore", "x0", "--epochs", "1") == 0
    assert "150 rows, 3 columns; the target 'x3' is a number, 0.1 to 2.5" in capsys.readouterr().out


# -- as a program --


@pytest.mark.parametrize("command", [[], ["train"], ["predict"], ["draw"]])
def test_help_is_there(command: list[str], capsys: Any) -> None:
    assert run(*command, "--help") == 0
    out = capsys.readouterr().out
    assert "chalkgrad" in out and max(map(len, out.splitlines())) <= 100
    assert not command or f"chalkgrad {command[0]} " in out.partition("for example:")[2]


def test_what_cannot_be_saved_is_said_before_the_training(capsys: Any) -> None:
    for path in ("model.pt", "nowhere/model.npz"):
        assert run("train", "iris", "-o", path) == 1
        assert capsys.readouterr().out == ""


def test_version(capsys: Any) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("chalkgrad ")


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_the_training_and_saves_what_has_been_reached(tmp_path: Path, popen: Any) -> None:
    root = str(Path(nn.__file__).resolve().parent.parent)
    code = "import signal, sys; signal.alarm(300); from nn.command import main; sys.exit(main())"  # no orphan
    command = [sys.executable, "-u", "-c", code, "train", "moons", "--epochs", "10000000"]
    process = popen(command, env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(2):
        process.stdout.readline()
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "interrupted after" in out and "saved in moons-model.npz" in out
    assert nn.load("moons-model.npz").num_parameters() > 30


def test_as_a_program_of_its_own(tmp_path: Path) -> None:
    root = str(Path(nn.__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}

    def call(*arguments: str) -> Any:
        command = [sys.executable, "-m", "nn", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    done = call("draw", "a*b", "a=2", "b=3")
    assert done.returncode == 0 and "a*b = 6" in done.stdout and not done.stderr
    assert call("draw", "a*b", "a=2").returncode == 1 and call("paint").returncode == 2
