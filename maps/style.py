"""Colours and class breaks: data in `palettes.yaml`, checked on reading."""

import math
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from maps.errors import InvalidPalette

UNKNOWN_CLASS = -1
"""Class of what cannot be measured; never that of 0 %."""

LINE_MODES = ("bus", "trolleybus", "tram", "light_rail", "subway", "train", "ferry", "other")
"""Modes of lines of public transport, as `layers.results.LINES` has them."""

_HEX = re.compile(r"^#[0-9a-f]{6}$")


@dataclass(frozen=True, slots=True)
class Scale:
    """A sequence of classes.

    Parameters
    ----------
    breaks
        Bounds between the classes, rising.
    colors
        One per class, `#rrggbb`, steadily darker or lighter.
    """

    breaks: tuple[float, ...]
    colors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour a map uses.

    Parameters
    ----------
    coverage
        Shares from 0 to 1; `len(colors) + 1` breaks, both ends included.
    minutes
        Minutes' walk; `len(colors) - 1` upper bounds, the last class is open.
    groups
        Colour per group of facility kinds, with `other`.
    plain
        The rest by section and name, as the page's script reads it.
    """

    coverage: Scale
    minutes: Scale
    groups: MappingProxyType[str, str]
    plain: MappingProxyType[str, Any]

    def group_color(self, group: str) -> str:
        """Colour of a group of kinds."""
        return self.groups.get(group, self.groups["other"])


@cache
def read_palette() -> Palette:
    """Palette of the maps.

    Raises
    ------
    InvalidPalette
        A scale whose breaks do not rise, or with a colour too few or too many.
    """
    text = (Path(__file__).parent / "palettes.yaml").read_text(encoding="utf-8")
    return build_palette(yaml.safe_load(text))


def build_palette(raw: dict[str, Any]) -> Palette:
    """Palette from the parsed YAML.

    Raises
    ------
    InvalidPalette
        A scale whose breaks do not rise, or with a colour too few or too many.
    """
    coverage = _build_scale("coverage", raw["coverage"], extra=1)
    minutes = _build_scale("minutes", raw["minutes"], extra=-1)
    if "other" not in raw["groups"]:
        raise InvalidPalette("palette groups: expected a colour for `other`")
    return Palette(coverage, minutes, MappingProxyType(dict(raw["groups"])), MappingProxyType(raw))


def _build_scale(name: str, raw: dict[str, Any], *, extra: int) -> Scale:
    breaks = tuple(float(bound) for bound in raw["breaks"])
    colors = tuple(str(color).lower() for color in raw["colors"])
    if len(breaks) != len(colors) + extra:
        raise InvalidPalette(
            f"palette {name}: {len(colors)} colours need {len(colors) + extra} breaks, "
            f"found {len(breaks)}"
        )
    if any(low >= high for low, high in pairwise(breaks)):
        raise InvalidPalette(f"palette {name}: breaks must rise, found {breaks}")
    wrong = [color for color in colors if not _HEX.match(color)]
    if wrong:
        raise InvalidPalette(f"palette {name}: expected #rrggbb, found {wrong[0]}")
    return Scale(breaks, colors)


def classify_share(shares: ArrayLike, scale: Scale) -> NDArray[np.int64]:
    """Class of each share; `UNKNOWN_CLASS` where it is NaN.

    A share on a bound belongs to the class above it; the last class also holds its upper end.

    >>> classify_share([0.0, 0.2, 1.0, float("nan")], Scale((0.0, 0.2, 1.0), ("#000000", "#ffffff")))
    array([ 0,  1,  1, -1])
    """
    values = np.asarray(shares, dtype=np.float64)
    found = np.searchsorted(scale.breaks, values, side="right") - 1
    classes = np.clip(found, 0, len(scale.colors) - 1).astype(np.int64)
    return np.where(np.isnan(values), UNKNOWN_CLASS, classes)


def classify_minutes(minutes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
    """Class of each walk: 0 … for reached ones (a bound belongs to the class it ends), then unreached.

    >>> classify_minutes([0, 5, 5.1, math.nan], Scale((5.0,), ("#000000", "#ffffff")))
    array([0, 0, 1, 2])
    """
    values = np.asarray(minutes, dtype=np.float64)
    classes = np.searchsorted(scale.breaks, values, side="left").astype(np.int64)
    return np.where(np.isfinite(values), classes, len(scale.colors))


def find_rank(mode: str, palette: Palette) -> str:
    """How heavy lines of that mode are drawn: `street`, `ferry`, `tram` or `rail`."""
    ranks = palette.plain["transit"]["ranks"]
    return next((str(rank) for rank, modes in ranks.items() if mode in modes), "street")


def blend(color: str, ground: str, opacity: float) -> str:
    """Colour seen where `color` lies over `ground` with that opacity.

    >>> blend("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = [(int(color[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5)]
    mixed = (round(opacity * over + (1 - opacity) * under) for over, under in pairs)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def list_swatches(palette: Palette) -> list[str]:
    """Coverage colours as they look on the map's paper, for the legend."""
    opacity = float(palette.plain["coverage"]["fill_opacity"])
    ground = str(palette.plain["base"]["paper"])
    return [blend(color, ground, opacity) for color in palette.coverage.colors]


def lightness(color: str) -> float:
    """CIE L* of a colour, 0 black … 100 white (sRGB, D65; IEC 61966-2-1 and CIE 1976).

    >>> round(lightness("#ffffff")), round(lightness("#777777"))
    (100, 50)
    """
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    if luminance <= (6 / 29) ** 3:
        return luminance * (29 / 3) ** 3
    return 116 * math.cbrt(luminance) - 16
