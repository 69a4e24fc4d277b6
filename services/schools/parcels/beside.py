"""What runs along a parcel and what comes too near: streets and hazards."""

import math
from collections.abc import Iterator

import numpy as np
import shapely

from layers.schooling.model import Hazard
from layers.standards.model import Text, Value
from services.schools.parcels.model import Finding, Plot
from services.schools.parcels.site import NO_BOUNDARY, Site, say_unknown
from services.schools.parcels.words import write_m
from services.sentences.figures import write_needed, write_value

_QUARTER = 8
"""Pieces of a quarter of a circle."""


def find_frontage(site: Site, plot: Plot) -> Finding:
    """Metres of the parcel's edge along streets a child can walk."""
    network = site.around.network
    if network is None:
        return say_unknown("frontage", "m", "osm", Text("没有街道数据", "There are no streets"))
    if not plot.has_area:
        return say_unknown("frontage", "m", "parcels.geometry", NO_BOUNDARY)
    near_m, least = site.rules.frontage_near_m.value, site.rules.frontage_least_m
    edges = np.sort(network.edge_tree.query(plot.shape, predicate="dwithin", distance=near_m))
    walkable = network.edge_kept if site.around.street_open is None else site.around.street_open
    edges = edges[walkable[edges]]
    lines = shapely.buffer(network.edge_lines[edges], near_m, quad_segs=_QUARTER)
    along = shapely.intersection(shapely.boundary(plot.shape), shapely.union_all(lines))
    found_m = along.length
    enough = found_m >= least.value
    needed = write_needed(least)
    how = write_value(site.rules.frontage_near_m)
    found = write_m(found_m, beside=least.value)
    return Finding(
        "frontage",
        "met" if enough else "gap",
        Text(
            f"临步行可达的街道{found.zh}（边界距街道{how.zh}以内），"
            f"{'满足' if enough else '不满足'}至少{needed.zh}的要求。",
            f"{found.en} of its edge lie along streets one can walk (within {how.en}), "
            f"{'at least' if enough else 'less than'} the {needed.en} asked for.",
        ),
        found=found_m,
        needed=least.value,
        unit="m",
        source=least.source,
        geometry=along if found_m > 0 else None,
    )


def find_hazards(site: Site, plot: Plot) -> Iterator[Finding]:
    """Distance to the nearest object of each hazard, one finding each.

    Hazards without a figure are told where they lie nearer than the largest distance any hazard
    has; those with one that the map does not hold at all are unknown.
    """
    for hazard in site.around.parameters.hazards:
        finding = _find_hazard(site, plot, hazard)
        if finding is not None:
            yield finding


def _find_hazard(site: Site, plot: Plot, hazard: Hazard) -> Finding | None:
    code, title = f"hazard.{hazard.code}", hazard.title
    ground = site.around.ground
    if ground is None:
        return say_unknown(code, "m", "osm", Text("没有地图数据", "There is no map"))
    if plot.shape is None:
        return say_unknown(code, "m", "parcels.geometry", NO_BOUNDARY)
    tree = site.hazard_trees.get(hazard.code)
    if tree is None:
        if hazard.distance_m is None:
            return None
        return _say_unmapped(hazard, hazard.distance_m)
    rows, shapes = site.hazard_shapes[hazard.code]
    nearest, distances = tree.query_nearest(plot.shape, return_distance=True)
    distance_m = float(distances[0])
    at = int(min(nearest, key=lambda row: ground.hazards["object_id"].iloc[rows[row]]))
    named = ground.hazards.iloc[rows[at]]
    label = f"“{named['name']}”" if named["name"] else ""
    label_en = f" {named['name']}" if named["name"] else ""
    link = shapely.shortest_line(plot.shape, shapes[at])
    limit_m = math.nan if hazard.distance_m is None else hazard.distance_m.value
    found = write_m(distance_m, beside=limit_m)
    where = (
        Text(
            f"{title.zh}{label}与地块相接或相交",
            f"the {title.en}{label_en} touches or crosses it",
        )
        if distance_m == 0
        else Text(
            f"距{title.zh}{label}{found.zh}",
            f"{found.en} from the {title.en}{label_en}",
        )
    )
    if hazard.distance_m is None:
        if distance_m > _find_largest_m(site):
            return None
        return Finding(
            code,
            "not_applicable",
            Text(
                f"{where.zh}；没有可比的距离，仅供参考。",
                f"{_capital(where.en)}; no distance is known to hold it against.",
            ),
            found=distance_m,
            unit="m",
            other=str(named["object_id"]),
            source=hazard.source,
            geometry=link if distance_m > 0 else None,
        )
    far = distance_m >= hazard.distance_m.value
    needed = write_needed(hazard.distance_m)
    return Finding(
        code,
        "met" if far else "gap",
        Text(
            f"{where.zh}，{'不小于' if far else '小于'}要求的{needed.zh}。",
            f"{_capital(where.en)}, {'at least' if far else 'less than'} the {needed.en} asked for.",
        ),
        found=distance_m,
        needed=hazard.distance_m.value,
        unit="m",
        other=str(named["object_id"]),
        source=hazard.distance_m.source,
        geometry=None if far else link,
    )


def _say_unmapped(hazard: Hazard, asked: Value) -> Finding:
    """A hazard the map holds nowhere: perhaps there is none, perhaps nobody mapped it."""
    title, needed = hazard.title, write_needed(asked)
    return Finding(
        f"hazard.{hazard.code}",
        "unknown",
        Text(
            f"地图上没有任何{title.zh}；现场核实确实没有的，可不考虑，有的须相距{needed.zh}以上。",
            f"The map holds no {title.en} at all. If a survey finds none either, leave it out; "
            f"one that is there has to be {needed.en} away.",
        ),
        needed=asked.value,
        unit="m",
        settled_by=f"osm ({hazard.code})",
        source=asked.source,
    )


def _find_largest_m(site: Site) -> float:
    hazards = site.around.parameters.hazards
    return max((one.distance_m.value for one in hazards if one.distance_m), default=0.0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
