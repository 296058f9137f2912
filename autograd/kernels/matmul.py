"""The matrix product, on tiles whose sums stay in vector registers.

A tile is a few rows by one or two vectors of columns. Its loop over k loads a vector of B once and multiplies it into
every row, so that each number loaded is used several times. LLVM lowers the wide vectors on narrower processors. The
left operand has a stride for rows and one for columns, so its transpose costs nothing; a transposed or wide right
operand is packed first. The bias is what the sums start from; ReLU is applied before they leave the registers. A long
sum over k is cut into blocks, whose operands stay in the nearest cache; each goes on from the sums of the one before.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from .build import kernel, size_of, view, written

_WORD, _HALF, _BIT = ir.IntType(64), ir.IntType(32), ir.IntType(1)


class _Vectors:
    """Writes code for vectors of 64 bytes of a dtype."""

    def __init__(self, context: Any, builder: Any, scalar: Any) -> None:
        self.builder, self.element = builder, context.get_value_type(scalar)
        self.lanes, self.size, self.suffix = (16, 4, "v16f32") if scalar is types.float32 else (8, 8, "v8f64")
        self.kind = ir.VectorType(self.element, self.lanes)
        self.fma = self.function("fma", self.kind, self.kind, self.kind, self.kind)

    def function(self, name: str, result: Any, *operands: Any, suffix: str = "") -> Any:
        kind, full_name = ir.FunctionType(result, operands), f"llvm.{name}.{self.suffix}{suffix}"
        return cgutils.get_or_insert_function(self.builder.module, kind, full_name)

    def at(self, base: Any, offset: Any, kind: Any) -> Any:
        """Return the address of a number, or of the vector that begins there, as a pointer."""
        address = self.builder.add(base, self.builder.mul(offset, _number(self.size)))
        return self.builder.inttoptr(address, kind.as_pointer())

    def load(self, base: Any, offset: Any) -> Any:
        return self.builder.load(self.at(base, offset, self.kind), align=self.size)


def _number(n: int) -> Any:
    return ir.Constant(_WORD, n)


@intrinsic(prefer_literal=True)
def _tile(typing_context, dtype, rows, vectors, a, b, c, start, start_row, k, a_row, a_col, b_row, c_row, tail, relu):
    """Add to the tile at `start`, of so many rows and vectors; in the last vector only `tail` lanes are there.

    An intrinsic of the module, with its size as literals: a function made for each size would never be found in the
    cache again.
    """
    result = types.void(dtype, rows, vectors, *[types.int64] * 12)
    scalar, rows, vectors = dtype.instance_type, rows.literal_value, vectors.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, _, _, a, b, c, start, start_row, k, a_row, a_col, b_row, c_row, tail, relu = args
        of = _Vectors(context, builder, scalar)
        lanes, vector, function, mask_type = of.lanes, of.kind, builder.function, ir.VectorType(_BIT, of.lanes)
        operands = vector.as_pointer(), _HALF, mask_type
        load = of.function("masked.load", vector, *operands, vector, suffix=".p0")
        store = of.function("masked.store", ir.VoidType(), vector, *operands, suffix=".p0")
        nothing, align = ir.Constant(vector, [0.0] * lanes), ir.Constant(_HALF, of.size)

        def spread(x: Any, kind: Any) -> Any:
            undefined = ir.Constant(ir.VectorType(kind, lanes), ir.Undefined)
            one = builder.insert_element(undefined, x, ir.Constant(_HALF, 0))
            return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_HALF, lanes), [0] * lanes))

        each_lane = ir.Constant(ir.VectorType(_WORD, lanes), list(range(lanes)))
        mask = builder.icmp_signed("<", each_lane, spread(tail, _WORD))

        def loaded(base: Any, offset: Any, v: int) -> Any:
            if v == vectors - 1:
                return builder.call(load, [of.at(base, offset, vector), align, mask, nothing])
            return of.load(base, offset)

        has_start = builder.icmp_signed("!=", start, _number(0))
        entry = builder.block
        with_start, head, body, done = (
            function.append_basic_block(name) for name in ("with_start", "head", "body", "done")
        )
        builder.cbranch(has_start, with_start, head)
        builder.position_at_end(with_start)
        downs = [builder.mul(_number(r), start_row) for r in range(rows)]
        starts = [[loaded(start, builder.add(x, _number(v * lanes)), v) for v in range(vectors)] for x in downs]
        builder.branch(head)
        builder.position_at_end(head)
        p = builder.phi(_WORD)
        p.add_incoming(_number(0), entry)
        p.add_incoming(_number(0), with_start)
        sums = [[builder.phi(vector) for _ in range(vectors)] for _ in range(rows)]
        for row, begun in zip(sums, starts, strict=True):
            for x, first in zip(row, begun, strict=True):
                x.add_incoming(nothing, entry)
                x.add_incoming(first, with_start)
        builder.cbranch(builder.icmp_signed("<", p, k), body, done)
        builder.position_at_end(body)
        b_at = builder.mul(p, b_row)
        right = [loaded(b, builder.add(b_at, _number(v * lanes)), v) for v in range(vectors)]
        a_at = builder.mul(p, a_col)
        for r in range(rows):
            place = builder.add(builder.mul(_number(r), a_row), a_at)
            x = spread(builder.load(of.at(a, place, of.element)), of.element)
            for v in range(vectors):
                sums[r][v].add_incoming(builder.call(of.fma, [x, right[v], sums[r][v]]), body)
        p.add_incoming(builder.add(p, _number(1)), body)
        builder.branch(head)
        builder.position_at_end(done)
        always = builder.icmp_signed("==", relu, _number(0))
        for r in range(rows):
            for v in range(vectors):
                kept = builder.or_(builder.fcmp_unordered("ugt", sums[r][v], nothing), spread(always, _BIT))
                x = builder.select(kept, sums[r][v], nothing)
                at = of.at(c, builder.add(builder.mul(_number(r), c_row), _number(v * lanes)), vector)
                if v == vectors - 1:
                    builder.call(store, [x, at, align, mask])
                else:
                    builder.store(x, at, align=of.size)
        return context.get_dummy_value()

    return result, code


@intrinsic(prefer_literal=True)
def _dots(typing_context, dtype, rows, a, b, c, k, a_row):
    """Compute the products of so many rows of A with one vector, in whole vectors of `k`; the rest is left."""
    result = types.void(dtype, rows, *[types.int64] * 5)
    scalar, rows = dtype.instance_type, rows.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, _, a, b, c, k, a_row = args
        of = _Vectors(context, builder, scalar)
        add = of.function("vector.reduce.fadd", of.element, of.element, of.kind)
        entry = builder.block
        head, body, done = (builder.function.append_basic_block(name) for name in ("head", "body", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        p = builder.phi(_WORD)
        p.add_incoming(_number(0), entry)
        sums = [builder.phi(of.kind) for _ in range(rows)]
        for x in sums:
            x.add_incoming(ir.Constant(of.kind, [0.0] * of.lanes), entry)
        following = builder.add(p, _number(of.lanes))
        builder.cbranch(builder.icmp_signed("<=", following, k), body, done)
        builder.position_at_end(body)
        right = of.load(b, p)
        for r, x in enumerate(sums):
            left = of.load(a, builder.add(builder.mul(_number(r), a_row), p))
            x.add_incoming(builder.call(of.fma, [left, right, x]), body)
        p.add_incoming(following, body)
        builder.branch(head)
        builder.position_at_end(done)
        for r, x in enumerate(sums):
            total = builder.call(add, [ir.Constant(of.element, 0.0), x], fastmath=("reassoc",))
            builder.store(total, of.at(c, _number(r), of.element))
        return context.get_dummy_value()

    return result, code


def _strip(vectors: int) -> Any:
    """Make the loop over all rows of a strip of columns, so many vectors wide, in tiles of 8, 4 and 1 rows."""

    @register_jitable(forceinline=True)
    def strip(dtype, size, m, a, b, c, start, start_row, k, a_row, a_col, b_row, c_row, tail, relu):
        down_a, down_c, down_start = a_row * size, c_row * size, start_row * size
        i = 0
        while i + 8 <= m:
            _tile(dtype, 8, vectors, a, b, c, start, start_row, k, a_row, a_col, b_row, c_row, tail, relu)
            a, c, start, i = a + 8 * down_a, c + 8 * down_c, start + 8 * down_start, i + 8
        if i + 4 <= m:
            _tile(dtype, 4, vectors, a, b, c, start, start_row, k, a_row, a_col, b_row, c_row, tail, relu)
            a, c, start, i = a + 4 * down_a, c + 4 * down_c, start + 4 * down_start, i + 4
        while i < m:
            _tile(dtype, 1, vectors, a, b, c, start, start_row, k, a_row, a_col, b_row, c_row, tail, relu)
            a, c, start, i = a + down_a, c + down_c, start + down_start, i + 1

    return strip


_one, _two = _strip(1), _strip(2)  # names of the module: in a closure they would keep the kernel out of the cache

_DEPTH = 128  # of a block: with two vectors in a row its panel takes 16 KB, a third of the nearest cache


@written(types.int64)
def _panel(builder: Any) -> Any:
    """Return the address of room for a panel on the stack."""
    room = cgutils.alloca_once(builder, ir.IntType(8), size=_DEPTH * 2 * 64)
    room.align = 64
    return builder.ptrtoint(room, ir.IntType(64))


@register_jitable
def _pack(dtype, panel, lanes, b, depth, width, row, column):
    """Copy a block of B into the panel, whose rows have two vectors."""
    if column == 1:
        for p in range(depth):
            to, numbers = view(panel, width, dtype, p * 2 * lanes), view(b, width, dtype, p * row)
            for q in range(width):
                to[q] = numbers[q]
    else:  # along the columns of B, whose numbers often lie side by side
        to = view(panel, depth * 2 * lanes, dtype)
        for q in range(width):
            for p in range(depth):
                to[p * 2 * lanes + q] = view(b, 1, dtype, q * column + p * row)[0]  # steps may go backward


@kernel
def matmul(
    dtype, out, a, b, bias, m, k, n, out_row, a_row, a_column, b_row, b_column, relu, batches, out_batch, a_batch,
    b_batch,
):  # fmt: skip
    """Multiply: out[i, j] = sum over p of a[i, p] b[p, j] + bias[j]."""
    size = size_of(dtype)
    lanes = 64 // size
    packed = b_column != 1 or (m >= 32 and n > 2 * lanes)
    panel = _panel()
    for batch in range(batches):
        to, left, right = out + batch * out_batch * size, a + batch * a_batch * size, b + batch * b_batch * size
        if n == 1 and a_column == 1 and b_row == 1:  # rows times one column
            column = view(right, k, dtype)
            start = view(bias, 1, dtype)[0] if bias != 0 else dtype(0)
            whole = k - k % lanes
            result = view(to, m, dtype)
            i = 0
            while i + 8 <= m:
                _dots(dtype, 8, left + i * a_row * size, right, to + i * size, k, a_row)
                i += 8
            while i < m:
                _dots(dtype, 1, left + i * a_row * size, right, to + i * size, k, a_row)
                i += 1
            for i in range(m):
                row = view(left, k, dtype, i * a_row)
                total = result[i] + start
                for p in range(whole, k):
                    total += row[p] * column[p]
                result[i] = total if relu == 0 or total > 0 or total != total else dtype(0)
            continue
        first = 0
        while first == 0 or first < k:
            depth = min(k - first, _DEPTH)
            final = relu if first + depth == k else 0
            x, y = left + first * a_column * size, right + first * b_row * size
            for j in range(0, n, 2 * lanes):
                width, at, c, along = min(2 * lanes, n - j), y + j * b_column * size, to + j * size, b_row
                start, start_row = (c, out_row) if first != 0 else (bias + j * size if bias != 0 else 0, 0)
                if packed:
                    _pack(dtype, panel, lanes, at, depth, width, b_row, b_column)
                    at, along = panel, 2 * lanes
                if width > lanes:
                    _two(
                        dtype, size, m, x, at, c, start, start_row, depth, a_row, a_column, along, out_row,
                        width - lanes, final,
                    )  # fmt: skip
                else:
                    _one(
                        dtype, size, m, x, at, c, start, start_row, depth, a_row, a_column, along, out_row, width, final
                    )  # fmt: skip
            first += _DEPTH
    return 0
