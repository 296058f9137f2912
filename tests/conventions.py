"""Edge cases and their answers, as data: at kinks, at infinities, outside the domain, where a formula loses digits.

The rule is PyTorch's written one: where the function is differentiable, the derivative; at a convex kink the
subgradient of least norm, at a concave one the supergradient; otherwise by continuity; what is undefined is NaN.
`autograd/CONVENTIONS.md` is made of this file: PYTHONPATH=. python tests/conventions.py > autograd/CONVENTIONS.md
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

inf, nan = math.inf, math.nan
Numbers = float | tuple[float, ...]


class Case(NamedTuple):
    """A formula of `x`, `y`, `z`, each a number, or of an array `x`, at a point.

    Attributes:
        formula: in Python, with the names of the library's functions.
        at: the numbers; for a formula of an array one list.
        value: of the formula.
        gradient: by each number, or by each element.
        second: the second derivative, of a formula of one number.
    """

    formula: str
    at: tuple[Any, ...]
    value: float
    gradient: tuple[float, ...]
    second: float | None = None

    @property
    def of_array(self) -> bool:
        return isinstance(self.at[0], list)

    def function(self, names: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
        """Give the formula as a function, made of the functions of an engine."""
        return eval(f"lambda {', '.join('xyz'[: len(self.at)])}: {self.formula}", {**names})

    def __str__(self) -> str:
        at = (
            str(self.at[0])
            if self.of_array
            else ", ".join(f"{n} = {v!r}" for n, v in zip("xyz", self.at, strict=False))
        )
        return f"{self.formula} at {at}"


def bce(label: float) -> str:
    return f"softplus(x) - {label} * x"


C = Case
CASES: dict[str, list[Case]] = {
    "Powers at 0": [
        C("x**2", (0.0,), 0.0, (0.0,), 2.0),
        C("x**1", (0.0,), 0.0, (1.0,), 0.0),
        C("x**0", (0.0,), 1.0, (0.0,), 0.0),
        C("x**3", (0.0,), 0.0, (0.0,), 0.0),
        C("x**0.5", (0.0,), 0.0, (inf,), -inf),
        C("sqrt(x)", (0.0,), 0.0, (inf,), -inf),
        C("1 / x", (0.0,), inf, (-inf,), inf),
        C("x**-1", (0.0,), inf, (-inf,), inf),
        C("reciprocal(x)", (0.0,), inf, (-inf,), inf),
        C("pow(0.0, x)", (2.0,), 0.0, (0.0,)),
        C("pow(x, y)", (0.0, 0.0), 1.0, (0.0, 0.0)),
        C("pow(0.0, x)", (-1.0,), inf, (-inf,)),
    ],
    "Powers of negative numbers: real or NaN, never complex": [
        C("x**0.5", (-1.0,), nan, (nan,), nan),
        C("sqrt(x)", (-1.0,), nan, (nan,), nan),
        C("x**(1 / 3)", (-8.0,), nan, (nan,), nan),
        C("x**3", (-2.0,), -8.0, (12.0,), -12.0),
        C("pow(x, y)", (-2.0, 3.0), -8.0, (12.0, nan)),
    ],
    "Powers of NaN and 1, as IEEE 754 has them": [
        C("x**0", (nan,), 1.0, (0.0,), 0.0),
        C("x**inf", (1.0,), 1.0, (inf,)),
        C("pow(1.0, x)", (inf,), 1.0, (0.0,)),
    ],
    "Kinks: the subgradient of least norm": [
        C("abs(x)", (0.0,), 0.0, (0.0,), 0.0),
        C("abs(x)", (-0.0,), 0.0, (0.0,), 0.0),
        C("relu(x)", (0.0,), 0.0, (0.0,), 0.0),
        C("relu(x)", (-0.0,), 0.0, (0.0,), 0.0),
        C("leaky_relu(x, 0.25)", (0.0,), 0.0, (0.25,), 0.0),
        C("elu(x, 1.0)", (0.0,), 0.0, (1.0,)),
        C("clip(x, 0.0, 1.0)", (-0.125,), 0.0, (0.0,), 0.0),
        C("clip(x, 0.0, 1.0)", (0.0,), 0.0, (0.0,), 0.0),
        C("clip(x, 0.0, 1.0)", (0.5,), 0.5, (1.0,), 0.0),
        C("clip(x, 0.0, 1.0)", (1.0,), 1.0, (0.0,), 0.0),
        C("clip(x, 0.0, 1.0)", (1.125,), 1.0, (0.0,), 0.0),
        C("clip(x, y, z)", (0.0, 0.0, 1.0), 0.0, (0.0, 1.0, 0.0)),
        C("norm(x)", ([0.0, 0.0],), 0.0, (0.0, 0.0)),
        C("hypot(x, y)", (0.0, 0.0), 0.0, (0.0, 0.0)),
        C("std(x)", ([2.0, 2.0, 2.0],), 0.0, (0.0, 0.0, 0.0)),
        C("atan2(x, y)", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ],
    "Ties: equal shares": [
        C("maximum(x, y)", (3.0, 3.0), 3.0, (0.5, 0.5)),
        C("minimum(x, y)", (3.0, 3.0), 3.0, (0.5, 0.5)),
        C("maximum(x, y)", (inf, inf), inf, (0.5, 0.5)),
        C("max(x)", ([1.0, 5.0, 5.0],), 5.0, (0.0, 0.5, 0.5)),
        C("min(x)", ([1.0, 1.0, 5.0],), 1.0, (0.5, 0.5, 0.0)),
        C("sum(max(x, axis=0))", ([1.0, 5.0, 5.0],), 5.0, (0.0, 0.5, 0.5)),
    ],
    "NaN is handed on": [
        C("relu(x)", (nan,), nan, (nan,)),
        C("maximum(x, 1.0)", (nan,), nan, (nan,)),
        C("maximum(1.0, x)", (nan,), nan, (nan,)),
        C("minimum(1.0, x)", (nan,), nan, (nan,)),
    ],
    "A branch that is not taken contributes exactly 0": [
        C("where(x > 0, sqrt(x), 2 * x)", (0.0,), 0.0, (2.0,), 0.0),
        C("where(x > 0, sqrt(x), x * x)", (0.0,), 0.0, (0.0,), 2.0),
        C("where(x < 0, 3 * x, log(x))", (-1.0,), -3.0, (3.0,), 0.0),
        C("where(x > 0, exp(log(sqrt(x)) * 2), x)", (0.0,), 0.0, (1.0,), 0.0),
        C("sum(where(x > 0, log(x), 2 * x))", ([0.0, 1.0],), 0.0, (2.0, 1.0)),
        C("sum(where(x > 0, sqrt(sqrt(x)) * 3, x))", ([0.0, 1.0],), 3.0, (1.0, 0.75)),
    ],
    "Products with zeros: exact, nothing is divided": [
        C("prod(x)", ([2.0, 0.0, 3.0],), 0.0, (0.0, 6.0, 0.0)),
        C("prod(x)", ([2.0, 0.0, 0.0],), 0.0, (0.0, 0.0, 0.0)),
    ],
    "Infinities and NaN by IEEE 754, where Python's math raises": [
        C("log(x)", (0.0,), -inf, (inf,), -inf),
        C("log(x)", (-1.0,), nan, (nan,), nan),
        C("log2(x)", (0.0,), -inf, (inf,), -inf),
        C("log10(x)", (-1.0,), nan, (nan,), nan),
        C("log1p(x)", (-1.0,), -inf, (inf,), -inf),
        C("log1p(x)", (-2.0,), nan, (nan,), nan),
        C("exp(x)", (1000.0,), inf, (inf,), inf),
        C("exp(x)", (-1000.0,), 0.0, (0.0,), 0.0),
        C("cosh(x)", (1000.0,), inf, (inf,), inf),
        C("x * log(x)", (0.0,), nan, (nan,)),
        C("asin(x)", (1.0,), math.pi / 2, (inf,)),
        C("acos(x)", (-1.0,), math.pi, (-inf,)),
        C("asin(x)", (2.0,), nan, (nan,), nan),
        C("atanh(x)", (1.0,), inf, (inf,)),
        C("acosh(x)", (1.0,), 0.0, (inf,)),
        C("hypot(x, y)", (3e200, 4e200), 5e200, (0.6, 0.8)),
        C("norm(x)", ([3e200, 4e200],), 5e200, (0.6, 0.8)),
    ],
    "Entropy": [
        C("xlogy(x, y)", (0.0, 0.0), 0.0, (0.0, 0.0)),
        C("xlogy(x, y)", (0.0, 2.0), 0.0, (math.log(2.0), 0.0)),
        C("-sum(xlogy(x, x))", ([0.0, 1.0],), 0.0, (0.0, -1.0)),
    ],
    "Logarithms of sums of exponentials": [
        C("logsumexp(x)", ([-inf, -inf],), -inf, (0.0, 0.0)),
        C("logsumexp(x)", ([-inf, 1.0],), 1.0, (0.0, 1.0)),
        C("logsumexp(x)", ([1000.0, 1000.0],), 1000 + math.log(2.0), (0.5, 0.5)),
        C("logaddexp(x, y)", (1000.0, 1000.0), 1000 + math.log(2.0), (0.5, 0.5)),
        C("logaddexp(x, y)", (-inf, 1.0), 1.0, (0.0, 1.0)),
        C("softmax(x)[0]", ([1000.0, -1000.0],), 1.0, (0.0, 0.0)),
        C("log_softmax(x)[1]", ([1000.0, -1000.0],), -2000.0, (-1.0, 1.0)),
    ],
    "Far out: exact limits and finite gradients": [
        C("sigmoid(x)", (1000.0,), 1.0, (0.0,), 0.0),
        C("sigmoid(x)", (-1000.0,), 0.0, (0.0,), 0.0),
        C("sigmoid(x)", (inf,), 1.0, (0.0,), 0.0),
        C("sigmoid(x)", (-inf,), 0.0, (0.0,), 0.0),
        C("softplus(x)", (1000.0,), 1000.0, (1.0,), 0.0),
        C("softplus(x)", (-1000.0,), 0.0, (0.0,), 0.0),
        C("softplus(x)", (inf,), inf, (1.0,), 0.0),
        C("softplus(x)", (-inf,), 0.0, (0.0,), 0.0),
        C("log_sigmoid(x)", (1000.0,), 0.0, (0.0,), 0.0),
        C("log_sigmoid(x)", (-1000.0,), -1000.0, (1.0,), 0.0),
        C("log_sigmoid(x)", (inf,), 0.0, (0.0,), 0.0),
        C("log_sigmoid(x)", (-inf,), -inf, (1.0,), 0.0),
        C("tanh(x)", (1000.0,), 1.0, (0.0,), 0.0),
        C("tanh(x)", (-1000.0,), -1.0, (0.0,), 0.0),
        C("tanh(x)", (inf,), 1.0, (0.0,), 0.0),
        C("tanh(x)", (-inf,), -1.0, (0.0,), 0.0),
        C("gelu(x)", (1000.0,), 1000.0, (1.0,), 0.0),
        C("gelu(x)", (-1000.0,), 0.0, (0.0,), 0.0),
        C("silu(x)", (1000.0,), 1000.0, (1.0,), 0.0),
        C("silu(x)", (-1000.0,), 0.0, (0.0,), 0.0),
        C("elu(x, 1.0)", (1000.0,), 1000.0, (1.0,), 0.0),
    ],
    "Losses from scores": [
        C(bce(0.0), (1000.0,), 1000.0, (1.0,), 0.0),
        C(bce(1.0), (-1000.0,), 1000.0, (-1.0,), 0.0),
        C(bce(0.5), (0.0,), math.log(2.0), (0.0,), 0.25),
        C("-log_softmax(x)[1]", ([1000.0, 0.0],), 1000.0, (1.0, -1.0)),
    ],
    "Digits that the textbook's formula loses": [
        C("softplus(x)", (20.5,), 20.500000001249867, (0.9999999987498471,)),
        C("log1p(x)", (1e-20,), 1e-20, (1.0,), -1.0),
        C("expm1(x)", (1e-20,), 1e-20, (1.0,), 1.0),
        C("expm1(x)", (-40.0,), -1.0, (4.248354255291589e-18,)),
        C("tanh(x)", (20.0,), 1.0, (1.6993417021166355e-17,)),
        C("sigmoid(x)", (40.0,), 1.0, (4.248354255291589e-18,)),
        C("asin(x)", (1 - 2.0**-53,), 1.5707963118937354, (67108864.0,)),
        C("gelu(x)", (-10.0,), -7.619853024160526e-23, (-7.618400096464814e-22,)),
        C("sinc(x)", (0.0,), 1.0, (0.0,), -(math.pi**2) / 3),
    ],
    "Steps, and remainders": [
        C("floor(x)", (2.0,), 2.0, (0.0,), 0.0),
        C("ceil(x)", (2.5,), 3.0, (0.0,), 0.0),
        C("round(x)", (2.5,), 2.0, (0.0,), 0.0),
        C("sign(x)", (0.0,), 0.0, (0.0,), 0.0),
        C("mod(x, y)", (-7.0, 3.0), 2.0, (1.0, 3.0)),
        C("fmod(x, y)", (-7.0, 3.0), -1.0, (1.0, 2.0)),
    ],
}

REFUSED = (
    "random numbers that are drawn neither in `fresh` nor by a generator that is an attribute;",
    "clocks, `os.environ`, files, `print`, and functions of libraries that are not known to be pure;",
    "a change of anything outside, but for a buffer of a module;",
    "what cannot be watched: an iterator, a cache, an array of another library;",
    "a question for the type, the hash or the identity of a number or array that changes the result;",
    "a guard in a `Loop`, such as `if x > 0` on a traced number.",
)
"""What a compiled program does not follow."""

PROVED_IN: dict[str, tuple[str, ...]] = {
    "x * x, x + x, diamonds: every use counts, every node is visited once": (
        "test_graph::test_every_use_counts",
        "test_graph::test_a_diamond_is_walked_once_per_node",
    ),
    "A chain of 10^6 nodes, 10^6 uses of one: forward, backward, copy, draw, delete, without the cycle collector": (
        "test_graph::test_a_long_chain_goes_forward_backward_and_away",
        "test_graph::test_a_million_uses_of_one_value",
        "test_graph::test_memory_of_a_long_graph_is_returned_without_the_collector",
        "test_graph::test_a_long_graph_is_copied_without_recursion",
        "test_folding::test_a_long_graph_is_short",
    ),
    "backward() twice: leaves add up exactly, nodes in between are computed anew": (
        "test_graph::test_a_second_pass_doubles_leaves_and_renews_the_rest",
    ),
    "backward() from what is no single number, or needs no gradient: an error; an unused input: zeros": (
        "test_graph::test_what_backward_cannot_start_from",
        "test_transforms::test_unused_inputs_have_zero_gradients",
    ),
    "An error in the middle of a backward pass changes no gradient": (
        "test_graph::test_an_error_on_the_way_changes_no_gradient",
        "test_graph::test_an_interrupt_on_the_way_changes_no_gradient",
    ),
    "`.data` assigned after the forward pass: the gradient is that of the computation that took place, or an error": (
        "test_graph::test_data_that_changes_after_the_forward_pass_does_not_change_the_gradient",
        "test_graph::test_the_same_for_arrays",
        "test_graph::test_a_graph_of_stale_data_is_refused",
    ),
    "A rule of yours gives a wrong shape: an error names the operation and both shapes": (
        "test_graph::test_a_cotangent_of_a_wrong_shape_names_the_operation_and_both_shapes",
    ),
    "`no_grad` and `detect_anomaly` hold for their thread or task; threads train as one after the other": (
        "test_modes::test_modes_are_of_one_thread",
        "test_modes::test_modes_are_of_one_task",
        "test_graph::test_threads_that_train_give_the_serial_result",
    ),
    "Copies and pickles of leaves, graphs and models work, and gradients flow in them": (
        "test_graph::test_leaves_and_graphs_that_are_copied_together_stay_together",
        "test_graph::test_a_leaf_keeps_what_it_has",
        "test_module::test_a_copy_computes_the_same_and_stands_alone",
    ),
    "NumPy's numbers, arrays and functions, and arrays of PyTorch, JAX and pandas, on either side, make nodes; "
    "lists of nodes, and functions without a counterpart, are refused": (
        "test_graph::test_numbers_on_the_left_keep_the_graph",
        "test_graph::test_arrays_on_the_left_keep_the_graph",
        "test_graph::test_lists_of_nodes_are_refused_or_made_nodes",
        "test_numpy::test_a_function_of_numpy_on_nodes",
        "test_numpy::test_what_has_no_counterpart_is_refused",
        "test_numpy::test_arrays_of_other_libraries_are_operands",
    ),
    "Value(array), Value('x'), Value(True), Value(1j): a TypeError that says what to write": (
        "test_value::test_it_refuses_what_is_no_real_number",
    ),
    "float(v), int(v), complex(v), round(v), `math.sin(v)`, `np.asarray(v)`, v stored in an array, where v needs a "
    "gradient: a TypeError that names the remedy; of a constant and under `no_grad` the number": (
        "test_python_numbers::test_a_gradient_is_not_lost",
        "test_python_numbers::test_a_number_that_is_stored_or_an_index_is_refused",
        "test_python_numbers::test_inside_a_compiled_function_only_what_is_differentiated_is_refused",
        "test_python_numbers::test_numbers_are_written_as_text",
    ),
    "bool(v), `<`, `>`, `<=`, `>=`, `==`, `!=`: of the numbers, plain booleans; in a compiled function a guard, or a "
    "node in `where`; several booleans are no truth value": (
        "test_value::test_comparisons_are_of_numbers",
        "test_compiled::test_no_branch_is_frozen",
        "test_graph::test_equality_is_the_same_in_a_gradient_and_compiled",
        "test_graph::test_the_truth_of_an_array_is_refused_in_a_compiled_function",
    ),
    "`==` and `!=` compare numbers; what is no number is unequal; the hash is by identity": (
        "test_graph::test_equality_is_of_numbers_and_the_hash_by_identity",
    ),
    "`p.requires_grad = False` freezes a leaf; of a result, or inside a transform, it is an error": (
        "test_python_numbers::test_requires_grad_is_of_leaves_outside_of_transforms",
    ),
    "A batch of no rows: reductions along its rows give no numbers; along no elements they are refused": (
        "test_tensor::test_a_batch_of_no_rows_is_reduced_to_no_numbers",
        "test_graph::test_empty_arrays",
    ),
    "`axis` 0 or -1 of a single number: as NumPy's reductions take it, forward and backward": (
        "test_tensor::test_a_single_number_has_an_axis_forward_and_backward",
    ),
    "`var` and `std` with `ddof` of the number of elements or more: NumPy's inf and nan": (
        "test_tensor::test_no_degrees_of_freedom_are_numpy_s_inf_and_nan",
    ),
    "dtypes are promoted as in NumPy 2; the gradient of a leaf has the leaf's": (
        "test_graph::test_types_are_promoted_as_in_numpy_and_gradients_keep_the_leaf",
        "test_graph::test_integers_become_float64",
    ),
    "A column less a row: the gradient is summed back; in a loss it is refused": (
        "test_tensor::test_a_column_less_a_row_is_summed_back",
        "test_losses::test_shapes_that_would_broadcast_are_refused",
    ),
    "Arrays that are empty, of shape (), strided, read-only, mapped from a file: right, and never written": (
        "test_graph::test_empty_arrays",
        "test_graph::test_arrays_without_axes",
        "test_graph::test_arrays_of_any_layout_are_read_and_never_written",
    ),
    "An element that is picked twice gets both gradients": ("test_graph::test_a_repeated_index_accumulates",),
    "Compiled: a branch on a traced number is a guard, never frozen": (
        "test_compiled::test_a_branch_on_a_number_is_a_guard",
        "test_compiled::test_no_branch_is_frozen",
    ),
    "Compiled: a number, array or leaf that the function captures has changed: seen": (
        "test_compiled::test_a_captured_number_is_seen",
        "test_compiled::test_a_captured_array_is_seen",
        "test_compiled::test_a_captured_leaf_is_read_anew",
    ),
    "Compiled: whatever a function can read has changed (globals, attributes, containers, defaults, arguments): seen": (
        "test_purity::test_random_programs_do_the_same_compiled",
        "test_purity::test_random_programs_do_the_same_in_a_loop",
        "test_purity::test_objects_are_arguments_and_are_watched",
    ),
    "Compiled: real numbers of a NumPy or `random` generator that is an attribute: drawn in the stream of eager code": (
        "test_purity::test_a_generator_that_is_an_attribute_draws_the_stream_of_eager_code",
        "test_purity::test_pythons_generator_as_an_attribute_draws_the_stream_of_eager_code",
        "test_training::test_a_net_of_yours_draws_the_same_numbers_whether_its_steps_can_be_compiled_or_not",
    ),
    "Compiled: what it asks of kinds, hashes and identities gives what it gives to eager code: followed, or refused": (
        "test_purity::test_a_loss_that_asks_what_its_target_is_trains_the_same",
        "test_purity::test_a_penalty_that_asks_what_a_parameter_is_trains_the_same",
        "test_purity::test_a_traced_number_that_is_looked_up_is_followed_or_refused",
        "test_purity::test_what_an_argument_is_belongs_to_its_trace",
    ),
    "Compiled: an array of a node that is written into and put back: refused": (
        "test_purity::test_an_array_that_is_written_and_put_back_is_refused",
    ),
    "Compiled: what it draws otherwise outside of `fresh`, changes or asks of the system: refused, and put back": (
        "test_purity::test_a_refusal_puts_back_what_it_has_changed",
        "test_purity::test_a_refused_call_has_not_happened",
    ),
    "Compiled: `fit` trains eagerly what a program cannot follow, with one warning; `compiled=True` raises": (
        "test_purity::test_a_warning_names_the_reason_once_and_compiled_raises",
        "test_purity::test_random_programs_train_the_same",
    ),
    "Compiled: another shape, dtype or setting has a program of its own": (
        "test_compiled::test_other_shapes_and_dtypes_have_programs_of_their_own",
        "test_compiled::test_settings_have_programs_of_their_own",
        "test_compiled::test_a_leaf_of_another_shape_is_refused",
    ),
    "Compiled: random numbers advance at each call, in the stream that eager code draws": (
        "test_compiled::test_random_numbers_advance",
        "test_compiled::test_what_is_computed_of_a_drawn_number_advances_too",
        "test_compiled::test_random_numbers_that_would_be_frozen_are_refused",
        "test_compiled_training::test_dropout_draws_the_same_stream",
    ),
    "Compiled: learning rate, mode and step count may change while it trains": (
        "test_compiled_training::test_a_callback_may_change_the_rate_and_the_parameters",
    ),
    "Compiled: what the caller does to inputs and outputs between two calls is not seen": (
        "test_compiled::test_neither_side_sees_the_others_arrays",
    ),
    "Ctrl-C in the middle of a fit: the parameters are those of a finished step": (
        "test_training::test_ctrl_c_leaves_the_parameters_of_a_finished_step",
        "test_training::test_a_second_ctrl_c_does_not_tear_a_step",
    ),
    "The cache of kernels cannot be written, or is damaged: it works without, with one warning": (
        "test_kernels::test_a_damaged_cache_is_made_anew_with_one_warning",
        "test_kernels::test_a_cache_that_cannot_be_written_costs_one_warning",
        "test_kernels::test_kernels_that_cannot_be_kept_cost_one_warning",
    ),
    "Processes that start at once, other processors and other releases share a cache of kernels": (
        "test_kernels::test_processes_that_start_at_once_share_a_cache",
        "test_kernels::test_another_processor_has_files_of_its_own",
        "test_kernels::test_kernels_of_another_release_are_replaced_without_a_word",
    ),
    "Compiled and eager numbers agree to rounding; two runs agree to the bit": (
        "test_agreement::test_random_graphs_agree",
        "test_compiled::test_runs_are_equal_to_the_bit",
        "test_columns::test_runs_are_equal_in_every_bit",
    ),
    "Labels out of range, NaN in the data, no rows, a wrong width: an error before anything runs": (
        "test_training::test_what_is_wrong_is_said_before_anything_is_changed",
        "test_compiled_training::test_a_loop_checks_what_it_is_fed",
    ),
}
"""What holds for the engine and for programs, and the tests that show it."""


# Where others answer otherwise --------------------------------------------------------------------------------


TORCH = """
abs sqrt exp log log2 log10 log1p expm1 sin cosh asin acos atanh acosh atan2 hypot sigmoid tanh relu floor ceil round
sign reciprocal sinc prod sum fmod logaddexp xlogy
"""
JAX = """
abs sqrt exp log log2 log10 log1p expm1 sin cosh arcsin arccos arctanh arccosh hypot tanh floor ceil round sign
reciprocal sinc prod sum fmod mod logaddexp maximum minimum max min std where clip
"""


class Answer(NamedTuple):
    """What another engine gives for a case: the value and the gradient."""

    value: float
    gradient: tuple[float, ...]


def torch_names() -> dict[str, Callable[..., Any]]:
    """Give PyTorch's own functions, by the names of ours."""
    import torch

    F, like = torch.nn.functional, lambda x: torch.as_tensor(x, dtype=torch.float64)
    return {name: getattr(torch, name) for name in TORCH.split()} | {
        "inf": inf,
        "pow": lambda x, y: torch.pow(like(x), like(y)),
        "leaky_relu": F.leaky_relu,
        "elu": F.elu,
        "silu": F.silu,
        "gelu": F.gelu,
        "softplus": F.softplus,
        "log_sigmoid": F.logsigmoid,
        "clip": torch.clamp,
        "norm": torch.linalg.vector_norm,
        "std": lambda x: torch.std(x, correction=0),
        "maximum": lambda x, y: torch.maximum(like(x), like(y)),
        "minimum": lambda x, y: torch.minimum(like(x), like(y)),
        "max": lambda x, axis=None: x.max() if axis is None else x.max(dim=axis).values,
        "min": torch.min,
        "mod": torch.remainder,
        "where": torch.where,
        "logsumexp": lambda x: torch.logsumexp(x, 0),
        "softmax": lambda x: torch.softmax(x, 0),
        "log_softmax": lambda x: torch.log_softmax(x, 0),
    }


