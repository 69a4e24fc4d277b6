"""Questions about one point on foot: what is nearest, and how far one gets.

Answered by the kernels the coverage was measured with, over the run's own network; distances agree
with the run's tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geo.isochrone import cut_reached, measure_outward, piece_lines
from geo.network import StreetNetwork
from geo.reach import measure_nearest
from geo.rings import draw_rings
from geo.snap import Links, snap_homes
from geo.units import FloatArray, IntArray
from layers.config import RunSettings
from layers.standards.model import TRAVELLERS
from layers.store import Run
from services.errors import OutsideCity
from services.walks import tie_points

_WGS84 = "EPSG:4326"
_DEFAULTS = RunSettings()


@dataclass(frozen=True, slots=True)
class StreetPiece:
    """The street piece a point was snapped to."""

    street_id: int
    name: str
    highway: str


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A point tied to the streets.

    Parameters
    ----------
    lon, lat
        The point, WGS 84 degrees.
    snap_lon, snap_lat
        Where its walks begin on the street.
    leg_m
        Straight metres between the two.
    street
        The street it was snapped to.
    link
        The same for the kernels, one row.
    """

    lon: float
    lat: float
    snap_lon: float
    snap_lat: float
    leg_m: float
    street: StreetPiece
    link: Links


@dataclass(frozen=True, slots=True)
class Door:
    """A way into a facility.

    Parameters
    ----------
    row
        Its row in the run's table of entrances.
    lon, lat
        WGS 84 degrees.
    street
        The street it opens to.
    """

    row: int
    facility_id: str
    name: str
    entrance_id: str
    source: str
    lon: float
    lat: float
    street: StreetPiece


@dataclass(frozen=True, slots=True)
class FacilityWalk:
    """A facility and the walk to it.

    `to_street_m + along_streets_m + from_street_m` is `walk_m`. When the shortest walk never
    touches a street, its legs still go by the snapped places.
    """

    door: Door
    walk_m: float
    to_street_m: float
    along_streets_m: float
    from_street_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """What can be reached from a place within one limit.

    Parameters
    ----------
    limit_m
        Longest walk, metres.
    street_m
        Metres of street reached.
    area_m2
        Area of the polygon, square metres.
    polygon
        Reached streets inside, all others outside; WGS 84, empty when nothing is reached.
    streets
        Reached street pieces, WGS 84 MultiLineString; None unless asked for.
    """

    limit_m: float
    street_m: float
    area_m2: float
    polygon: shapely.Geometry
    streets: shapely.Geometry | None


