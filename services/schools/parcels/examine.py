"""Every parcel examined: all findings, and the order in which they need attention."""

from collections.abc import Sequence
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs, project, unproject
from layers.results import PARCEL_FINDINGS, PARCELS, shape_table
from services.schools.parcels.beside import find_frontage, find_hazards
from services.schools.parcels.ground import find_encroachment
from services.schools.parcels.model import (
    Examination,
    Finding,
    Plot,
    Service,
    Surroundings,
    build_plots,
)
from services.schools.parcels.neighbours import find_outside, find_overlap
from services.schools.parcels.plan import find_area, find_status, find_width
from services.schools.parcels.serving import find_duplicate, find_serves, find_timing
from services.schools.parcels.site import Site
from services.schools.parcels.urgency import find_step, rank_parcels

WGS84 = "EPSG:4326"
_DIGITS = 6


def examine_parcels(parcels: gpd.GeoDataFrame, around: Surroundings) -> Examination:
    """Examine parcels.

    Parameters
    ----------
    parcels
        As `layers.parcels.read_parcels` gives them.
    around
        What they are held against.

    Returns
    -------
    examination
        Findings and parcels; every parcel has every finding once, hazards without a figure only
        where the map holds one.
    """
    frame = parcels.reset_index(drop=True)
    site = _build_site(frame, around)
    found = [list(_list_findings(site, plot)) for plot in site.plots]
    return Examination(findings=_tabulate(site, found), parcels=_complete(frame, site, found))


def _build_site(parcels: gpd.GeoDataFrame, around: Surroundings) -> Site:
    shapes = np.asarray(parcels.geometry.to_numpy(), dtype=object)
    real = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if around.network is not None:
        crs = around.network.crs
    else:
        bounds = shapely.total_bounds(shapes[real]) if real.any() else np.zeros(4)
        crs = metric_crs(*(float(edge) for edge in bounds))
    metric = np.full(len(shapes), None, dtype=object)
    metric[real] = shapely.transform(shapes[real], partial(project, crs=crs))
    return Site(crs, build_plots(parcels, metric), around)


def _list_findings(site: Site, plot: Plot) -> list[Finding]:
    parameters = site.around.parameters
    service = site.around.services.get(plot.parcel_id)
    return [
        find_status(plot),
        find_area(plot, parameters),
        find_serves(plot, service),
        find_duplicate(service, parameters.site),
        find_timing(plot, service, parameters.in_step),
        find_encroachment(site, plot),
        find_frontage(site, plot),
        find_width(plot, parameters),
        find_overlap(site, plot),
        find_outside(site, plot),
        *find_hazards(site, plot),
    ]


def _tabulate(site: Site, found: Sequence[Sequence[Finding]]) -> gpd.GeoDataFrame:
    rows = [(plot, one) for plot, of_plot in zip(site.plots, found, strict=True) for one in of_plot]
    table = pd.DataFrame(
        {
            "parcel_id": [plot.parcel_id for plot, _ in rows],
            "finding": [one.finding for _, one in rows],
            "status": [one.status for _, one in rows],
            "found": _round([one.found for _, one in rows]),
            "needed": _round([one.needed for _, one in rows]),
            "unit": [one.unit for _, one in rows],
            "year": _round([one.year for _, one in rows]),
            "other": [one.other for _, one in rows],
            "settled_by": [one.settled_by for _, one in rows],
            "source_status": ["" if one.source is None else one.source.status for _, one in rows],
            "document": [
                "" if one.source is None else one.source.document.title.zh for _, one in rows
            ],
            "document_en": [
                "" if one.source is None else one.source.document.title.en for _, one in rows
            ],
            "reason": [one.reason.zh for _, one in rows],
            "reason_en": [one.reason.en for _, one in rows],
        },
        columns=list(PARCEL_FINDINGS),
    )
    shapes = np.array([one.geometry for _, one in rows], dtype=object)
    real = ~shapely.is_missing(shapes)
    if real.any():
        degrees = shapely.transform(shapes[real], partial(unproject, crs=site.crs))
        shapes[real] = degrees
    return gpd.GeoDataFrame(shape_table(table, "parcel_findings"), geometry=shapes, crs=WGS84)


def _round(numbers: Sequence[float]) -> pd.Series:
    return pd.Series(np.round(np.array(numbers, dtype=np.float64), _DIGITS), dtype="float64")


def _complete(
    parcels: gpd.GeoDataFrame, site: Site, found: Sequence[Sequence[Finding]]
) -> gpd.GeoDataFrame:
    services = site.around.services
    steps = [
        find_step(plot, of_plot, services.get(plot.parcel_id))
        for plot, of_plot in zip(site.plots, found, strict=True)
    ]
    served = [services.get(plot.parcel_id, Service()).served for plot in site.plots]
    counts = {
        status: [sum(one.status == status for one in of_plot) for of_plot in found]
        for status in ("gap", "unknown")
    }
    known = [name for name in PARCELS if name in parcels.columns]
    completed = parcels[[*known, "geometry"]].assign(
        urgency=np.array(rank_parcels(site.plots, steps, services), dtype=np.float64),
        children_served=_round(served).to_numpy(),
        gaps=np.array(counts["gap"], dtype=np.float64),
        unknowns=np.array(counts["unknown"], dtype=np.float64),
        urgency_step=pd.array(steps, dtype="str"),
    )
    return gpd.GeoDataFrame(shape_table(completed, "parcels"), geometry="geometry", crs=WGS84)
