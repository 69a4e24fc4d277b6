"""What else an OSM file tells: homes, residential land, boundaries, barriers, green and water, stops."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layers.osm_areas import GeometryArray, Pieces, WayShapes, build_lines
from layers.osm_facilities import WGS84, get_name
from layers.tag_rules import parse_number, read_rule_file

Tags = Mapping[str, str]
_TYPE_KEYS = {"waterway": "waterway", "wall": "barrier"}


@dataclass(frozen=True, slots=True)
class Area:
    """A tagged object with an area, WGS84.

    Parameters
    ----------
    object_id
        `w12` or `r12`.
    tags
        All its tags.
    geometry
        Polygon or multipolygon.
    """

    object_id: str
    tags: Tags
    geometry: BaseGeometry


def _texts(areas: Sequence[Area], pick: Callable[[Tags], str]) -> pd.api.extensions.ExtensionArray:
    return pd.array([pick(area.tags) for area in areas], dtype="str")


def _frame(areas: Sequence[Area], id_column: str, **columns: object) -> gpd.GeoDataFrame:
    ids = pd.array([area.object_id for area in areas], dtype="str")
    shapes = np.array([area.geometry for area in areas], dtype=object)
    return gpd.GeoDataFrame({id_column: ids, **columns}, geometry=shapes, crs=WGS84)


def build_buildings(
    homes: Sequence[Area],
    plain: Sequence[Area],
    land: gpd.GeoDataFrame,
    occupied: GeometryArray,
) -> gpd.GeoDataFrame:
    """Residential buildings.

    Parameters
    ----------
    homes
        Buildings tagged as homes.
    plain
        Buildings that only say `building=yes`: homes where they stand on residential land and on no
        facility's ground.
    land
        Residential land.
    occupied
        Areas of facilities.

    Returns
    -------
    buildings
        Columns building_id, levels and flats (NaN unknown), basis (`tagged`, `land`), name, geometry WGS84.
    """
    on_land = _stand_on(plain, np.asarray(land.geometry.array))
    on_facility = _stand_on(plain, occupied)
    chosen = [plain[at] for at in np.flatnonzero(on_land & ~on_facility).tolist()]
    areas = [*homes, *chosen]
    return _frame(
        areas,
        "building_id",
        levels=np.array([_level(area.tags, "building:levels") for area in areas], np.float64),
        flats=np.array([_level(area.tags, "building:flats") for area in areas], np.float64),
        basis=pd.array(["tagged"] * len(homes) + ["land"] * len(chosen), dtype="str"),
        name=_texts(areas, get_name),
    )


def _stand_on(areas: Sequence[Area], grounds: GeometryArray) -> np.ndarray:
    standing = np.zeros(len(areas), dtype=np.bool_)
    grounds = np.asarray(grounds, dtype=object)
    if not areas or not grounds.size:
        return standing
    spots = shapely.point_on_surface(np.array([area.geometry for area in areas], dtype=object))
    shapely.prepare(grounds)
    _, at = shapely.STRtree(spots).query(grounds, predicate="intersects")
    standing[at] = True
    return standing


def _level(tags: Tags, key: str) -> float:
    number = parse_number(tags.get(key, ""))
    return number if number > 0 else float("nan")


def build_residential(areas: Sequence[Area]) -> gpd.GeoDataFrame:
    """Residential land: land_id, name, geometry WGS84."""
    return _frame(areas, "land_id", name=_texts(areas, get_name))


def build_boundaries(areas: Sequence[Area]) -> gpd.GeoDataFrame:
    """Community-like boundaries: boundary_id, name, admin_level, place, ref_code, geometry WGS84."""
    return _frame(
        areas,
        "boundary_id",
        name=_texts(areas, get_name),
        admin_level=_texts(areas, lambda tags: tags.get("admin_level", "")),
        place=_texts(areas, lambda tags: tags.get("place", "")),
        ref_code=_texts(areas, _boundary_code),
    )


def _boundary_code(tags: Tags) -> str:
    return next((tags[key] for key in _code_keys() if tags.get(key)), "")


@cache
def _code_keys() -> tuple[str, ...]:
    return tuple(read_rule_file("osm_tags.yaml")["boundary_code_keys"])


def build_ground(areas: Sequence[Area], kinds: Sequence[str]) -> gpd.GeoDataFrame:
    """Base map areas: name, kind (`green`, `water`), geometry WGS84."""
    frame = _frame(areas, "object_id", name=_texts(areas, get_name))
    frame.insert(1, "kind", pd.array(list(kinds), dtype="str"))
    return frame


def build_barriers(
    shapes: WayShapes, pieces: Pieces, kinds: Sequence[str], tags: Sequence[Tags]
) -> gpd.GeoDataFrame:
    """Lines nobody crosses on foot: kind, type, name, geometry WGS84; one row per unbroken piece.

    `type` is what a waterway or wall is tagged as (`canal`, `hedge`), empty for other kinds.

    Parameters
    ----------
    pieces
        Their ways broken at missing nodes; `pieces.way` counts through `kinds` and `tags`.
    """
    owners = pieces.way.tolist()
    return gpd.GeoDataFrame(
        {
            "kind": pd.array([kinds[at] for at in owners], dtype="str"),
            "type": pd.array([_get_type(kinds[at], tags[at]) for at in owners], dtype="str"),
            "name": pd.array([get_name(tags[at]) for at in owners], dtype="str"),
        },
        geometry=build_lines(shapes, pieces),
        crs=WGS84,
    )


def _get_type(kind: str, tags: Tags) -> str:
    return tags.get(_TYPE_KEYS.get(kind, ""), "")
