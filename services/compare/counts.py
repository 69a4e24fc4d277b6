"""What changed in the counts and attributes of communities."""

from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np

from geo.units import FloatArray
from layers.attributes import read_attributes
from layers.standards.model import Text, Unit
from services.compare.communities import Match
from services.compare.evidence import Evidence
from services.standards_facts import write_figure

COUNTS = ("households", "population")
_NAMES: dict[str, tuple[Text, Unit]] = {
    "households": (Text("户数", "households"), "households"),
    "population": (Text("人口", "population"), "people"),
}
_REDRAWN = {
    "split": Text("社区拆分", "the community was split"),
    "merged": Text("社区合并", "communities were merged"),
    "redrawn": Text("社区边界调整", "the boundary was redrawn"),
    "rearranged": Text("社区重新划分", "communities were rearranged"),
}


class CommunityCounts:
    """Counts and attributes of the communities of two runs.

    Parameters
    ----------
    before, after
        Their communities tables.
    """

    def __init__(self, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> None:
        self._frames = before, after
        self._rows = tuple(
            {str(code): row for row, code in enumerate(frame["community_id"])}
            for frame in self._frames
        )
        self._columns: dict[str, tuple[FloatArray, FloatArray]] = {}

    def list_changes(self, match: Match, columns: Iterable[str]) -> list[Evidence]:
        """Differences in some columns of communities that cover one area.

        Sums are compared where several stand for one; shares only one to one.
        """
        found = (self._compare(match, name) for name in columns)
        return [said for said in found if said is not None]

    def add_up(self, match: Match, column: str, *, later: bool) -> float:
        """Return the sum of a column over one side of a match; NaN when any part is unknown."""
        return self._add_up(match.after if later else match.before, column, int(later))

    def _compare(self, match: Match, name: str) -> Evidence | None:
        one, other = self._add_up(match.before, name, 0), self._add_up(match.after, name, 1)
        title, unit = _name_column(name)
        if np.isnan(one) and np.isnan(other):
            return None
        if np.isnan(one) or np.isnan(other):
            if np.isnan(one):
                filled = Text(
                    f"社区表“{title.zh}”已填写", f"the communities table now has {title.en}"
                )
                return Evidence("data", "filled_in", filled)
            blank = Text(
                f"社区表“{title.zh}”变为空白", f"the communities table no longer has {title.en}"
            )
            return Evidence("data", "blank_now", blank)
        several = len(match.before) + len(match.after) > 2
        if (several and unit == "share") or np.isclose(one, other, rtol=1e-9, atol=0.0):
            return None
        old, new = write_figure(one, unit), write_figure(other, unit)
        dated = (
            Text(f"（{match.dated}起）", f" (from {match.dated})")
            if match.later
            else Text("（日期未变，视为数据更正）", " (no later date, so a correction)")
        )
        return Evidence(
            "world" if match.later else "data",
            "count",
            Text(
                f"{title.zh}：{old.zh}→{new.zh}{dated.zh}",
                f"{title.en}: {old.en} → {new.en}{dated.en}",
            ),
        )

    def _add_up(self, codes: Sequence[str], name: str, side: int) -> float:
        if name not in self._columns:
            self._columns[name] = self._read(name, 0), self._read(name, 1)
        rows = [self._rows[side][code] for code in codes]
        return float(self._columns[name][side][rows].sum()) if rows else float("nan")

    def _read(self, name: str, side: int) -> FloatArray:
        frame = self._frames[side]
        if name not in frame.columns:
            return np.full(len(frame), np.nan)
        values: FloatArray = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        return values


def find_redrawing(match: Match) -> Evidence | None:
    """Say that communities were split, merged or redrawn; None where each stayed as it was."""
    said = _REDRAWN.get(match.relation)
    if said is None:
        return None
    day = Text(f"（{match.dated}起）", f" (from {match.dated})") if match.later else Text("", "")
    return Evidence(
        "world" if match.later else "data",
        match.relation,
        Text(said.zh + day.zh, said.en + day.en),
    )


def _name_column(name: str) -> tuple[Text, Unit]:
    if name in _NAMES:
        return _NAMES[name]
    attribute = read_attributes()[name]
    return Text(attribute.name_zh, attribute.name_en), attribute.unit
