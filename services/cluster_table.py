"""Small communities counted together, as areas with their sum: one row per cluster and rule.

Told are clusters of two communities or more: a single small one is no cluster, the size check of its
scorecard names it. Members are those known to be below the rule's threshold; a neighbour of unknown size
may be one too, and where that could change the verdict the verdict is `unknown`. A cluster that stays
below the threshold together is listed all the same, as `not_applicable`: its sum is what is asked for
when land nearby is parcelled out.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.results import CLUSTERS, shape_table
from layers.standards.model import Rule, StandardPack
from services.cityfacts import CityFacts
from services.judges.applies import measure_sizes
from services.verdicts import GAP, MET, NOT_APPLICABLE, UNKNOWN

_RANK = (GAP, UNKNOWN, MET, NOT_APPLICABLE)
"""Verdict of a cluster whose members differ: the first of these; where nobody lives none applies."""


def build_cluster_table(
    packs: Sequence[StandardPack], city: CityFacts, gaps: pd.DataFrame
) -> gpd.GeoDataFrame:
    """List the clusters of every rule that counts small communities together.

    Parameters
    ----------
    packs
        Standards the city was judged by.
    city
        As from `services.cityfacts.build_facts`.
    gaps
        Columns as `layers.results.GAPS`, of the same packs and city.

    Returns
    -------
    clusters
        Columns as `layers.results.CLUSTERS` and `geometry` (areas of the members joined, WGS 84), in
        the order of packs, rules and first members.
    """
    found = [
        row
        for pack in packs
        for rule in pack.rules
        if rule.applies.unit == "cluster" and rule.in_force(city.today)
        for row in _list_clusters(pack, rule, city, gaps)
    ]
    frame = pd.DataFrame(found, columns=[*CLUSTERS, "geometry"])
    shapes = gpd.GeoSeries(list(frame.pop("geometry")), crs="EPSG:4326")
    return gpd.GeoDataFrame(shape_table(frame, "clusters"), geometry=shapes)


def _list_clusters(
    pack: StandardPack, rule: Rule, city: CityFacts, gaps: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    clusters = measure_sizes(city, rule, city.scope).clusters
    if clusters is None:
        return
    ids = city.communities["community_id"].to_numpy(dtype=object)
    shapes = np.asarray(city.communities.geometry.to_numpy(), dtype=object)
    status = _find_verdicts(pack, rule, gaps).reindex(ids).to_numpy(dtype=object)
    least = rule.applies.households
    order = np.argsort(clusters.sure, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(clusters.sure[order])) + 1)
    joined = [group for group in groups if len(group) > 1]
    for members in sorted(joined, key=lambda group: str(ids[group].min())):
        named = sorted(str(one) for one in ids[members])
        verdicts = set(status[members])
        yield {
            "cluster_id": f"{named[0]} {rule.code}",
            "pack": pack.code,
            "rule": rule.code,
            "communities": ",".join(named),
            "households": float(city.households[members].sum()),
            "threshold": least.value if least else np.nan,
            "status": next(one for one in _RANK if one in verdicts),
            "geometry": shapely.union_all(shapes[members]),
        }


def _find_verdicts(pack: StandardPack, rule: Rule, gaps: pd.DataFrame) -> "pd.Series[str]":
    """Verdict of each community on what lies inside, by `community_id`: the rule's first answer."""
    code, _ = rule.list_answers()[0]
    rows = gaps[(gaps["pack"] == pack.code) & (gaps["rule"] == code)]
    return rows.set_index("community_id")["status"]
