"""The scales can be told apart: in grey, with each kind of colour blindness, and from `unknown`."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from maps.errors import InvalidPalette
from maps.style import (
    LINE_MODES,
    Scale,
    blend,
    build_palette,
    classify_minutes,
    classify_share,
    find_rank,
    lightness,
    list_swatches,
    read_palette,
)

# Linear RGB as seen without one kind of cone: Machado, Oliveira, Fernandes 2009, severity 1.0.
COLOUR_BLIND = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def to_lab(color: str, seen_by: str = "") -> np.ndarray:
    """CIE L*a*b* (D65) of an sRGB colour, as someone with that colour blindness sees it."""
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    if seen_by:
        linear = np.clip(np.array(COLOUR_BLIND[seen_by]) @ linear, 0, 1)
    ratio = XYZ @ linear / (XYZ @ np.ones(3))
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def scales() -> dict[str, list[str]]:
    palette = read_palette()
    return {"coverage": list_swatches(palette), "minutes": list(palette.minutes.colors)}


@pytest.mark.parametrize("name", ["coverage", "minutes"])
def test_classes_differ_in_grey(name: str) -> None:
    steps = [lightness(high) - lightness(low) for low, high in pairwise(scales()[name])]
    assert all(step > 0 for step in steps) or all(step < 0 for step in steps)
    assert min(map(abs, steps)) >= 7.5


@pytest.mark.parametrize("seen_by", ["", *COLOUR_BLIND])
@pytest.mark.parametrize("name", ["coverage", "minutes"])
def test_classes_differ_to_everyone(name: str, seen_by: str) -> None:
    colors = scales()[name]
    apart = [
        np.linalg.norm(to_lab(a, seen_by) - to_lab(b, seen_by)) for a, b in combinations(colors, 2)
    ]
    assert min(apart) >= 10


@pytest.mark.parametrize("seen_by", ["", *COLOUR_BLIND])
def test_verdicts_differ_to_everyone_and_in_grey(seen_by: str) -> None:
    plain = read_palette().plain
    opacity, paper = float(plain["coverage"]["fill_opacity"]), str(plain["base"]["paper"])
    colors = [
        blend(plain["status"][name], paper, opacity) for name in ("gap", "met", "not_applicable")
    ]
    apart = [
        np.linalg.norm(to_lab(a, seen_by) - to_lab(b, seen_by)) for a, b in combinations(colors, 2)
    ]
    assert min(apart) >= 10
    steps = [lightness(high) - lightness(low) for low, high in pairwise(colors)]
    assert min(steps) >= 7.5


@pytest.mark.parametrize("seen_by", ["", *COLOUR_BLIND])
def test_transit_lines_look_like_no_class_and_no_home(seen_by: str) -> None:
    palette = read_palette()
    line = to_lab(str(palette.plain["transit"]["line"]), seen_by)
    others = [*scales()["coverage"], *scales()["minutes"], *palette.groups.values()]
    others += [palette.plain["homes"]["uncovered"], palette.plain["homes"]["covered"]]
    others += [palette.plain["base"][name] for name in ("street", "water", "green", "rail")]
    assert min(np.linalg.norm(line - to_lab(str(other), seen_by)) for other in others) >= 12


def test_every_mode_of_transit_has_a_rank() -> None:
    ranks = {mode: find_rank(mode, read_palette()) for mode in LINE_MODES}
    assert (ranks["bus"], ranks["subway"], ranks["tram"]) == ("street", "rail", "tram")
    assert find_rank("cable_car", read_palette()) == "street"


def test_lightness_agrees_with_lab() -> None:
    assert lightness("#2f6697") == pytest.approx(to_lab("#2f6697")[0], abs=0.05)


def test_homes_show_on_the_darkest_class() -> None:
    palette = read_palette()
    assert (
        lightness(list_swatches(palette)[0]) - lightness(palette.plain["homes"]["uncovered"]) >= 30
    )


def test_zero_percent_is_a_class_and_unknown_is_none() -> None:
    palette = read_palette()
    found = classify_share([0.0, 0.1999, 0.2, 0.95, 1.0, np.nan], palette.coverage)
    assert found.tolist() == [0, 0, 1, 5, 5, -1]


def test_minutes_belong_to_the_class_they_end() -> None:
    palette = read_palette()
    found = classify_minutes([0, 5, 5.01, 15, 20, 20.1, np.nan, np.inf], palette.minutes)
    assert found.tolist() == [0, 0, 1, 2, 3, 4, 5, 5]


def test_blend_ends() -> None:
    assert blend("#123456", "#ffffff", 1.0) == "#123456"
    assert blend("#123456", "#ffffff", 0.0) == "#ffffff"


def raw(**coverage: object) -> dict[str, object]:
    plain = {"breaks": [0, 0.5, 1], "colors": ["#000000", "#ffffff"]}
    return {
        "coverage": plain | coverage,
        "minutes": {"breaks": [5], "colors": ["#000000", "#ffffff"]},
        "groups": {"other": "#000000"},
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"breaks": [0, 1]}, "2 colours need 3 breaks, found 2"),
        ({"breaks": [0, 0.7, 0.7]}, "breaks must rise"),
        ({"colors": ["red", "#ffffff"]}, "expected #rrggbb, found red"),
    ],
)
def test_wrong_palettes_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidPalette, match=message):
        build_palette(raw(**wrong))


def test_palette_without_other_is_refused() -> None:
    with pytest.raises(InvalidPalette, match="`other`"):
        build_palette(raw() | {"groups": {}})
    assert build_palette(raw()).coverage == Scale((0.0, 0.5, 1.0), ("#000000", "#ffffff"))
