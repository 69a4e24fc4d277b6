"""What parcels are examined with, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geo.network import StreetNetwork
from geo.units import BoolArray
from layers.schooling.ground import Ground
from layers.schooling.model import Parameters
from layers.standards.model import Source, Text

Status = Literal["met", "gap", "unknown", "not_applicable"]
NAN = float("nan")
_NO_NAME = Text("", "")

LOST = frozenset({"re-zoned", "occupied"})
"""Statuses of parcels no school will stand on."""
FREE = frozenset({"reserved", "granted"})
"""Statuses of parcels on which nothing of a school stands yet."""
STARTED = frozenset({"building", "open"})
"""Statuses of parcels that may carry their own school's buildings."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One finding about one parcel; columns as in `layers.results.PARCEL_FINDINGS`.

    `source` is None where no figure is used; `geometry` (metres) shows the finding, None where
    there is nothing to show.
    """

    finding: str
    status: Status
    reason: Text
    found: float = NAN
    needed: float = NAN
    unit: str = ""
    year: float = NAN
    other: str = ""
    settled_by: str = ""
    source: Source | None = None
    geometry: Any = None


@dataclass(frozen=True, slots=True)
class Service:
    """What a parcel does, or would do, for the children around it.

    Parameters
    ----------
    year
        Its opening year; of a lost parcel without one, the first year looked at. NaN unknown.
    in_reach
        Children of its levels who could walk to it then.
    served
        Children who get a place, or a nearer one, by it.
    without
        Those of them who would have no place otherwise.
    placed
        Children in reach who have a place without it.
    felt_year
        First year looked at in which somebody has no place for want of it; NaN when none.
    school_id
        School most of `placed` go to; "" when none.
    school
        What it is called.
    households
        Households in reach in the year looked at; NaN as soon as those of one home there are unknown.
    homes_year, homes, homes_households
        First year in which housing to come in its reach is delivered (NaN none), its names, and the
        households then (NaN as soon as some are unknown).
    homes_known
        Whether anything is known of housing to come.
    settled_by
        What is missing where numbers are NaN.
    """

    year: float = NAN
    in_reach: float = NAN
    served: float = NAN
    without: float = NAN
    placed: float = NAN
    felt_year: float = NAN
    school_id: str = ""
    school: Text = _NO_NAME
    households: float = NAN
    homes_year: float = NAN
    homes: str = ""
    homes_households: float = NAN
    homes_known: bool = False
    settled_by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Facts parcels are held against; whatever is None makes its findings unknown.

    Parameters
    ----------
    parameters
        Figures of levels, land, hazards.
    network
        Walkable streets.
    street_open
        Shape `(E,)`: edges a child may walk on; the kept ones where None.
    communities
        Communities, WGS 84.
    ground
        What stands on and around the parcels.
    services
        What each parcel does for children, by `parcel_id`.
    """

    parameters: Parameters
    network: StreetNetwork | None = None
    street_open: BoolArray | None = None
    communities: gpd.GeoDataFrame | None = None
    ground: Ground | None = None
    services: Mapping[str, Service] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """One parcel with its shape in metres (None without a place)."""

    row: int
    parcel_id: str
    level: str
    area_m2: float
    classes: float
    status: str
    opening_year: float
    shape: Any

    @property
    def has_area(self) -> bool:
        """Whether it is drawn as an area."""
        return self.shape is not None and self.shape.area > 0


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """What came out.

    Parameters
    ----------
    findings
        Columns of `layers.results.PARCEL_FINDINGS` and `geometry` (WGS 84; None where there is
        nothing to show), in the order of the parcels.
    parcels
        The parcels with all columns of `layers.results.PARCELS`, and `urgency_step`, the code of the
        step of `services.schools.parcels.urgency.STEPS` that placed them.
    """

    findings: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame


def build_plots(parcels: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> tuple[Plot, ...]:
    """Parcels with their shapes in metres, row by row."""
    frame = parcels.reset_index(drop=True)
    return tuple(
        Plot(
            row=at,
            parcel_id=str(frame.at[at, "parcel_id"]),
            level=str(frame.at[at, "level"]),
            area_m2=float(frame.at[at, "area_m2"]),
            classes=float(frame.at[at, "planned_classes"]),
            status=str(frame.at[at, "status"]),
            opening_year=float(frame.at[at, "opening_year"]),
            shape=None if shape is None or shape.is_empty else shape,
        )
        for at, shape in enumerate(shapes)
    )