def torch_answer(case: Case, names: Mapping[str, Callable[..., Any]]) -> Answer:
    import torch

    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in case.at]
    out = case.function(names)(*xs)
    grads = torch.autograd.grad(out, xs, allow_unused=True) if out.requires_grad else [None] * len(xs)
    flat = [np.zeros(np.shape(x)) if g is None else g.numpy() for x, g in zip(case.at, grads, strict=True)]
    return Answer(out.item(), tuple(float(g) for g in np.concatenate([np.ravel(g) for g in flat])))


def jax_names() -> dict[str, Callable[..., Any]]:
    """Give JAX's own functions, by the names of ours."""
    import jax

    jax.config.update("jax_enable_x64", True)
    xp, special = jax.numpy, jax.scipy.special
    return {name.replace("arc", "a"): getattr(xp, name) for name in JAX.split()} | {
        "inf": inf,
        "pow": xp.power,
        "atan2": xp.arctan2,
        "norm": xp.linalg.norm,
        "xlogy": special.xlogy,
        "logsumexp": special.logsumexp,
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        **{name: getattr(jax.nn, name) for name in (
            "sigmoid", "relu", "leaky_relu", "elu", "silu", "softplus", "log_sigmoid", "softmax", "log_softmax")},
    }  # fmt: skip


