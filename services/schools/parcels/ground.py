"""What lies on a parcel already: buildings, roads, railways, water."""

from collections.abc import Mapping

import numpy as np
import shapely

from layers.schooling.ground import Ground
from layers.standards.model import Text
from services.people import write_share
from services.schools.parcels.model import STARTED, Finding, Plot
from services.schools.parcels.site import NO_BOUNDARY, Site, say_unknown
from services.schools.parcels.words import COVERS, write_m2

_MOST_NAMED = 5


def find_encroachment(site: Site, plot: Plot) -> Finding:
    """Share of the parcel that buildings, roads, railways or water cover already."""
    if site.around.ground is None:
        return say_unknown("encroachment", "m2", "osm", Text("没有地图数据", "There is no map"))
    if not plot.has_area:
        return say_unknown("encroachment", "m2", "parcels.geometry", NO_BOUNDARY)
    covers = site.around.ground.covers
    near = np.sort(site.cover_tree.query(plot.shape, predicate="intersects"))
    kinds = covers["cover"].to_numpy(dtype=object)[near]
    own = (kinds == "building") & (plot.status in STARTED)
    near, kinds = near[~own], kinds[~own]
    shapes = shapely.intersection(site.cover_shapes[near], plot.shape)
    area_m2 = shapely.area(shapes)
    covered = shapely.union_all(shapes[area_m2 > 0])
    allowed_m2 = site.rules.covered_share.value * plot.shape.area
    gap = covered.area > allowed_m2
    unmapped = _list_unmapped(site.around.ground, plot)
    of_kind = {kind: shapely.area(shapely.union_all(shapes[kinds == kind])) for kind in COVERS}
    said = _say_covered(of_kind, covered.area, plot)
    own_note = (
        Text(
            "（地块已开工或建成，其上房屋按学校自有房屋计）",
            " (buildings on it are taken for the school's own)",
        )
        if own.any()
        else Text("", "")
    )
    if not gap and unmapped:
        listed = Text(
            "、".join(COVERS[one].zh for one in unmapped),
            ", ".join(COVERS[one].en for one in unmapped),
        )
        return say_unknown(
            "encroachment",
            "m2",
            "osm",
            Text(
                f"{said.zh}{own_note.zh}；地图数据中没有任何{listed.zh}，不能断定没有被占",
                f"{said.en}{own_note.en}; the map holds no {listed.en} at all, so there may be more",
            ),
            found=covered.area,
        )
    biggest = near[np.argsort(-area_m2, kind="stable")][: int((area_m2 > 0).sum())]
    ids = list(dict.fromkeys(covers["object_id"].to_numpy(dtype=object)[biggest]))
    return Finding(
        "encroachment",
        "gap" if gap else "met",
        Text(f"{said.zh}{own_note.zh}。", f"{said.en}{own_note.en}."),
        found=covered.area,
        needed=allowed_m2,
        unit="m2",
        other=", ".join(ids[:_MOST_NAMED]) if gap else "",
        source=site.rules.covered_share.source,
        geometry=covered if gap else None,
    )


def _list_unmapped(ground: Ground, plot: Plot) -> list[str]:
    """Covers the file holds nowhere although every town has them."""
    asked = ["road"] if plot.status in STARTED else ["building", "road"]
    return [cover for cover in asked if cover not in ground.present]


def _say_covered(of_kind: Mapping[str, float], covered_m2: float, plot: Plot) -> Text:
    parts = [(COVERS[kind], write_m2(area)) for kind, area in of_kind.items() if area >= 0.5]
    if not parts:
        return Text(
            "地图上没有房屋、道路或水面占用", "The map shows no building, road or water on it"
        )
    share = write_share(min(covered_m2 / plot.shape.area, 1.0))
    return Text(
        f"已被占{write_m2(covered_m2).zh}（{share}）："
        + "、".join(f"{name.zh}{area.zh}" for name, area in parts),
        f"{write_m2(covered_m2).en} ({share}) of it are covered: "
        + ", ".join(f"{name.en} {area.en}" for name, area in parts),
    )
