"""Communities and districts as people name them in tables: by code, by name, with or without 社区."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd

from layers.columns import normalize_text

WHOLE = frozenset(
    {"全市", "全县", "全区", "市区", "城区", "合计", "总计", "小计", "全部", "city", "total", "all"}
)
"""Words for all of an area, in place of a part of it."""

_COMMUNITY_END = re.compile(r"(?:社区|村|居委会|村委会|社区居委会|社区居民委员会)$")
_DISTRICT_END = re.compile(r"(?:新区|区|县|市)$")


@dataclass(frozen=True, slots=True)
class AreaNames:
    """Codes of communities and names of districts, to be looked up as they stand in tables.

    Parameters
    ----------
    codes
        Normalised code → code.
    names
        Normalised name, with and without its ending → (district, code) of all it may mean.
    districts
        Normalised name, with and without its ending → name; "" where several share it.
    """

    codes: Mapping[str, str]
    names: Mapping[str, tuple[tuple[str, str], ...]]
    districts: Mapping[str, str]

    def find_community(self, code: str, name: str, district: str = "") -> str:
        """Code of a community named by code or name; "" when there is none, or more than one."""
        for text in (code, name):
            if (key := normalize_text(text)) and key in self.codes:
                return self.codes[key]
        for text in (name, code):
            found = self._find_name(text, district)
            if found:
                return found
        return ""

    def find_district(self, name: str) -> str:
        """Name of a district; "" when there is none of that name."""
        key = normalize_text(name)
        return self.districts.get(key) or self.districts.get(_DISTRICT_END.sub("", key), "")

    def _find_name(self, text: str, district: str) -> str:
        key = normalize_text(text)
        if not key:
            return ""
        found = self.names.get(key) or self.names.get(_COMMUNITY_END.sub("", key), ())
        wanted = self.find_district(district) if district else ""
        if len(found) > 1 and wanted:
            found = tuple(one for one in found if one[0] == wanted)
        return found[0][1] if len(found) == 1 else ""


def build_area_names(communities: gpd.GeoDataFrame) -> AreaNames:
    """Names of a city's communities and districts.

    Parameters
    ----------
    communities
        community_id, name, district.
    """
    names: dict[str, set[tuple[str, str]]] = {}
    districts: dict[str, set[str]] = {}
    for code, name, district in zip(
        communities["community_id"], communities["name"], communities["district"], strict=True
    ):
        for key in _shorten(str(name), _COMMUNITY_END):
            names.setdefault(key, set()).add((str(district), str(code)))
        for key in _shorten(str(district), _DISTRICT_END):
            districts.setdefault(key, set()).add(str(district))
    return AreaNames(
        codes=MappingProxyType(
            {normalize_text(code): str(code) for code in communities["community_id"]}
        ),
        names=MappingProxyType({key: tuple(sorted(found)) for key, found in names.items()}),
        districts=MappingProxyType(
            {key: next(iter(found)) if len(found) == 1 else "" for key, found in districts.items()}
        ),
    )


def is_whole(text: str) -> bool:
    """Whether a cell means all of the area above it.

    >>> is_whole("全市"), is_whole("锦川社区")
    (True, False)
    """
    return normalize_text(text).replace(" ", "") in WHOLE


def _shorten(name: str, ending: re.Pattern[str]) -> tuple[str, ...]:
    whole = normalize_text(name)
    return tuple(key for key in dict.fromkeys((whole, ending.sub("", whole))) if key)
