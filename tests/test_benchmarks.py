"""The benchmarks' own machinery: turns, checks, targets, the report and the guard."""

import doctest
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import guard, harness, report, slotted, summary, tasks, trainers
from benchmarks.harness import FULL, Missing, Work, race

ROOT = Path(__file__).parents[1]


def sleeper(seconds, result=1.0):
    return lambda: Work(lambda steps: time.sleep(seconds * steps), lambda: [result])


def missing():
    raise Missing("not on this machine")


def test_a_race_gives_ratios_to_the_first_contender():
    result = race("sleep", {"ours": sleeper(2e-3), "peer": sleeper(8e-3), "absent": missing}, pace=FULL, seconds=0.2)
    assert 2.5 < result["ratios"]["peer"]["wall"]["median"] < 6
    assert result["ours"] == "ours" and "ours" not in result["ratios"]
    assert result["skipped"] == {"absent": "not on this machine"}
    assert result["times"]["peer"]["samples"] >= 3
    json.dumps(result)


def test_contenders_that_disagree_do_not_race():
    with pytest.raises(AssertionError, match=r"peer is 0\.001 off from ours"):
        race("sleep", {"ours": sleeper(1e-4), "peer": sleeper(1e-4, 1.001)}, pace=FULL, seconds=0.01)
    with pytest.raises(AssertionError, match="peer is nan off"):
        race("sleep", {"ours": sleeper(1e-4), "peer": sleeper(1e-4, np.nan)}, pace=FULL, seconds=0.01)


def test_short_work_is_repeated_until_it_can_be_timed():
    work = Work(lambda steps: None, list, timed=lambda steps: (1e-4 * steps, 0.0))
    assert work.calibrate(4e-3) == pytest.approx(4e-3)
    assert work.steps == 40
    fixed = Work(lambda steps: None, list, steps=7)
    fixed.calibrate(4e-3)
    assert fixed.steps == 7


@pytest.mark.parametrize("task", [tasks.MOONS, tasks.XOR, tasks.DIGITS], ids=lambda task: task.name)
def test_our_contenders_agree_with_numpy(task):
    expected = trainers.numpy_(task).check()
    for make in (trainers.loop, trainers.one_step, trainers.fit):
        for a, b in zip(expected, make(task).check(), strict=True):
            np.testing.assert_allclose(b, a, rtol=0, atol=1e-4 if task.dtype == "float32" else 1e-10)


def test_a_contender_elsewhere_says_its_own_times_and_is_ended():
    ended = []
    work = Work(run=lambda steps: None, check=lambda: [1.0], timed=lambda steps: (0.25 * steps, 0.5), steps=4,
                close=lambda: ended.append(1))  # fmt: skip
    result = race("away", {"ours": sleeper(1e-4), "there": lambda: work}, pace=harness.REHEARSAL, parts=10)
    assert result["times"]["there"]["wall"]["median"] == 0.025
    assert ended == [1]
    with pytest.raises(AssertionError, match="off from ours"):
        race("away", {"ours": sleeper(1e-4, 2.0), "there": lambda: work}, pace=harness.REHEARSAL)
    assert ended == [1, 1]


def test_the_plain_engine_counts_every_use():
    a, b = slotted.Value(2.0), slotted.Value(-3.0)
    out = (a * b + a - b).tanh() + (a * a).relu() + 2 * b.relu() - 1
    out.backward()
    t = 1 - np.tanh(-1.0) ** 2
    assert out.data == pytest.approx(np.tanh(-1.0) + 4 - 1)
    assert (a.grad, b.grad) == pytest.approx((t * (-3 + 1) + 4, t * (2 - 1)))


def ratio(median, low, high):
    spread = {"median": median, "low": low, "high": high}
    times = {name: {"wall": spread, "cpu": spread, "samples": 5} for name in ("ours", "peer")}
    return {
        "work": "a step", "unit": "step", "ours": "ours", "times": times,
        "ratios": {"peer": {"wall": spread, "cpu": spread}},
        "targets": {"peer": 3}, "skipped": {"absent": "why"}, "control": spread, "note": "", "family": "", "size": None,
    }  # fmt: skip


def kept(*results):
    environment = {
        "date": "2026-01-02 03:04 UTC", "commit": "c", "processor": "p", "cores": 2, "load": 0.0, "python": "3",
        "system": "s", "versions": {"numpy": "2"}, "settings": {"OMP_NUM_THREADS": "1"},
    }  # fmt: skip
    group = {"environment": environment, "seconds": 90.0, "finished": True, "results": list(results)}
    return {"pace": "full", "note": "Disturbed.", "groups": {"steps": group}}


