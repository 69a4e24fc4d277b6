"""Everything around parcels in metres, with indexes to look it up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import project
from layers.schooling.ground import Ground
from layers.schooling.model import SiteRules
from layers.standards.model import Text
from services.schools.parcels.model import Finding, Plot, Surroundings

NO_BOUNDARY = Text(
    "只有点位、没有边界，无法判断", "Drawn as a point without a boundary, so nobody can tell"
)


@dataclass(frozen=True, eq=False)
class Site:
    """Everything around the parcels in metres, with indexes.

    Parameters
    ----------
    crs
        Metric system of all shapes.
    plots
        The parcels.
    around
        The facts, as handed in.
    """

    crs: str
    plots: Sequence[Plot]
    around: Surroundings

    @property
    def rules(self) -> SiteRules:
        """When something is worth telling."""
        return self.around.parameters.site

    def _in_metres(self, frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
        shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
        return np.asarray(shapely.transform(shapes, partial(project, crs=self.crs)), dtype=object)

    @cached_property
    def cover_shapes(self) -> NDArray[np.object_]:
        """Shapes of the covers."""
        return self._in_metres(self._get_ground().covers)

    @cached_property
    def cover_tree(self) -> shapely.STRtree:
        """Index over them."""
        return shapely.STRtree(self.cover_shapes)

    @cached_property
    def hazard_shapes(self) -> Mapping[str, tuple[NDArray[np.int64], NDArray[np.object_]]]:
        """Rows and shapes of each hazard's objects."""
        hazards = self._get_ground().hazards
        shapes, codes = self._in_metres(hazards), hazards["hazard"].to_numpy(dtype=object)
        rows = {code: np.flatnonzero(codes == code) for code in dict.fromkeys(codes)}
        return {code: (at, shapes[at]) for code, at in rows.items()}

    @cached_property
    def hazard_trees(self) -> Mapping[str, shapely.STRtree]:
        """Index over each hazard's objects."""
        return {code: shapely.STRtree(shapes) for code, (_, shapes) in self.hazard_shapes.items()}

    @cached_property
    def plot_tree(self) -> shapely.STRtree:
        """Index over the parcels."""
        return shapely.STRtree(np.array([plot.shape for plot in self.plots], dtype=object))

    @cached_property
    def community_ground(self) -> Any:
        """Ground of all communities near a parcel, one shape."""
        communities = self.around.communities
        if communities is None or not len(communities):
            return None
        shapes = self._in_metres(communities)
        shapes = shapes[~shapely.is_missing(shapes)]
        plots = np.array([plot.shape for plot in self.plots], dtype=object)
        _, near = shapely.STRtree(shapes).query(plots, predicate="intersects")
        return shapely.union_all(shapes[np.unique(near)])

    def _get_ground(self) -> Ground:
        ground = self.around.ground
        if ground is None:
            raise ValueError("no ground was read; ask only where there is one")
        return ground


def say_unknown(
    finding: str, unit: str, settled_by: str, text: Text, found: float = float("nan")
) -> Finding:
    """Return a finding the data cannot decide; the text ends without a full stop."""
    return Finding(
        finding,
        "unknown",
        Text(f"{text.zh}。", f"{text.en}."),
        found=found,
        unit=unit,
        settled_by=settled_by,
    )
