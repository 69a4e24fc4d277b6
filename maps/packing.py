"""Integers and shapes as short text that a page unpacks again (`templates/packed.js`).

Every integer becomes base-32 digits, lowest first, written with 64 letters: the upper half of the
alphabet says that more digits follow. Shapes are differences of whole `1 / SCALE` degrees (about
a metre), so that a street vertex takes some four letters. The alphabet needs no escaping in HTML,
JSON or JavaScript.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SCALE = 100_000
"""Steps per degree: five decimals, 1.1 m at the equator."""

_DIGIT_BITS = 5
_LETTERS = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)


def pack_naturals(values: ArrayLike) -> str:
    """Whole numbers from 0 as text.

    Raises
    ------
    ValueError
        A value is below 0.

    >>> pack_naturals([0, 31, 32])
    'AfgB'
    """
    numbers = np.asarray(values, dtype=np.int64).ravel()
    if numbers.size == 0:
        return ""
    if numbers.min() < 0:
        raise ValueError(f"expected numbers from 0, found {numbers.min()}")
    n_digits = np.ones(numbers.size, dtype=np.int64)
    rest = numbers >> _DIGIT_BITS
    while rest.any():
        n_digits += rest > 0
        rest >>= _DIGIT_BITS
    start = np.concatenate([[0], np.cumsum(n_digits)[:-1]])
    digits = np.empty(int(n_digits.sum()), dtype=np.uint8)
    for place in range(int(n_digits.max())):
        has = n_digits > place
        digit = (numbers[has] >> (_DIGIT_BITS * place)) & 31
        digits[start[has] + place] = digit + np.where(n_digits[has] > place + 1, 32, 0)
    return _LETTERS[digits].tobytes().decode("ascii")


def pack_integers(values: ArrayLike) -> str:
    """Whole numbers of either sign as text; 0, -1, 1, -2 become 0, 1, 2, 3 and so on.

    >>> pack_integers([0, -1, 1, -20])
    'ABCnB'
    """
    numbers = np.asarray(values, dtype=np.int64).ravel()
    return pack_naturals((numbers << 1) ^ (numbers >> 63))


def pack_optional(values: ArrayLike) -> str:
    """Whole numbers from 0, NaN or infinite where there is none; 0 says none, 1 says 0.

    >>> pack_optional([float("nan"), 0, 5])
    'ABG'
    """
    numbers = np.asarray(values, dtype=np.float64).ravel()
    known = np.isfinite(numbers)
    return pack_naturals(np.where(known, np.where(known, numbers, 0.0) + 1.0, 0.0).astype(np.int64))


def pack_codes(codes: ArrayLike) -> str:
    """Codes 0 … 63 as one letter each.

    >>> pack_codes([0, 1, 63])
    'AB_'
    """
    return _LETTERS[np.asarray(codes, dtype=np.int64).ravel()].tobytes().decode("ascii")


def round_degrees(lonlat: ArrayLike) -> NDArray[np.int64]:
    """Degrees as whole steps of `1 / SCALE`."""
    return np.round(np.asarray(lonlat, dtype=np.float64) * SCALE).astype(np.int64)


def pack_points(lonlat: ArrayLike, *, origin: ArrayLike | None = None) -> str:
    """Points, shape `(N, 2)` degrees, as differences: each from the one before, or from `origin`.

    Parameters
    ----------
    origin
        Shape `(N, 2)`: what each point is the difference from, after rounding.
    """
    steps = round_degrees(lonlat).reshape(-1, 2)
    if origin is None:
        steps = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    else:
        steps = steps - round_degrees(origin).reshape(-1, 2)
    return pack_integers(steps)


@dataclass(frozen=True, slots=True)
class PackedShapes:
    """Lines or rings of several features.

    Parameters
    ----------
    counts
        Vertices of each part.
    steps
        Vertices of all parts, one after the other, as differences.
    parts
        Parts of each feature; empty text when every feature has one.
    """

    counts: str
    steps: str
    parts: str = ""

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"counts": self.counts, "steps": self.steps, "parts": self.parts}


def pack_shapes(geometry: ArrayLike, *, tolerance_m: float = 0.0) -> PackedShapes:
    """Lines and polygons of features as text, simplified.

    Parameters
    ----------
    geometry
        Shape `(N,)`: (Multi)LineString or (Multi)Polygon, degrees. Others become features without parts.
    tolerance_m
        Douglas-Peucker tolerance; a degree is taken for 111 km in both directions.
    """
    shapes = np.asarray(geometry, dtype=object)
    if tolerance_m > 0:
        shapes = shapely.simplify(shapes, tolerance_m / 111_000.0, preserve_topology=True)
    pieces, owner = shapely.get_parts(shapes, return_index=True)
    kind = shapely.get_type_id(pieces)
    is_area = kind == shapely.GeometryType.POLYGON
    rings, ring_piece = shapely.get_rings(pieces[is_area], return_index=True)
    is_line = np.isin(kind, [shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING])
    lines = np.concatenate([pieces[is_line], rings])
    line_owner = np.concatenate([owner[is_line], owner[is_area][ring_piece]])
    order = np.argsort(line_owner, kind="stable")
    lines, line_owner = lines[order], line_owner[order]
    steps = pack_points(shapely.get_coordinates(lines)) if lines.size else ""
    per_feature = np.bincount(line_owner.astype(np.int64), minlength=shapes.size)
    return PackedShapes(
        counts=pack_naturals(shapely.get_num_coordinates(lines)) if lines.size else "",
        steps=steps,
        parts="" if (per_feature == 1).all() else pack_naturals(per_feature),
    )
