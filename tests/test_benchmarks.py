"""The benchmarks' own machinery: turns, checks, targets, the report and the guard."""

import doctest
import json
import time

import numpy as np
import pytest

from benchmarks import harness, report, tasks, trainers
from benchmarks.harness import Missing, Work, race


def sleeper(seconds, result=1.0):
    return lambda: Work(lambda steps: time.sleep(seconds * steps), lambda: [result])


def missing():
    raise Missing("not on this machine")


def test_a_race_gives_ratios_to_the_first_contender():
    result = race("sleep", {"ours": sleeper(2e-3), "peer": sleeper(8e-3), "absent": missing}, budget=0.2)
    assert 2.5 < result["ratios"]["peer"]["wall"]["median"] < 6
    assert result["ours"] == "ours" and "ours" not in result["ratios"]
    assert result["skipped"] == {"absent": "not on this machine"}
    assert result["times"]["peer"]["samples"] >= 3
    json.dumps(result)


def test_contenders_that_disagree_do_not_race():
    with pytest.raises(AssertionError, match=r"peer is 0\.001 off from ours"):
        race("sleep", {"ours": sleeper(1e-4), "peer": sleeper(1e-4, 1.001)}, budget=0.01)
    with pytest.raises(AssertionError, match="peer is nan off"):
        race("sleep", {"ours": sleeper(1e-4), "peer": sleeper(1e-4, np.nan)}, budget=0.01)


def test_short_work_is_repeated_until_it_can_be_timed():
    work = sleeper(1e-4)()
    work.calibrate()
    assert 1 < work.steps < 1000  # a sleep lasts longer on a busy machine
    fixed = Work(lambda steps: None, list, steps=7)
    fixed.calibrate()
    assert fixed.steps == 7


@pytest.mark.parametrize("task", [tasks.MOONS, tasks.XOR, tasks.DIGITS], ids=lambda task: task.name)
def test_our_contenders_agree_with_numpy(task):
    expected = trainers.numpy_(task).check()
    for make in (trainers.loop, trainers.one_step, trainers.fit):
        for a, b in zip(expected, make(task).check(), strict=True):
            np.testing.assert_allclose(b, a, rtol=0, atol=1e-4 if task.dtype == "float32" else 1e-10)


def ratio(median, low, high):
    spread = {"median": median, "low": low, "high": high}
    times = {name: {"wall": spread, "cpu": spread, "samples": 5} for name in ("ours", "peer")}
    return {
        "work": "a step", "unit": "step", "ours": "ours", "times": times,
        "ratios": {"peer": {"wall": spread, "cpu": spread}},
        "targets": {"peer": 3}, "skipped": {"absent": "why"}, "control": spread, "note": "",
    }  # fmt: skip


def test_the_guard_allows_for_noise_and_no_more():
    before = [ratio(4.0, 3.9, 4.1)]
    assert not report.regressions(before, [ratio(3.1, 3.0, 3.2)])
    assert report.regressions(before, [ratio(2.9, 2.8, 3.0)]) == ["a step, against peer: 2.90 where it was 4.00"]
    assert not report.regressions(before, [ratio(2.4, 1.5, 2.7)])  # half of its rounds lie far apart
    half = [ratio(2.0, 1.9, 2.1)]
    half[0]["ratios"]["peer"]["cpu"] = before[0]["ratios"]["peer"]["cpu"]  # only the wall clock was disturbed
    assert not report.regressions(before, half)


def test_the_report_says_what_was_reached_and_what_was_left_out():
    environment = {
        "date": "d", "commit": "c", "processor": "p", "cores": 2, "load": 0.0, "python": "3", "system": "s",
        "versions": {"numpy": "2"}, "settings": {"OMP_NUM_THREADS": "1"}, "note": "Disturbed.",
    }  # fmt: skip
    fact = {"work": "a wait", "value": 0.2, "unit": "s", "at most": 0.15}
    growth = {"work": "growth", "series": {"nodes": [100.0], "replay": [1e-6], "bytes a node": [40.0]}}
    text = report.markdown(environment, [ratio(4.0, 3.9, 4.1), fact, growth], ["ratios.svg"])
    assert "| a step | peer | 4.00 | 4.00 | 3 | yes |" in text
    assert "Left out: absent (why)." in text
    assert "200 ms (wanted: at most 150 ms)." in text
    assert "| 100 | 1.00 us | 40.0 |" in text
    assert "Disturbed." in text and "![ratios.svg](ratios.svg)" in text


@pytest.mark.parametrize("module", [harness, report])
def test_doctests(module):
    assert doctest.testmod(module).failed == 0