def jax_answer(case: Case, names: Mapping[str, Callable[..., Any]]) -> Answer:
    import jax

    xs = [jax.numpy.asarray(x, np.float64) for x in case.at]
    value, grads = jax.value_and_grad(case.function(names), tuple(range(len(xs))))(*xs)
    return Answer(float(value), tuple(float(g) for g in np.concatenate([np.ravel(g) for g in grads])))


def alike(ours: Case | Answer, theirs: Answer, rtol: float = 1e-12) -> bool:
    """Say whether two answers are the same but for rounding."""
    have, want = [theirs.value, *theirs.gradient], [ours.value, *ours.gradient]
    return bool(np.allclose(have, want, rtol=rtol, atol=0.0, equal_nan=True))


LEAST = "the (sub)gradient of least norm, as at every kink"
KINK = f"{LEAST}; composed of a root and a square it is 0/0"
LENGTH = "scaled, so that no square overflows"
BRANCH = "a branch that is not taken contributes exactly 0, not 0 times infinity"
NAN = "the derivative of what is NaN is NaN"
DOMAIN = "where there is no value there is no derivative"
DIGITS = "not computed from the rounded value, which has lost the digits"

N, Z = nan, 0.0
OTHERS: dict[str, tuple[Answer | None, Answer | None, str]] = {
    "pow(x, y) at x = 0.0, y = 0.0": (None, Answer(1, (N, Z)), "x**0 is 1 for all x, so flat"),
    "pow(0.0, x) at x = -1.0": (None, Answer(inf, (N,)), "the limit: out * log(0)"),
    "abs(x) at x = 0.0": (None, Answer(0, (1,)), LEAST),
    "abs(x) at x = -0.0": (None, Answer(0, (1,)), LEAST),
    "leaky_relu(x, 0.25) at x = 0.0": (None, Answer(0, (1,)), LEAST),
    "clip(x, 0.0, 1.0) at x = 0.0": (Answer(0, (1,)), Answer(0, (0.5,)), LEAST),
    "clip(x, 0.0, 1.0) at x = 1.0": (Answer(1, (1,)), Answer(1, (0.5,)), LEAST),
    "clip(x, y, z) at x = 0.0, y = 0.0, z = 1.0": (
        Answer(0, (1, Z, Z)), Answer(0, (0.5, 0.5, Z)), "0 for `x` at a bound, so 1 for the bound: they add up to 1",
    ),
    "norm(x) at [0.0, 0.0]": (None, Answer(0, (N, N)), KINK),
    "hypot(x, y) at x = 0.0, y = 0.0": (Answer(0, (N, N)), Answer(0, (0.5, 0.5)), KINK),
    "std(x) at [2.0, 2.0, 2.0]": (None, Answer(0, (N, N, N)), KINK),
    "atan2(x, y) at x = 0.0, y = 0.0": (None, Answer(0, (N, N)), "0, as of a length at its zero"),
    "sum(max(x, axis=0)) at [1.0, 5.0, 5.0]": (
        Answer(5, (Z, 1, Z)), None, "ties share, also along an axis, where PyTorch takes the first",
    ),
    "relu(x) at x = nan": (Answer(N, (1,)), Answer(N, (Z,)), NAN),
    "maximum(x, 1.0) at x = nan": (Answer(N, (1,)), Answer(N, (Z,)), NAN),
    "maximum(1.0, x) at x = nan": (Answer(N, (1,)), Answer(N, (Z,)), NAN),
    "minimum(1.0, x) at x = nan": (Answer(N, (1,)), Answer(N, (Z,)), NAN),
    "where(x > 0, sqrt(x), 2 * x) at x = 0.0": (Answer(0, (N,)), Answer(0, (N,)), BRANCH),
    "where(x > 0, sqrt(x), x * x) at x = 0.0": (Answer(0, (N,)), Answer(0, (N,)), BRANCH),
    "where(x > 0, exp(log(sqrt(x)) * 2), x) at x = 0.0": (Answer(0, (N,)), Answer(0, (N,)), BRANCH),
    "sum(where(x > 0, log(x), 2 * x)) at [0.0, 1.0]": (Answer(0, (N, 1)), Answer(0, (N, 1)), BRANCH),
    "sum(where(x > 0, sqrt(sqrt(x)) * 3, x)) at [0.0, 1.0]": (Answer(3, (N, 0.75)), Answer(3, (N, 0.75)), BRANCH),
    "log(x) at x = -1.0": (Answer(N, (-1,)), Answer(N, (-1,)), DOMAIN),
    "log10(x) at x = -1.0": (Answer(N, (-1 / math.log(10),)), Answer(N, (-1 / math.log(10),)), DOMAIN),
    "log1p(x) at x = -2.0": (Answer(N, (-1,)), Answer(N, (-1,)), DOMAIN),
    "hypot(x, y) at x = 3e+200, y = 4e+200": (None, Answer(5e200, (0.6, 1.25)), LENGTH),
    "norm(x) at [3e+200, 4e+200]": (Answer(inf, (Z, Z)), Answer(inf, (Z, Z)), LENGTH),
    "xlogy(x, y) at x = 0.0, y = 0.0": (
        Answer(0, (Z, N)), Answer(0, (-inf, N)), "0, so that the gradient of an entropy is finite",
    ),
    "-sum(xlogy(x, x)) at [0.0, 1.0]": (Answer(0, (N, -1)), Answer(0, (N, -1)), "finite, so that a loss can go on"),
    "logsumexp(x) at [-inf, -inf]": (
        Answer(-inf, (N, N)), Answer(-inf, (N, N)), "no term weighs anything: what is masked out stays out",
    ),
    "softplus(x) at x = 20.5": (Answer(20.5, (1,)), None, "exact at any size; PyTorch gives `x` itself above 20"),
    "expm1(x) at x = -40.0": (Answer(-1, (Z,)), Answer(-1, (Z,)), DIGITS),
    "tanh(x) at x = 20.0": (Answer(1, (Z,)), Answer(1, (Z,)), DIGITS),
    "sigmoid(x) at x = 40.0": (Answer(1, (Z,)), Answer(1, (Z,)), DIGITS),
    "gelu(x) at x = -10.0": (Answer(Z, (-7.694598626706419e-22,)), None, "by erfc, which is exact where it is small"),
}  # fmt: skip
"""What PyTorch 2.13 and JAX answer where that is not what we do; None where it is."""


