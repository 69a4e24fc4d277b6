"""What became of reserved school land since an earlier layer: the city's own, or an earlier run's."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from layers.parcels import PARCEL_COLUMNS
from layers.schooling.model import Parameters
from layers.standards.model import Source, Value
from layers.store import read_manifest, read_tables
from services.api.opened import OpenRun
from services.api.parcels import tell_changes
from services.api.school_words import EARLIER, PARCELS, list_settling
from services.errors import NoEarlierRun, NothingToMeasure
from services.once import OnceCache
from services.schools.affected import compare_plans
from services.schools.parcel_changes import compare_parcels
from services.schools.parcels.change_files import CHANGE_WORDS, count_changes

Row = dict[str, Any]
_ADVICE = (
    "no earlier layer of parcels to compare with: name one as `earlier_parcels` under [sources] of "
    "city.toml and run again, or start the service with `lifecircle serve OUT --compare-with EARLIER` "
    "(a run that holds parcels), or set LIFECIRCLE_COMPARE_WITH"
)
_MATCHING = ("same_share", "moved_share", "part_share", "moved_m")
"""Rules two layers are matched by."""


def read_earlier(folder: Path) -> tuple[Mapping[str, Any], gpd.GeoDataFrame]:
    """Read the manifest and the parcels of a run; raises `NotARun`."""
    wanted = {"parcels": (*PARCEL_COLUMNS, "geometry")}
    return read_manifest(folder), read_tables(folder, wanted)["parcels"]


class ParcelHistory:
    """The earlier parcels, compared with those being served once for each run.

    Parameters
    ----------
    folder
        Run to compare with where the city brought no earlier layer; None when none was named.
    read
        Reads its manifest and parcels; raises `NotARun`.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        read: Callable[[Path], tuple[Mapping[str, Any], gpd.GeoDataFrame]] = read_earlier,
    ) -> None:
        self._folder = folder
        self._read = read
        self._kept = OnceCache(2)
        self._told: set[str] = set()

    def compare(self, run: OpenRun) -> Row:
        """Return what became of the earlier parcels.

        Raises
        ------
        NoEarlierRun
            There is no earlier layer; the message says how to bring one.
        NotARun
            The earlier run cannot be read.
        NothingToMeasure
            It is of another place.
        """
        found: Row = self._kept.get(run.fingerprint, lambda: self._tell(run))
        self._told.add(run.fingerprint)
        return found

    def is_light(self, run: OpenRun) -> bool:
        """Whether an answer takes no placing of children, or is there already."""
        own = EARLIER in run.schools.brought or not run.schools.can_place
        return self._folder is None or own or run.fingerprint in self._told

    def _tell(self, run: OpenRun) -> Row:
        of, frame = self._find_changes(run)
        parameters = run.run.parameters
        remark = parameters.layout_plan
        has_parcels = len(run.run.parcels) > 0
        return {
            "of": of,
            "changes": [
                {**row, "change_zh": word.zh, "change_en": word.en}
                for row in tell_changes(frame)
                for word in [CHANGE_WORDS[row["change"]]]
            ],
            "counts": count_changes(frame),
            "lost_m2": round(float(frame["lost_m2"].sum()), 1) if len(frame) else None,
            "remark_zh": remark.text.zh,
            "remark_en": remark.text.en,
            "remark_source": _describe_source(remark.source),
            "parameters": _list_parameters(parameters),
            "missing": [] if has_parcels else list_settling((), PARCELS, parameters=parameters),
        }

    def _find_changes(self, run: OpenRun) -> tuple[str, gpd.GeoDataFrame]:
        if EARLIER in run.schools.brought:
            return "table", run.run.parcel_changes
        if self._folder is None:
            raise NoEarlierRun(_ADVICE)
        manifest, earlier = self._read(self._folder)
        if earlier.empty:
            raise NoEarlierRun(f"{self._folder} holds no parcels; {_ADVICE}")
        if run.run.parcels.empty:  # nothing brought is not everything gone
            return "run", run.run.parcel_changes.iloc[:0]
        theirs, ours = (shapely.box(*box) for box in (manifest["bounds"], run.bounds))
        if not theirs.intersects(ours):
            raise NothingToMeasure(
                f"{self._folder} is a run of another place ({manifest.get('name', '')}); "
                "expected an earlier run of the same city"
            )
        if run.schools.can_place:
            city, max_leg_m = run.schools.placers.open().city, run.manifest["schools"]["max_leg_m"]
            return "run", compare_plans(city, earlier, max_leg_m=float(max_leg_m))
        later = run.run.parcels[[*PARCEL_COLUMNS, "geometry"]]
        return "run", compare_parcels(earlier, later, run.run.parameters)


def _list_parameters(parameters: Parameters) -> list[Row]:
    """Figures two layers are matched by, with their sources."""
    rules = parameters.site
    values: dict[str, Value] = {one.name: getattr(rules, one.name) for one in fields(rules)}
    return [
        {
            "code": name,
            "value": values[name].value,
            "unit": values[name].unit,
            **_describe_source(values[name].source),
        }
        for name in _MATCHING
    ]


def _describe_source(source: Source) -> Row:
    title = source.document.title
    return {"source_status": source.status, "document_zh": title.zh, "document_en": title.en}
