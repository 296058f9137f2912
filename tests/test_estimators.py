"""The estimators where scikit-learn takes estimators: its own checks, pipelines, searches, processes, clusters."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import nn
from nn.estimators import MLPClassifier, MLPRegressor

ROOT = Path(nn.__file__).resolve().parent.parent
IRIS = nn.datasets.iris(names=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", [MLPClassifier(), MLPRegressor()], ids=["classifier", "regressor"])
def test_scikit_learn_finds_nothing_wrong(estimator: Any) -> None:
    checks = check_estimator(estimator, on_skip=None)
    other = {check["check_name"]: check["status"] for check in checks if check["status"] != "passed"}
    may = {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}  # it has none
    assert len(checks) >= 55 and set(other) <= may and set(other.values()) <= {"skipped"}


@pytest.mark.slow
def test_in_a_pipeline_a_search_and_cross_validation_in_processes() -> None:
    perceptron = MLPClassifier((8,), max_iter=100, learning_rate_init=0.01, random_state=0)
    pipeline = make_pipeline(StandardScaler(), perceptron)
    assert cross_val_score(pipeline, *IRIS, cv=3).mean() > 0.9
    grid = {"mlpclassifier__activation": ["tanh", nn.Sigmoid()], "mlpclassifier__alpha": [0.0, 1.0]}
    search = GridSearchCV(pipeline, grid, n_jobs=2, cv=2).fit(*IRIS)
    assert search.best_params_["mlpclassifier__alpha"] == 0.0 and search.best_score_ > 0.9
    alone = clone(search).set_params(n_jobs=None).fit(*IRIS)
    assert np.array_equal(alone.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_on_a_cluster_of_dask() -> None:
    distributed = pytest.importorskip("distributed")
    joblib = pytest.importorskip("joblib")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        search = GridSearchCV(MLPClassifier((8,), max_iter=20, random_state=0), {"alpha": [0.0, 10.0]}, cv=2).fit(*IRIS)
    assert search.best_params_ == {"alpha": 0.0}


def test_a_seed_decides_everything_and_two_differ() -> None:
    def chances(seed: Any) -> np.ndarray:
        return MLPClassifier((8,), max_iter=20, random_state=seed).fit(*IRIS).predict_proba(IRIS[0])

    assert np.array_equal(chances(1), chances(1)) and not np.array_equal(chances(1), chances(2))
    assert np.array_equal(chances(np.random.RandomState(1)), chances(np.random.RandomState(1)))


def test_two_classes_of_text_and_their_probabilities() -> None:
    X, y = nn.datasets.moons(200, rng=0)
    y = np.array(["right", "left"])[y]
    classifier = MLPClassifier((16,), learning_rate_init=0.02, random_state=0).fit(X, y)
    chances = classifier.predict_proba(X)
    assert classifier.classes_.tolist() == ["left", "right"] and classifier.score(X, y) > 0.95
    assert chances.shape == (200, 2) and np.allclose(chances.sum(axis=1), 1)
    assert np.array_equal(classifier.predict(X), classifier.classes_[chances.argmax(axis=1)])


def test_labels_that_hold_at_the_same_time() -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    Y = np.stack([X[:, 0] > 0, X[:, 1] > 0, X.sum(axis=1) > 0], axis=1).astype(int)
    classifier = MLPClassifier((16,), learning_rate_init=0.02, random_state=0).fit(X, Y)
    chances = classifier.predict_proba(X)
    assert classifier.score(X, Y) > 0.9 and chances.shape == (300, 3)
    assert np.array_equal(classifier.predict(X), (chances > 0.5).astype(int))
    each = MultiOutputClassifier(MLPClassifier((4,), max_iter=5, random_state=0)).fit(X, Y)
    assert each.predict(X).shape == (300, 3)


def test_numbers_one_and_several() -> None:
    X = np.random.default_rng(0).normal(size=(300, 3))
    Y = np.stack([X[:, 0] - X[:, 1], np.abs(X[:, 2])], axis=1)
    one = MLPRegressor((32,), learning_rate_init=0.01, random_state=0).fit(X, Y[:, 0])
    both = MLPRegressor((32,), learning_rate_init=0.01, random_state=0).fit(X, Y)
    assert one.predict(X).shape == (300,) and one.score(X, Y[:, 0]) > 0.98
    assert both.predict(X).shape == (300, 2) and both.score(X, Y) > 0.95


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_a_weight_counts_a_row_so_often_and_0_leaves_it_out(estimator: Any) -> None:
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(40, 3)), rng.integers(0, 2, 40), rng.integers(0, 4, 40)
    settings: dict[str, Any] = {"hidden_layer_sizes": (8,), "batch_size": 200, "max_iter": 50, "random_state": 0}
    weighted = estimator(**settings).fit(X, y, weights)
    repeated = estimator(**settings).fit(X.repeat(weights, axis=0), y.repeat(weights))
    scaled = estimator(**settings).fit(X, y, weights * 10.0)
    assert np.allclose(weighted.model_.outputs(X), repeated.model_.outputs(X), rtol=1e-8, atol=1e-10)
    assert np.allclose(weighted.model_.outputs(X), scaled.model_.outputs(X), rtol=1e-8, atol=1e-10)
    assert not np.allclose(weighted.model_.outputs(X), estimator(**settings).fit(X, y).model_.outputs(X), rtol=1e-3)
    with pytest.raises(ValueError, match="at least one non-zero"):
        estimator(**settings).fit(X, y, weights * 0)


def test_weights_move_the_decision_in_small_batches() -> None:
    X, y = np.repeat([[0.0], [1.0]], 100, axis=0), np.tile([0, 0, 0, 1], 50)
    plain = MLPClassifier((4,), learning_rate_init=0.02, random_state=0).fit(X, y)
    weighted = MLPClassifier((4,), learning_rate_init=0.02, random_state=0).fit(X, y, np.where(y == 1, 9.0, 1.0))
    assert abs(plain.predict_proba(X)[:, 1].mean() - 0.25) < 0.05
    assert abs(weighted.predict_proba(X)[:, 1].mean() - 0.75) < 0.05


def test_stopping() -> None:
    X, y = nn.datasets.moons(300, noise=0.3, rng=0)
    by_loss = MLPClassifier(tol=0.1, n_iter_no_change=3, random_state=0).fit(X, y)
    assert by_loss.n_iter_ < 30 and len(by_loss.history_["loss"]) == by_loss.n_iter_
    settings: dict[str, Any] = {"early_stopping": True, "learning_rate_init": 0.05, "max_iter": 500, "random_state": 0}
    by_validation = MLPClassifier(**settings).fit(X, y)
    history = by_validation.history_["val_loss"]
    assert by_validation.n_iter_ < 500 and np.argmin(history) < by_validation.n_iter_ - 1


@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "rmsprop", "adagrad", nn.SGD(lr=0.1, momentum=0.5)])
def test_solvers(solver: Any) -> None:
    X, y = StandardScaler().fit_transform(IRIS[0]), IRIS[1]
    classifier = MLPClassifier((8,), solver=solver, learning_rate_init=0.02, random_state=0)
    for _ in range(2):  # an optimiser that is given is not used up
        assert classifier.fit(X, y).score(X, y) > 0.9
    assert not isinstance(solver, nn.SGD) or solver.steps == 0


def test_float32_stays_float32_and_a_frame_keeps_its_names() -> None:
    X, y = IRIS
    classifier = MLPClassifier((4,), max_iter=5, random_state=0).fit(X.astype(np.float32), y)
    assert classifier.model_[0].weight.dtype == np.float32 and classifier.predict_proba(X).dtype == np.float32
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    classifier.fit(frame, y)
    assert classifier.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(frame[["b", "a", "c", "d"]])


def test_pickles_and_copies_predict_the_same(tmp_path: Any) -> None:
    classifier = MLPClassifier((4,), max_iter=5, random_state=0).fit(*IRIS)
    twin = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(twin.predict_proba(IRIS[0]), classifier.predict_proba(IRIS[0]))
    nn.save(classifier.model_, tmp_path / "iris.npz")
    assert np.array_equal(nn.load(tmp_path / "iris.npz").outputs(IRIS[0]), classifier.model_.outputs(IRIS[0]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_layer_sizes": (0,)}, "`hidden_layer_sizes` is a whole number from 1"),
        ({"hidden_layer_sizes": (8, 2.5)}, "`hidden_layer_sizes` is a whole number from 1"),
        ({"hidden_layer_sizes": "wide"}, "`hidden_layer_sizes` is a whole number from 1"),
        ({"activation": "rellu"}, "`activation` 'rellu' is unknown"),
        ({"solver": "newton"}, "`solver` 'newton' is unknown: use one of 'adam'"),
        ({"solver": nn.SGD}, "`solver` is a name, such as 'adam', or an optimiser"),
        ({"alpha": -1}, "`alpha` is -1"),
        ({"batch_size": 0}, "`batch_size` is a whole number"),
        ({"learning_rate_init": -1}, "`learning_rate_init` is -1"),
        ({"max_iter": 0}, "`max_iter` is a whole number"),
        ({"tol": -1}, "`tol` is -1"),
        ({"n_iter_no_change": 0}, "`n_iter_no_change` is a whole number"),
        ({"early_stopping": True, "validation_fraction": 2.0}, "shares between 0 and 1"),
        ({"random_state": "x"}, "seed"),
    ],
)
def test_wrong_settings_are_named_when_it_is_fitted(settings: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MLPClassifier(**settings).fit(*IRIS)


def test_settings_in_other_forms() -> None:
    for sizes in (8, [8], np.array([8])):
        assert MLPClassifier(sizes, max_iter=1).fit(*IRIS).model_.num_parameters() == 67
    assert MLPClassifier((), max_iter=1).fit(*IRIS).model_.num_parameters() == 15
    seen: list[int] = []
    MLPClassifier(max_iter=2, callbacks=lambda epoch, logs: seen.append(epoch)).fit(*IRIS)
    assert seen == [0, 1] and MLPClassifier(max_iter=1, callbacks=None, batch_size=None).fit(*IRIS).n_iter_ == 1


def test_sparse_labels() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    Y = np.eye(3, dtype=int)[np.arange(150) % 3]
    settings: dict[str, Any] = {"max_iter": 2, "random_state": 0}
    one = MLPClassifier(**settings).fit(IRIS[0], sparse.csr_matrix(Y))
    assert np.array_equal(one.predict_proba(IRIS[0]), MLPClassifier(**settings).fit(IRIS[0], Y).predict_proba(IRIS[0]))


def test_wrong_data_are_named() -> None:
    X, y = IRIS
    with pytest.raises(TypeError, match="`y` mixes labels of type int and str"):
        MLPClassifier().fit(X, np.array(["a", 1] * 75, dtype=object))
    with pytest.raises(ValueError, match="one class, 'setosa'"):
        MLPClassifier().fit(X[:1], y[:1])
    with pytest.raises(ValueError, match="`y` has one class"):
        MLPClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="one class"):
        MLPClassifier().fit(X, y, sample_weight=(y == "setosa").astype(float))
    with pytest.raises(ValueError, match=r"[Ii]nput.*NaN"):
        MLPClassifier().fit(np.where(X > 7, np.nan, X), y)
    with pytest.raises(ValueError, match="expecting 4 features"):
        MLPClassifier(max_iter=1).fit(X, y).predict(X[:, :3])


# -- Optuna --


def test_a_search_by_optuna_is_pruned() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, y = nn.datasets.moons(100, rng=0)

    def objective(trial: Any) -> float:
        lr = [0.03, 0.02, 1e-6][trial.number]
        classifier = MLPClassifier(
            (8,), learning_rate_init=lr, max_iter=30, random_state=0, callbacks=[nn.OptunaPruning(trial, "loss")]
        ).fit(X, y)
        return classifier.history_["loss"][-1]

    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=5))
    study.optimize(objective, n_trials=3)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE", "PRUNED"]
    assert list(study.trials[2].intermediate_values) == list(range(6))
    assert [len(trial.intermediate_values) for trial in study.trials[:2]] == [30, 30]


def test_pruning_says_what_it_waits_for() -> None:
    with pytest.raises(TypeError, match=r"`trial` is the optuna\.Trial"):
        nn.OptunaPruning(3)

    class Trial:
        def report(self, *_: Any) -> None: ...

        def should_prune(self) -> bool:
            return False

    with pytest.raises(ValueError, match="OptunaPruning waits for 'val_loss'; this training has 'loss'"):
        nn.fit(nn.Linear(2, 1), *nn.datasets.xor(), callbacks=[nn.OptunaPruning(Trial())])


# -- imports --


def test_scikit_learn_is_imported_when_it_is_asked_for() -> None:
    code = (
        "import sys, nn; assert 'sklearn' not in sys.modules\n"
        "nn.estimators.MLPClassifier; assert 'sklearn' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    with pytest.raises(AttributeError, match="no attribute 'estimator'"):
        nn.estimator  # noqa: B018


def test_without_scikit_learn_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import nn\n"
        "try: nn.estimators\n"
        "except ImportError as error: assert 'pip install' in str(error), error\n"
        "else: sys.exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_online_and_with_scikit_learns_names() -> None:
    X, y = IRIS
    part = MLPClassifier((8,), "logistic", learning_rate_init=0.02, random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        part.partial_fit(X, y)
    for i in range(90):
        part.partial_fit(X[i % 3 :: 3], y[i % 3 :: 3], classes=np.unique(y))
    assert part.score(X, y) > 0.9 and len(part.loss_curve_) == part.n_iter_ == 90 and part.loss_ == part.loss_curve_[-1]
    assert [w.shape for w in part.coefs_] == [(4, 8), (8, 3)] and [b.shape for b in part.intercepts_] == [(8,), (3,)]
    hidden = 1 / (1 + np.exp(-(X @ part.coefs_[0] + part.intercepts_[0])))
    logits = hidden @ part.coefs_[1] + part.intercepts_[1]
    assert np.array_equal(part.classes_[logits.argmax(axis=1)], part.predict(X))
    assert np.allclose(np.exp(part.predict_log_proba(X)), part.predict_proba(X))
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit, was"):
        part.partial_fit(X, y, classes=["other", "labels"])
    warm = MLPClassifier((8,), max_iter=2, warm_start=True, random_state=0)
    losses = [warm.fit(X, y).loss_ for _ in range(4)]
    assert losses == sorted(losses, reverse=True)
    even = MLPClassifier((4,), max_iter=2, class_weight="balanced", random_state=0).fit(X[:110], y[:110])
    assert even.loss_ != MLPClassifier((4,), max_iter=2, random_state=0).fit(X[:110], y[:110]).loss_
    regressor = MLPRegressor((8,), random_state=0).partial_fit(X, X[:, 0])
    assert regressor.partial_fit(X, X[:, 0]).n_iter_ == 2
    quick = MLPClassifier((8,), learning_rate_init=0.05, random_state=0)
    pipeline = make_pipeline(nn.StandardScaler(), quick).fit(X, y)
    assert clone(pipeline).fit(X, y).score(X, y) == pipeline.score(X, y) > 0.9


def test_masked_numbers_are_refused_by_name() -> None:
    X, y = IRIS[0], np.arange(150.0)
    masked = np.ma.masked_greater(X, 5)
    model = MLPRegressor(max_iter=1).fit(X, y)
    for call, name in (
        (lambda: model.predict(masked), "X"),
        (lambda: model.partial_fit(X, np.ma.masked_greater(y, 5)), "y"),
        (lambda: MLPRegressor().fit(X, y, sample_weight=np.ma.masked_greater(y, 5)), "sample_weight"),
        (lambda: MLPClassifier().fit(masked, IRIS[1]), "X"),
        (lambda: nn.fit(nn.Linear(4, 1), list(masked), y, "mse"), "X"),
    ):
        with pytest.raises(ValueError, match=f"`{name}` has entries that are masked"):
            call()


def noisy(x: Any) -> Any:
    return x * random.random()


def test_a_warning_names_the_line_of_the_user() -> None:
    X, y = nn.datasets.moons(40, rng=0)
    model = MLPClassifier((4,), noisy, max_iter=2)
    with pytest.warns(nn.EagerFallback) as told:
        cross_val_score(model, X, y, cv=2)
    assert {warning.filename for warning in told} == {__file__}