def every() -> list[Case]:
    return [case for cases in CASES.values() for case in cases]


def page() -> str:
    """Write the page."""
    lines = [
        "# Edge cases, and the answers",
        "",
        "Made of `tests/conventions.py`. Each line is a test: of floats, Values, Tensors of float64 and float32,",
        "compiled programs, the backward graph and forward mode, and of what PyTorch and JAX answer, where they are",
        "installed.",
        "",
        "The rule: where a function is differentiable, the derivative; at a convex kink the subgradient of least norm,",
        "at a concave one the supergradient; otherwise by continuity, so that the root has an infinite slope at 0;",
        "what is undefined is NaN.",
        "",
        "## Where PyTorch or JAX answer otherwise",
        "",
        f"{len(OTHERS)} of {len(every())} cases, written value; gradient. A dash: as ours.",
        "",
        "| formula | at | Chalkgrad | PyTorch | JAX | because |",
        "|---|---|---|---|---|---|",
    ]
    for case in every():
        if str(case) in OTHERS:
            torch, jax, why = OTHERS[str(case)]
            answers = [_answer(case, case), _answer(torch, case), _answer(jax, case)]
            lines.append(_row(f"`{case.formula}`", _point(case), *answers, why))
    lines += ["", "## All cases", ""]
    for title, cases in CASES.items():
        lines += [
            f"### {title}",
            "",
            "| formula | at | value | gradient | second derivative |",
            "|---|---|---|---|---|",
        ]
        for case in cases:
            second = "" if case.second is None else _number(case.second)
            lines.append(_row(f"`{case.formula}`", _point(case), _number(case.value), _numbers(case.gradient), second))
        lines.append("")
    lines += [
        "## Compiled programs",
        "",
        "For any Python program, eager code, `compile`, `Loop` and `fit` do the same, or say what they cannot follow.",
        "Where something cannot be followed, `compile` and `Loop` raise an error that names it, and what they have",
        "changed is put back. `fit` then trains eagerly, with one warning, and `history.compiled` says so.",
        "",
        "Refused are:",
        "",
        *(f"- {line}" for line in REFUSED),
        "",
    ]
    lines += ["## The engine and programs", "", "| what holds | shown by |", "|---|---|"]
    lines += [_row(what, ", ".join(f"`{name}`" for name in names)) for what, names in PROVED_IN.items()]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _point(case: Case) -> str:
    return _numbers(case.at[0]) if case.of_array else _numbers(case.at)


def _answer(x: Case | Answer | None, case: Case) -> str:
    return "–" if x is None else f"{_number(x.value)}; {_numbers(x.gradient)}"


def _numbers(xs: Any) -> str:
    return _number(xs[0]) if len(xs) == 1 else f"({', '.join(map(_number, xs))})"


def _number(x: float) -> str:
    return f"{float(x) + 0.0:.17g}".removesuffix(".0") if float(f"{x:.6g}") != x else f"{float(x):.6g}"


if __name__ == "__main__":
    print(page(), end="")
