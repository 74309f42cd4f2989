"""Products of small matrices, row by row, so that the compiler keeps whole rows in vector registers."""

from __future__ import annotations

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.arrays import Floats

FAST = {"contract", "reassoc", "nsz", "arcp"}
"""Freedom in the order of sums. Not-a-number and infinity stay what they are: they tell of a run that broke."""

NARROW = 16
"""Fewer columns than that do not fill a vector register."""

_PRODUCT = "void(float32[:,::1], float32[:,::1], float32[:,::1])"


@compiled("void(float32[:,::1], float32[:,::1], float32[:,::1], int64)", fastmath=FAST)
def add_product_to_four_rows(left: Floats, right: Floats, out: Floats, i: int) -> None:
    """Do what `add_product` does for the rows from `i` on: each row of the right side is read once for all four."""
    k, m = right.shape
    a, b, c, d = left[i], left[i + 1], left[i + 2], left[i + 3]
    to_a, to_b, to_c, to_d = out[i], out[i + 1], out[i + 2], out[i + 3]
    whole = k - k % 4
    for p in range(0, whole, 4):
        r0, r1, r2, r3 = right[p], right[p + 1], right[p + 2], right[p + 3]
        a0, a1, a2, a3 = a[p], a[p + 1], a[p + 2], a[p + 3]
        b0, b1, b2, b3 = b[p], b[p + 1], b[p + 2], b[p + 3]
        c0, c1, c2, c3 = c[p], c[p + 1], c[p + 2], c[p + 3]
        d0, d1, d2, d3 = d[p], d[p + 1], d[p + 2], d[p + 3]
        for j in range(m):
            x0, x1, x2, x3 = r0[j], r1[j], r2[j], r3[j]
            to_a[j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
            to_b[j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
            to_c[j] += c0 * x0 + c1 * x1 + c2 * x2 + c3 * x3
            to_d[j] += d0 * x0 + d1 * x1 + d2 * x2 + d3 * x3
    for p in range(whole, k):
        row = right[p]
        a0, b0, c0, d0 = a[p], b[p], c[p], d[p]
        for j in range(m):
            x0 = row[j]
            to_a[j] += a0 * x0
            to_b[j] += b0 * x0
            to_c[j] += c0 * x0
            to_d[j] += d0 * x0


@compiled("void(float32[::1], float32[:,::1], float32[::1])", fastmath=FAST)
def add_product_to_row(a: Floats, right: Floats, to_a: Floats) -> None:
    """Add ``a @ right``: (k,) times (k, m) to (m,)."""
    k, m = right.shape
    whole = k - k % 4
    for p in range(0, whole, 4):
        r0, r1, r2, r3 = right[p], right[p + 1], right[p + 2], right[p + 3]
        a0, a1, a2, a3 = a[p], a[p + 1], a[p + 2], a[p + 3]
        for j in range(m):
            to_a[j] += a0 * r0[j] + a1 * r1[j] + a2 * r2[j] + a3 * r3[j]
    for p in range(whole, k):
        row = right[p]
        a0 = a[p]
        for j in range(m):
            to_a[j] += a0 * row[j]


@compiled(_PRODUCT, fastmath=FAST)
def add_product(left: Floats, right: Floats, out: Floats) -> None:
    """Add ``left @ right``: (n, k) times (k, m) to (n, m)."""
    n = left.shape[0]
    whole = n - n % 4
    for i in range(0, whole, 4):
        add_product_to_four_rows(left, right, out, i)
    for i in range(whole, n):
        add_product_to_row(left[i], right, out[i])


@compiled(_PRODUCT, fastmath=FAST)
def add_product_of_rows(left: Floats, right: Floats, out: Floats) -> None:
    """Add ``left @ right.T``: (n, k) times (m, k) turned, to (n, m); meant for few columns m."""
    n, k = left.shape
    for i in range(n):
        a = left[i]
        for j in range(right.shape[0]):
            b = right[j]
            total = out[i, j]
            for p in range(k):
                total += a[p] * b[p]
            out[i, j] = total


@compiled("void(float32[:,::1], float32[:,::1])")
def add_transpose(matrix: Floats, out: Floats) -> None:
    """Add ``matrix.T``."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[j, i] += matrix[i, j]


@compiled("void(float32[:,::1], float32[:,::1])")
def transpose(matrix: Floats, out: Floats) -> None:
    """Write ``matrix.T``."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[j, i] = matrix[i, j]