def test_the_guard_allows_for_noise_and_no_more():
    def fell(*now):
        return list(guard.regressions(kept(ratio(4.0, 3.9, 4.1)), kept(*now)).values())

    assert not fell(ratio(3.1, 3.0, 3.2))
    assert fell(ratio(2.9, 2.8, 3.0)) == ["a step, against peer: 2.90 where it was 4.00"]
    assert not fell(ratio(2.4, 1.5, 2.7))  # half of its rounds lie far apart
    assert fell(ratio(1.9, 0.5, 3.7))  # however far they lie apart
    few = ratio(2.5, 2.4, 2.6)
    few["times"]["peer"] = few["times"]["peer"] | {"samples": 3}
    assert not fell(few)
    half = ratio(2.0, 1.9, 2.1)
    half["ratios"]["peer"]["cpu"] = ratio(4.0, 3.9, 4.1)["ratios"]["peer"]["cpu"]  # only the wall clock was disturbed
    assert not fell(half)


def test_the_report_says_what_was_reached_and_what_was_left_out():
    fact = {"work": "a wait", "value": 0.2, "unit": "s", "at most": 0.15}
    growth = {"work": "growth", "series": {"nodes": [100.0], "replay": [1e-6], "bytes a node": [40.0]}}
    weights = {"work": "weights", "unit": "bytes", "amounts": {"ours": 50.0, "peer": 200.0}, "skipped": {}, "note": ""}
    found = kept(ratio(4.0, 3.9, 4.1), fact, growth, weights)
    text = report.markdown(found, ["ratios.svg"])
    assert "| a step | peer | 4.00 | 4.00 | 3 | yes |" in text
    assert "Left out: absent (why)." in text and "Peers left out: absent (why)." in text
    assert "200 ms (wanted: at most 150 ms)." in text and "| a wait | 200 ms | 150 ms | **no** |" in text
    assert "| 100 | 1.00 us | 40.0 |" in text
    assert "| peer | 200 | 4.00 |" in text
    assert "Disturbed." in text and "![Plot of ratios](ratios.svg)" in text
    assert "| steps | 2026-01-02 03:04 UTC | c | 0.0 | 1 | 90 | 5% |" in text


def test_where_we_lose_is_said():
    level, lost = ratio(0.99, 0.95, 1.02), ratio(0.5, 0.4, 0.6)
    assert [x[:2] for x in report.losses([level, lost | {"work": "a hard step"}])] == [("a hard step", "peer")]
    assert "In 1 of all 1 comparisons a peer was quicker." in summary.summary(kept(lost))
    assert "| a step | 500 ms | peer 0.50 |" in summary.table(kept(lost))


def test_a_goal_may_stand_between_two_ways_of_ours():
    race = ratio(0.7, 0.6, 0.8)
    race["ratios"] = {"ours, Loop": race["ratios"]["peer"]}
    text = report.markdown(kept(race | {"targets": {"ours, Loop": 1 / 1.5}}))
    assert "| a step | ours, Loop | 0.70 | 0.70 | 0.67 | yes |" in text
    assert not report.losses([race])


def test_the_readme_shows_the_quickest_way_of_each_peer():
    race = ratio(4.0, 3.9, 4.1) | {"work": "784-128-10, batch 128, float32, cross-entropy"}
    race["ratios"] = {f"PyTorch {way}": ratio(x, x, x)["ratios"]["peer"] for way, x in (("eager", 3.0), ("jit", 2.0))}
    assert "| net 784-128-10, 128 rows | 4.00 s | 2.00 times |  |  |  |" in summary.summary(kept(race))


def test_races_that_differ_in_size_share_a_row():
    small, large = ratio(4.0, 3.9, 4.1), ratio(2.0, 1.9, 2.1)
    races = [x | {"family": "steps", "size": size, "work": f"steps {size}"} for x, size in ((small, 10), (large, 1000))]
    rows = [line for line in summary.table(kept(*races)) if line.startswith("| steps")]
    assert rows == ["| steps, graphs of 10 to 1,000 | 2.00 s to 4.00 s | peer 2.00 to 4.00 |"]


def test_the_summary_replaces_what_stands_between_the_marks():
    found = kept(ratio(4.0, 3.9, 4.1))
    text = summary.replaced(f"before\n{summary.MARKS[0]}\nold\n{summary.MARKS[1]}\nafter\n", found)
    assert text == summary.replaced(text, found)
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    with pytest.raises(ValueError, match="each of these marks once"):
        summary.replaced("no marks", found)


def test_the_readme_shows_the_committed_results():
    text = (ROOT / "README.md").read_text()
    committed = json.loads((ROOT / "benchmarks/results/results.json").read_text())
    assert text == summary.replaced(text, committed), "python -m benchmarks --publish --report"


@pytest.mark.slow
@pytest.mark.parametrize("group", ["nets", "operations", "pictures"])
def test_a_rehearsal_runs_all_contenders_and_they_agree(group, tmp_path):
    environment = {**os.environ, "PIP_NO_INDEX": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "benchmarks", "--rehearse", "--only", group, "--to", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "results.json").read_text())["groups"][group]
    assert found["finished"] and found["results"]
    races = [x for x in found["results"] if "times" in x]
    assert all(x["ours"] in x["times"] for x in races)
    if group != "pictures":  # without a network, a peer that needs an environment of its own is left out, and named
        assert any("its environment could not be made" in x["skipped"].get("HIPS autograd", "") for x in races)


@pytest.mark.parametrize("module", [guard, harness, report])
def test_doctests(module):
    assert doctest.testmod(module).failed == 0
