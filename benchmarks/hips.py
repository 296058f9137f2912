"""The contenders of HIPS autograd. `foreign.py` runs this file in that library's environment; nothing of ours is here.

Reads lines of JSON: first a name and what is given, then `{"run": steps}` and `{"check": true}`.
"""

import json
import sys
import time

import autograd.numpy as np
from autograd import grad, hessian, make_jvp, value_and_grad


def net(X, y, weights, loss, activation, lr, steps):
    """A step of gradient descent on a dense net, and the weights after so many."""
    act = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}[activation]

    def objective(weights):
        h = X
        for i in range(0, len(weights), 2):
            h = np.dot(h, weights[i]) + weights[i + 1]
            h = act(h) if i < len(weights) - 2 else h
        return np.mean(np.maximum(1 - y * h, 0)) if loss == "hinge" else np.mean((h - y) ** 2)

    step = value_and_grad(objective)
    state = {}

    def run(count):
        state["w"] = weights
        for _ in range(count):
            _, grads = step(state["w"])
            state["w"] = [w - lr * g for w, g in zip(state["w"], grads, strict=True)]

    def check():
        run(steps)
        return state["w"]

    return run, check


def rosenbrock(x):
    a, b = x[:-1], x[1:]
    return np.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)


def hvp(x, v):
    return calls(lambda: make_jvp(grad(rosenbrock))(x)(v)[1])


def whole_hessian(x):
    return calls(lambda: hessian(rosenbrock)(x))


def arrays(X, y, weights):
    """Loss and new first weight of micrograd's demo as arrays."""

    def objective(weights):
        h = np.maximum(np.dot(X, weights[0]) + weights[1], 0)
        h = np.maximum(np.dot(h, weights[2]) + weights[3], 0)
        s = (np.dot(h, weights[4]) + weights[5])[:, 0]
        penalty = 0.0
        for w in weights:
            penalty = penalty + np.sum(w * w)
        return np.mean(np.maximum(1 - y * s, 0)) + 1e-4 * penalty

    step = value_and_grad(objective)

    def once():
        loss, grads = step(weights)
        return loss + [w - 0.1 * g for w, g in zip(weights, grads, strict=True)][0][0, 0]  # noqa: RUF015 (all are updated)

    return calls(once)


def chain(length):
    """The gradient of a chain of single numbers."""

    def through(x):
        y = x
        for _ in range(length // 4):
            y = np.maximum((y * 0.9 + x) * 0.5, 0.0)
        return y

    step = value_and_grad(through)
    return calls(lambda: step(0.5), list)


def calls(work, results=lambda x: [x]):
    def run(count):
        for _ in range(count):
            work()

    return run, lambda: results(work())


def arrayed(x):
    if isinstance(x, dict):
        return np.array(x["array"], dtype=x["dtype"])
    return [arrayed(v) for v in x] if isinstance(x, list) else x


def main():
    run = check = None
    for line in sys.stdin:
        asked = json.loads(line)
        answer = None
        if "name" in asked:
            made = {"net": net, "hvp": hvp, "hessian": whole_hessian, "arrays": arrays, "chain": chain}
            run, check = made[asked["name"]](**{k: arrayed(v) for k, v in asked["given"].items()})
        elif "run" in asked:
            wall, cpu = time.perf_counter(), time.process_time()
            run(asked["run"])
            answer = [time.perf_counter() - wall, time.process_time() - cpu]
        else:
            answer = [np.asarray(x).tolist() for x in check()]
        print(json.dumps(answer), flush=True)


main()
