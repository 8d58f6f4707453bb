"""The additive log-mean Divisia decomposition (LMDI-I) of a change, exact to the last digit.

A quantity is a product of factors in every cell i, ``V_i = x_1,i * x_2,i * … * x_n,i``. The part of
its change that is owed to the factor k is::

    dV_k = sum_i L(V_i', V_i) * ln(x_k,i' / x_k,i)        L(a, b) = (a - b) / (ln a - ln b)

and the parts add up to the change: nothing is left over, and the way back gives the same parts
with the other sign (B. W. Ang, The LMDI approach to decomposition analysis: a practical guide,
Energy Policy 33 (2005) 867-871, eq. 5).

A factor that is zero in one of the two years takes the whole change of its cell, the others take
none: that is where the parts go as the zero is approached (B. W. Ang and N. Liu, Handling zero
values in the logarithmic mean Divisia index decomposition approach, Energy Policy 35 (2007)
238-246; R. Wood and M. Lenzen, Zero-value problems of the logarithmic mean Divisia index
decomposition method, Energy Policy 34 (2006) 1326-1331). Several that are zero in the same year
share it alike. Cells without any change of V have no parts but those that cancel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from paes.errors import DataError

Floats = npt.NDArray[np.float64]

_NEAR = 0.5
"""Of (a - b) / (a + b): below it the quotient of differences loses digits, and artanh does not."""


def log_mean(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """The logarithmic mean of non-negative ``a`` and ``b``, elementwise; L(a, a) = a, L(a, 0) = 0.

    Near a = b numerator and denominator both vanish; there it is, with z = (a - b) / (a + b),
    L = (a + b) / 2 * z / artanh(z). Raises DataError if a figure is negative.
    """
    first, second = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    if (first < 0).any() or (second < 0).any():
        raise DataError("a logarithmic mean is one of figures that are not negative")
    made = np.zeros(first.shape)
    both = (first > 0) & (second > 0)
    x, y = first[both], second[both]
    # Halves first: the sum of two huge figures must not overflow.
    middle = x / 2 + y / 2
    z = (x / 2 - y / 2) / middle
    near = np.abs(z) < _NEAR
    half_log = np.where(near, np.arctanh(np.where(near, z, 0.0)), (np.log(x) - np.log(y)) / 2)
    made[both] = middle * np.divide(z, half_log, out=np.ones_like(z), where=half_log != 0)
    return made


def contributions(before: Floats, after: Floats) -> Floats:
    """What each factor contributed to the change of each cell's product, in the product's unit.

    ``before`` and ``after`` have a row a factor and a column a cell, and no negative figure; so
    has what is returned. The sum over all factors is the change of the cell's product.
    """
    if before.shape != after.shape or before.ndim != 2:
        raise DataError(f"factors of two years differ: {before.shape} and {after.shape}")
    if not len(before):
        raise DataError("a change without any factor has no causes")
    product_before, product_after = before.prod(axis=0), after.prod(axis=0)
    weights = log_mean(product_after, product_before)
    both = (before > 0) & (after > 0)
    ratio = np.divide(after, before, out=np.ones_like(after), where=both)
    made: Floats = weights * np.log(ratio)
    for cells, zeros, change in (
        ((product_before == 0) & (product_after > 0), before == 0, product_after),
        ((product_before > 0) & (product_after == 0), after == 0, -product_before),
    ):
        if cells.any():
            here = zeros[:, cells]
            made[:, cells] = here * change[cells] / here.sum(axis=0)
    return made
