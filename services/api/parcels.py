"""Reserved school land of a run, as rows to send: parcels, findings, changes, release tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np

from layers.results import PARCEL_CHANGES, PARCEL_FINDINGS, PARCELS
from layers.schooling.load import list_parts
from layers.schooling.model import LEVELS
from layers.store import Run
from services.api.jsonable import list_rows, plain_value, read_shapes
from services.api.school_words import PARCELS as PARCEL_TABLE
from services.api.school_words import list_settling
from services.api.schools import Found, SchoolDesk
from services.coverage import locate_facilities
from services.errors import InvalidQuery, UnknownParcel
from services.schools.parcels.finding_words import name_finding
from services.schools.parcels.urgency import STEPS
from services.schools.parcels.words import STATUSES, name_level
from services.schools.shortages import HALF_A_CHILD

Row = dict[str, Any]
UNKNOWN = "unknown"
"""What parcels without a level or status are asked for as."""
_LOSSES = ("lost", "lost_possible", "moved")
_CALM = frozenset({"undecided", "sound"})
"""Steps of the order of urgency at which nothing is wrong with a parcel, as far as is known."""


@dataclass(frozen=True, slots=True)
class AskedParcels:
    """Which parcels are asked for; None asks for all."""

    level: str | None = None
    status: str | None = None
    district: str | None = None
    urgent: bool | None = None


class ParcelDesk:
    """Parcels of a run with what was found about them.

    Parameters
    ----------
    run
        The opened run.
    communities
        Gives the facts of the communities by code.
    schools
        The desk of its schools.
    """

    def __init__(
        self, run: Run, communities: Callable[[], Mapping[str, Row]], schools: SchoolDesk
    ) -> None:
        self._run = run
        self._communities = communities
        self._schools = schools

    def get_level(self, text: str) -> str:
        """Return a level parcels may be of, by code or name; raises `InvalidQuery`."""
        parameters = self._run.parameters
        codes = (*LEVELS, *parameters.combined, "school", UNKNOWN)
        wanted = text.strip().casefold()
        for code in codes:
            name = name_level(code, parameters)
            if wanted in {code, name.zh, name.en.casefold()}:
                return code
        raise InvalidQuery("level", text, f"one of {', '.join(codes)}", allowed=codes)

    def get_parcel(self, parcel_id: str) -> Row:
        """Return the row of a parcel; raises `UnknownParcel`."""
        if parcel_id not in self._rows:
            raise UnknownParcel(parcel_id, self._rows)
        return self._rows[parcel_id]

    def list_parcels(self, asked: AskedParcels, *, limit: int, offset: int) -> Found:
        """Return parcels, the most urgent first."""
        rows = [row for row in self._rows.values() if self._matches(row, asked)]
        ids = {row["parcel_id"] for row in rows}
        settled = [
            finding["settled_by"]
            for parcel_id, findings in self._findings.items()
            if parcel_id in ids
            for finding in findings
        ]
        missing = list_settling(
            settled, *([] if self._rows else [PARCEL_TABLE]), parameters=self._run.parameters
        )
        return Found(rows[offset : offset + limit], len(rows), missing)

    def assess(self, parcel_id: str) -> Row:
        """Return everything found about a parcel; raises `UnknownParcel`."""
        parcel = self.get_parcel(parcel_id)
        return {
            "parcel": parcel,
            "geometry": self._shapes[parcel_id],
            "findings": self._findings.get(parcel_id, []),
            "changes": [
                row
                for row in self.changes
                if parcel_id in {row["parcel_id"], row["earlier_id"]}
            ],
            "schools": self._schools.list_of_parcel(parcel_id),
        }  # fmt: skip

    def release(self, parcel_id: str, years: Sequence[int] | None) -> Row:
        """Return what giving up a parcel costs; raises `UnknownParcel`."""
        self.get_parcel(parcel_id)
        timed = self._schools.placers.release(parcel_id, years)
        found = timed.release
        communities = self._communities()
        losers, totals = list_rows(found.communities), list_rows(found.totals)
        if found.status == "unknown":  # nothing found is not nothing lost
            for row in (*losers, *totals):
                row |= {name: None for name in _LOSSES if row[name] < HALF_A_CHILD}
        return {
            "parcel_id": found.parcel_id,
            "status": found.status,
            "settled_by": found.settled_by,
            "missing": list_settling([found.settled_by], parameters=self._run.parameters),
            "from_year": found.from_year,
            "reason_zh": found.reason.zh,
            "reason_en": found.reason.en,
            "years": list(years if years is not None else self._schools.years),
            "communities": [
                {**row, "district": communities.get(row["community_id"], {}).get("district", "")}
                for row in losers
            ],
            "totals": totals,
            "schools": list_rows(found.schools),
            "seconds": round(timed.seconds, 4),
        }

    @cached_property
    def changes(self) -> list[Row]:
        """What became of the parcels of the city's own earlier layer."""
        return tell_changes(self._run.parcel_changes)

    @cached_property
    def _rows(self) -> dict[str, Row]:
        """Parcels by id, the most urgent first."""
        frame = self._run.parcels.sort_values(
            ["urgency", "parcel_id"], kind="stable", na_position="last"
        )
        titles = {step.code: step.title for step in STEPS}
        found = {}
        placed = zip(
            list_rows(frame, list(PARCELS)),
            self._locate(frame),
            self._place(frame),
            strict=True,
        )
        for row, where, place in placed:
            step = row["urgency_step"]
            title = titles.get(step)
            level = name_level(row["level"], self._run.parameters)
            status = STATUSES.get(row["status"], STATUSES[""])
            found[row["parcel_id"]] = {
                **row,
                "step": title and {"code": step, "zh": title.zh, "en": title.en},
                **place,
                **where,
                "level_zh": level.zh,
                "level_en": level.en,
                "status_zh": status.zh,
                "status_en": status.en,
            }
        return found

    @cached_property
    def _findings(self) -> dict[str, list[Row]]:
        """Findings by parcel, with titles and shapes."""
        frame = self._run.parcel_findings
        found: dict[str, list[Row]] = {}
        shapes = read_shapes(frame)
        for row, shape in zip(list_rows(frame, list(PARCEL_FINDINGS)), shapes, strict=True):
            title = name_finding(row["finding"], self._run.parameters)
            told = {**row, "title_zh": title.zh, "title_en": title.en, "geometry": shape}
            found.setdefault(row["parcel_id"], []).append(told)
        return found

    @cached_property
    def _shapes(self) -> dict[str, Row | None]:
        frame = self._run.parcels
        return dict(zip(frame["parcel_id"].tolist(), read_shapes(frame), strict=True))

    def _matches(self, row: Row, asked: AskedParcels) -> bool:
        return (
            self._teaches(row["level"], asked.level)
            and (asked.status is None or asked.status == (row["status"] or UNKNOWN))
            and asked.district in {None, row["district"]}
            and (asked.urgent is None or asked.urgent == self._is_urgent(row))
        )

    def _teaches(self, level: str, asked: str | None) -> bool:
        """Whether a parcel of a level is asked for: also by each level a school on it would teach."""
        if asked is None or asked == level:
            return True
        if asked == UNKNOWN:
            return level == ""
        return asked in list_parts(level, self._run.parameters)

    @staticmethod
    def _is_urgent(row: Row) -> bool:
        return row["step"] is not None and row["step"]["code"] not in _CALM

    def _locate(self, frame: gpd.GeoDataFrame) -> list[Row]:
        """Community and district of each parcel."""
        if frame.empty:
            return []
        codes = self._run.communities["community_id"].tolist()
        communities = self._communities()
        blank = {"community_id": "", "community": "", "district": ""}
        rows = []
        for at in locate_facilities(self._run.communities, frame).tolist():
            facts = communities[codes[at]] if at >= 0 else None
            rows.append(
                blank
                if facts is None
                else {
                    "community_id": facts["community_id"],
                    "community": facts["name"],
                    "district": facts["district"],
                }
            )
        return rows

    @staticmethod
    def _place(frame: gpd.GeoDataFrame) -> list[Row]:
        """A point inside each parcel and its bounds, degrees."""
        points = frame.geometry.representative_point()
        bounds = np.round(frame.geometry.bounds.to_numpy(dtype=np.float64), 7)
        return [
            {
                "lon": plain_value(round(x, 7)),
                "lat": plain_value(round(y, 7)),
                "bounds": box.tolist() if np.isfinite(box).all() else None,
            }
            for x, y, box in zip(points.x, points.y, bounds, strict=True)
        ]


def tell_changes(frame: gpd.GeoDataFrame) -> list[Row]:
    """Rows of `layers.results.PARCEL_CHANGES` with the ground they are about as GeoJSON."""
    rows = list_rows(frame, list(PARCEL_CHANGES))
    return [{**row, "geometry": shape} for row, shape in zip(rows, read_shapes(frame), strict=True)]
