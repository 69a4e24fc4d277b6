"""Packing is undone here by the slow, plain reading of its description."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.packing import (
    ALPHABET,
    SCALE,
    pack_codes,
    pack_integers,
    pack_naturals,
    pack_optional,
    pack_points,
    pack_shapes,
)

NATURALS = st.lists(st.integers(0, 2**40), max_size=60)
DEGREES = st.tuples(st.floats(-180, 180), st.floats(-85, 85))


def unpack_naturals(text: str) -> list[int]:
    """Digits are base 32, lowest first; letters from the 33rd on say that more follow."""
    numbers, value, unit = [], 0, 1
    for letter in text:
        digit = ALPHABET.index(letter)
        value += (digit % 32) * unit
        unit *= 32
        if digit < 32:
            numbers.append(value)
            value, unit = 0, 1
    assert (value, unit) == (0, 1)
    return numbers


def unpack_integers(text: str) -> list[int]:
    return [-(n + 1) // 2 if n % 2 else n // 2 for n in unpack_naturals(text)]


@given(NATURALS)
def test_naturals_come_back(numbers: list[int]) -> None:
    assert unpack_naturals(pack_naturals(numbers)) == numbers


@given(st.lists(st.integers(-(2**39), 2**39), max_size=60))
def test_integers_come_back(numbers: list[int]) -> None:
    assert unpack_integers(pack_integers(numbers)) == numbers


def test_negative_naturals_are_refused() -> None:
    with pytest.raises(ValueError, match="found -3"):
        pack_naturals([1, -3])


def test_alphabet_needs_no_escaping() -> None:
    assert len(set(ALPHABET)) == 64
    assert not set(ALPHABET) & set("<>&\"'\\/`${} \n")


def test_unknown_is_not_zero() -> None:
    assert unpack_naturals(pack_optional([np.nan, 0.0, 7.0, np.inf])) == [0, 1, 8, 0]


def test_codes_are_one_letter_each() -> None:
    assert pack_codes([True, False, 5]) == "BAF"


@given(st.lists(DEGREES, min_size=1, max_size=40))
def test_points_come_back_within_a_metre(points: list[tuple[float, float]]) -> None:
    steps = np.cumsum(np.array(unpack_integers(pack_points(points))).reshape(-1, 2), axis=0)
    assert np.abs(steps / SCALE - np.array(points)).max() <= 0.5 / SCALE + 1e-9


def test_points_relative_to_others() -> None:
    homes = [(107.1, 34.3), (107.2, 34.4)]
    snaps = [(107.1001, 34.3), (107.2, 34.3998)]
    assert unpack_integers(pack_points(snaps, origin=homes)) == [10, 0, 0, -20]


def test_shapes_count_parts_and_vertices() -> None:
    line = shapely.LineString([(0, 0), (0.001, 0), (0.001, 0.001)])
    area = shapely.Polygon(
        [(0, 0), (1, 0), (1, 1), (0, 1)], holes=[[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4)]]
    )
    packed = pack_shapes([line, area, shapely.Point(0, 0)])
    assert unpack_naturals(packed.parts) == [1, 2, 0]
    assert unpack_naturals(packed.counts) == [3, 5, 4]
    steps = np.cumsum(np.array(unpack_integers(packed.steps)).reshape(-1, 2), axis=0)
    assert steps[:3].tolist() == [[0, 0], [100, 0], [100, 100]]
    assert len(steps) == 12


def test_lines_alone_need_no_list_of_parts() -> None:
    packed = pack_shapes([shapely.LineString([(0, 0), (1, 1)])] * 3)
    assert packed.parts == ""
    assert unpack_naturals(packed.counts) == [2, 2, 2]


def test_straight_vertices_are_dropped() -> None:
    xs = np.linspace(0, 0.01, 50)
    packed = pack_shapes([shapely.LineString(np.column_stack([xs, xs]))], tolerance_m=2.0)
    assert unpack_naturals(packed.counts) == [2]


def test_nothing_packs_to_nothing() -> None:
    assert pack_shapes([]).as_dict() == {"counts": "", "steps": "", "parts": ""}
    assert pack_naturals([]) == ""
