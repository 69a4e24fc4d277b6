"""Attributes of a community that rules may ask for: further columns of the communities table.

The list is data (`attributes.yaml`). A user's table may have any of them; the tables a run writes
have those alone, so nothing may take one for granted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, get_args

import yaml

from layers.errors import InvalidConfig
from layers.standards.model import Unit

_FILE = "attributes.yaml"
_REQUIRED = {"zh", "en", "unit", "aliases"}
_SHARE_MOST, _MOST = 1.0, 1.0e9


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a community.

    Parameters
    ----------
    code
        Name of its column.
    name_zh, name_en
        What users read.
    unit
        Unit of its values, as rules have it; a `share` goes from 0 to 1.
    minimum, maximum
        Smallest and largest value allowed.
    aliases
        Other names of its column, the most trusted first.
    factors
        Unit as people write it → factor to `unit`.
    """

    code: str
    name_zh: str
    name_en: str
    unit: Unit
    minimum: float
    maximum: float
    aliases: tuple[str, ...]
    factors: Mapping[str, float]


@cache
def read_attributes() -> Mapping[str, Attribute]:
    """Attributes by code, in the order of the file.

    Examples
    --------
    >>> read_attributes()["green_share"].unit
    'share'
    """
    text = resources.files("layers").joinpath(_FILE).read_text(encoding="utf-8")
    return build_attributes(yaml.safe_load(text))


def build_attributes(document: Mapping[str, Any]) -> Mapping[str, Attribute]:
    """Build attributes from a document shaped as `attributes.yaml`.

    Raises
    ------
    InvalidConfig
        An attribute lacks an entry, has an unknown one, or is in a unit no rule knows.
    """
    units = document.get("units", {})
    built = {
        code: _build_attribute(code, spec, units)
        for code, spec in document.get("attributes", {}).items()
    }
    return MappingProxyType(built)


def _build_attribute(
    code: str, spec: Mapping[str, Any], units: Mapping[str, Mapping[str, float]]
) -> Attribute:
    missing, unknown = _REQUIRED - set(spec), set(spec) - _REQUIRED
    if missing or unknown:
        raise InvalidConfig(
            f"{_FILE}, {code}: missing {sorted(missing)}, unknown {sorted(unknown)}"
        )
    unit = spec["unit"]
    if unit not in get_args(Unit):
        raise InvalidConfig(
            f"{_FILE}, {code}: {unit!r} is no unit; known are {', '.join(get_args(Unit))}"
        )
    return Attribute(
        code=code,
        name_zh=spec["zh"],
        name_en=spec["en"],
        unit=unit,
        minimum=0.0,
        maximum=_SHARE_MOST if unit == "share" else _MOST,
        aliases=tuple(str(alias) for alias in spec["aliases"]),
        factors=MappingProxyType({str(u): float(f) for u, f in units.get(unit, {}).items()}),
    )
