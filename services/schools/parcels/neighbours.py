"""Whether other parcels claim the same ground, and whether a parcel lies in the city."""

import numpy as np
import shapely

from layers.standards.model import Text
from services.people import write_share
from services.schools.parcels.model import Finding, Plot
from services.schools.parcels.site import NO_BOUNDARY, Site, say_unknown
from services.schools.parcels.words import write_m2


def find_overlap(site: Site, plot: Plot) -> Finding:
    """Ground that other parcels claim too."""
    if not plot.has_area:
        return say_unknown("overlap", "m2", "parcels.geometry", NO_BOUNDARY)
    limit = site.rules.overlap_share
    found = []
    for row in np.sort(site.plot_tree.query(plot.shape, predicate="intersects")).tolist():
        other = site.plots[row]
        if row == plot.row or not other.has_area:
            continue
        shared = shapely.intersection(plot.shape, other.shape)
        if shared.area > limit.value * min(plot.shape.area, other.shape.area):
            found.append((shared.area, other.parcel_id, shared))
    if not found:
        return Finding(
            "overlap",
            "met",
            Text("不与其他教育用地重叠。", "No other education land overlaps it."),
            found=0.0,
            needed=limit.value * plot.shape.area,
            unit="m2",
            source=limit.source,
        )
    shared = shapely.union_all([one[2] for one in found])
    ids = ", ".join(one[1] for one in sorted(found, key=lambda one: (-one[0], one[1])))
    return Finding(
        "overlap",
        "gap",
        Text(
            f"与地块 {ids} 重叠{write_m2(shared.area).zh}，同一块地不能算两次，请更正边界。",
            f"{write_m2(shared.area).en} overlap parcel {ids}; one ground cannot count twice, "
            "correct the boundary.",
        ),
        found=shared.area,
        needed=limit.value * plot.shape.area,
        unit="m2",
        other=ids,
        source=limit.source,
        geometry=shared,
    )


def find_outside(site: Site, plot: Plot) -> Finding:
    """Share of the parcel that lies in no community."""
    if site.community_ground is None:
        return say_unknown(
            "outside", "share", "communities", Text("没有社区边界", "There are no communities")
        )
    if plot.shape is None:
        return say_unknown("outside", "share", "parcels.geometry", NO_BOUNDARY)
    limit = site.rules.outside_share
    rest = shapely.difference(plot.shape, site.community_ground)
    share = rest.area / plot.shape.area if plot.has_area else float(not rest.is_empty)
    out = share > limit.value
    if share >= 1.0:
        text = Text(
            "整块地在所有社区之外，请核对坐标系和研究范围。",
            "All of it lies outside every community; check its coordinate system and the study area.",
        )
    elif out:
        text = Text(
            f"{write_share(share)}在所有社区之外。",
            f"{write_share(share)} of it lie outside every community.",
        )
    else:
        text = Text("在研究范围之内。", "It lies inside the study area.")
    return Finding(
        "outside",
        "gap" if out else "met",
        text,
        found=share,
        needed=limit.value,
        unit="share",
        source=limit.source,
        geometry=rest if out and plot.has_area else None,
    )