class PlaceFinder:
    """Answers about single points of one run.

    Parameters
    ----------
    run
        The opened run; its entrances are snapped once, on first use.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._network = run.network
        self._settings: dict[str, Any] = run.manifest.get("settings", {})

    @property
    def network(self) -> StreetNetwork:
        """The run's walking network."""
        return self._network

    @property
    def max_leg_m(self) -> float:
        """The farthest a point may be from its street, metres."""
        return float(self._settings.get("max_leg_m", _DEFAULTS.max_leg_m))

    @property
    def speeds_m_s(self) -> dict[str, float]:
        """Walking speed per traveller, metres per second, as the run was measured with."""
        return {
            who: float(self._settings.get(f"{who}_m_s", _DEFAULTS.speed_m_s(who)))
            for who in TRAVELLERS
        }

    def warm(self) -> None:
        """Build the indexes and load the compiled kernels before the first question."""
        _ = self._street_rows, self._facility_names
        rows = np.flatnonzero(self.entrance_links.connected)[:1]
        for point in self._run.entrances.geometry.iloc[rows]:
            start = self.snap_place(float(point.x), float(point.y))
            self.list_rings(start, [self.max_leg_m])
            measure_nearest(self._network, self.entrance_links.take(rows), start.link)

    def snap_place(self, lon: float, lat: float) -> Start:
        """Tie a point to the nearest kept street.

        Raises
        ------
        OutsideCity
            The nearest street is farther than `max_leg_m`.
        """
        point_xy = np.array(self._to_metres.transform(lon, lat), dtype=np.float64).reshape(1, 2)
        if np.isfinite(point_xy).all():
            link = snap_homes(self._network, point_xy, max_leg_m=self.max_leg_m)
            if link.connected[0]:
                snap_lon, snap_lat = self._to_degrees.transform(*link.snap_xy[0])
                street = self._get_street(int(link.edge[0]))
                leg_m = float(link.leg_m[0])
                return Start(lon, lat, float(snap_lon), float(snap_lat), leg_m, street, link)
        raise OutsideCity(lon, lat, self._measure_street_distance(lon, lat), self.max_leg_m)

    def list_nearest(self, start: Start, kind: str, *, most: int = 1) -> list[FacilityWalk]:
        """List the facilities of a kind nearest on foot, nearest first.

        Each facility is one search over the whole network, with those already found left out.

        Parameters
        ----------
        start
            Where the walk begins.
        kind
            Code of the facility kind.
        most
            How many facilities to list; fewer when fewer can be walked to.
        """
        rows, facility = self.list_entrances(kind)
        walks: list[FacilityWalk] = []
        while len(walks) < most:
            walk = self.find_nearest(start, kind, rows)
            if walk is None:
                break
            walks.append(walk)
            others = facility != walk.door.facility_id
            rows, facility = rows[others], facility[others]
        return walks

    def find_nearest(self, start: Start, kind: str, rows: IntArray) -> FacilityWalk | None:
        """Walk to the nearest of some entrances of a kind's facilities, however far; or None."""
        if len(rows) == 0:
            return None
        nearest = measure_nearest(self._network, self.entrance_links.take(rows), start.link)
        source = int(nearest.source[0])
        if source < 0:
            return None
        row, walk_m = int(rows[source]), float(nearest.walk_m[0])
        last_leg_m = float(self.entrance_links.leg_m[row])
        return FacilityWalk(
            door=self.get_door(row, kind),
            walk_m=walk_m,
            to_street_m=start.leg_m,
            along_streets_m=max(0.0, walk_m - start.leg_m - last_leg_m),
            from_street_m=last_leg_m,
        )

    def list_rings(
        self, start: Start, limits_m: Sequence[float], *, with_streets: bool = False
    ) -> list[Ring]:
        """List what can be reached within each limit, the shortest limit first.

        One search to the longest limit; the shorter ones are cut out of it.

        Parameters
        ----------
        start
            Where the walks begin.
        limits_m
            Longest walks, metres, rising.
        with_streets
            The reached street pieces as well.
        """
        network = self._network
        node_walk_m = measure_outward(network, start.link, max(limits_m))
        nested = [cut_reached(network, start.link, node_walk_m, limit_m) for limit_m in limits_m]
        polygons = draw_rings(network, nested)
        rings = []
        for limit_m, pieces, polygon in zip(limits_m, nested, polygons, strict=True):
            streets = None
            if with_streets:
                lines = shapely.multilinestrings(piece_lines(network, pieces))
                streets = self.to_degrees([lines])[0]
            rings.append(
                Ring(
                    limit_m=float(limit_m),
                    street_m=float((pieces.end_m - pieces.begin_m).sum()),
                    area_m2=float(shapely.area(polygon)),
                    polygon=self.to_degrees([polygon])[0],
                    streets=streets,
                )
            )
        return rings

    def to_degrees(self, shapes: Sequence[Any]) -> NDArray[np.object_]:
        """Shapes of the network's metric system in WGS 84."""
        degrees: NDArray[np.object_] = shapely.transform(
            np.asarray(shapes, dtype=object),
            lambda xy: np.column_stack(self._to_degrees.transform(xy[:, 0], xy[:, 1])),
        )
        return degrees

    def get_door(self, row: int, kind: str) -> Door:
        """Facts of one row of the run's entrances, as the way into a facility of a kind."""
        entrance = self._run.entrances.iloc[row]
        facility_id = str(entrance["facility_id"])
        return Door(
            row=row,
            facility_id=facility_id,
            name=self._facility_names.get((facility_id, kind), ""),
            entrance_id=str(entrance["entrance_id"]),
            source=str(entrance["source"]),
            lon=float(entrance.geometry.x),
            lat=float(entrance.geometry.y),
            street=self._get_street(int(self.entrance_links.edge[row])),
        )

    def list_entrances(self, kind: str) -> tuple[IntArray, NDArray[np.object_]]:
        """Rows of the connected entrances of a kind's facilities, and whose they are."""
        facilities = self._run.facilities
        ids = facilities.loc[facilities["kind"] == kind, "facility_id"]
        owner = self._run.entrances["facility_id"].to_numpy(dtype=object)
        wanted = self._run.entrances["facility_id"].isin(ids).to_numpy()
        rows = np.flatnonzero(wanted & self.entrance_links.connected).astype(np.int64)
        return rows, owner[rows]

    def _get_street(self, edge: int) -> StreetPiece:
        row = self._street_rows.get(edge)
        if row is None:
            return StreetPiece(edge, "", "")
        street = self._run.streets.iloc[row]
        return StreetPiece(edge, str(street["name"] or ""), str(street["highway"] or ""))

    def _measure_street_distance(self, lon: float, lat: float) -> float:
        """Geodesic metres to the nearest kept street; holds far outside the projection too."""
        streets = self._run.streets
        near_lon = np.clip(lon, *streets.total_bounds[[0, 2]])
        near_lat = np.clip(lat, *streets.total_bounds[[1, 3]])
        tree, edges = self._network.kept_tree
        near = shapely.Point(*self._to_metres.transform(near_lon, near_lat))
        found = int(tree.query_nearest(near)[0])
        line = self._network.edge_lines[edges[found]]
        on_street = shapely.line_interpolate_point(line, shapely.line_locate_point(line, near))
        street_lon, street_lat = self._to_degrees.transform(on_street.x, on_street.y)
        _, _, distance_m = pyproj.Geod(ellps="WGS84").inv(lon, lat, street_lon, street_lat)
        return float(distance_m)

    @cached_property
    def _to_metres(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(_WGS84, self._network.crs, always_xy=True)

    @cached_property
    def _to_degrees(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(self._network.crs, _WGS84, always_xy=True)

    @cached_property
    def _street_rows(self) -> dict[int, int]:
        ids = self._run.streets["street_id"].to_numpy().tolist()
        return {street: row for row, street in enumerate(ids)}

    @cached_property
    def _facility_names(self) -> dict[tuple[str, str], str]:
        facilities = self._run.facilities
        keys = zip(facilities["facility_id"], facilities["kind"], strict=True)
        return dict(zip(keys, facilities["name"].fillna("").astype(str), strict=True))

    @cached_property
    def entrance_links(self) -> Links:
        """Entrances on the streets they were tied to when the run was measured."""
        entrances = self._run.entrances
        points_xy: FloatArray = np.column_stack(
            self._to_metres.transform(
                entrances.geometry.x.to_numpy(), entrances.geometry.y.to_numpy()
            )
        )
        edge = entrances["street_id"].to_numpy(dtype=np.int32)
        return tie_points(self._network, points_xy, edge)
