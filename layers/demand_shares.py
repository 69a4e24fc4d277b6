"""How a community's households fall to its demand points, and what that assumed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.units import BoolArray, FloatArray, IntArray
from layers.notices import Notice

_DIFFERENCE = 0.1
_LEAST_FLOOR_M2 = 15.0


def settle_table(
    place: IntArray,
    own: FloatArray,
    basis: FloatArray,
    households: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Households and weight of every row of the user's table.

    Rows with households keep them. Rows without share what the community has beyond the others', by
    residents where all of them state some, else equally. Where nothing is left to share their
    households stay unknown and they weigh as much as the mean of the others.

    Parameters
    ----------
    place
        Shape `(P,)`: position of the row's community, -1 outside all.
    own
        Shape `(P,)`: households of the row, NaN unknown.
    basis
        Shape `(P,)`: households, else residents, NaN unknown.
    households
        Shape `(C,)`: households of the communities, NaN unknown.

    Returns
    -------
    settled
        Shape `(P,)`: households, NaN unknown.
    weight
        Shape `(P,)`: 0 for rows that are known to be empty among others that are not.
    """
    settled, weight = own.copy(), np.where(own > 0, own, 1.0)
    by_residents = _find_by_residents(place, own, basis)
    for community in np.unique(place[place >= 0]):
        rows = np.flatnonzero(place == community)
        known = np.isfinite(own[rows])
        without = rows[~known]
        share = np.ones(len(without))
        if by_residents[without].any():
            share = basis[without]
        rest = households[community] - own[rows[known]].sum()
        if len(without) and (np.isnan(rest) or rest > 0 or not known.any()):
            settled[without] = rest * share / share.sum()
        if known.all():
            weight[rows] = own[rows] if own[rows].sum() > 0 else 1.0
        elif not known.any():
            weight[rows] = share
        else:
            mean = float(own[rows[known]].mean()) or 1.0
            weight[rows[known]] = own[rows[known]]
            weight[without] = np.where(
                settled[without] > 0, settled[without], mean * share / share.mean()
            )
    return settled, weight


def _find_by_residents(place: IntArray, own: FloatArray, basis: FloatArray) -> BoolArray:
    """Rows without households whose like in the community all state residents; shape `(P,)`."""
    without = np.isnan(own) & (place >= 0)
    n = int(place.max(initial=-1)) + 1
    residents = np.where(np.isfinite(basis), basis, 0.0)
    total = np.bincount(place[without], weights=residents[without], minlength=n)
    silent = np.bincount(place[without & np.isnan(basis)], minlength=n) > 0
    found: BoolArray = without.copy()
    found[without] = (total > 0)[place[without]] & ~silent[place[without]]
    return found


def explain_split(
    ids: Sequence[str],
    place: IntArray,
    own: FloatArray,
    basis: FloatArray,
    settled: FloatArray,
    codes: NDArray[Any],
    layer: str,
) -> list[Notice]:
    """Report rows without households that were given a share, and by what they were given it.

    Parameters
    ----------
    own, basis, settled
        Shape `(P,)`: as in `settle_table`, before and after it.
    codes
        Shape `(C,)`: the communities' codes.
    """
    n = len(codes)
    inside = place >= 0
    rows_in = np.bincount(place[inside], minlength=n)
    stated_in = np.bincount(place[inside & np.isfinite(own)], minlength=n)
    without = np.isnan(own) & inside & (rows_in[place] > 1)
    # what has no households left to share is told apart by `explain_table`
    without &= np.isfinite(settled) | (stated_in[place] == 0)
    by_residents = _find_by_residents(place, own, basis)
    notices = []
    for chosen, equally in ((without & ~by_residents, True), (without & by_residents, False)):
        if not chosen.any():
            continue
        rest = chosen & (stated_in[place] > 0)
        among = np.unique(place[chosen])
        n_rows, n_rest = int(chosen.sum()), int(rest.sum())
        how = "equally" if equally else "by their residents"
        how_zh = "平均" if equally else "按人口"
        of_them = (
            f"; {n_rest} of them, beside rows that state theirs, share only what those leave"
            if n_rest
            else ""
        )
        of_them_zh = f"；其中 {n_rest} 行所在社区另有已填户数的行，只分其余部分" if n_rest else ""
        advice = "; fill in the column households (户数) where it is known" if equally else ""
        listed = _list([str(code) for code in codes[among]])
        notices.append(
            Notice(
                "warning" if equally else "info",
                "households_split_equally" if equally else "households_split_by_residents",
                layer,
                f"{n_rows} rows state no households: within each of {len(among)} communities its "
                f"households were shared {how} among them{of_them}{advice}",
                f"{n_rows} 行未填户数：在 {len(among)} 个社区内{how_zh}分摊该社区户数{of_them_zh}"
                + ("；如已知请补填“户数”列" if equally else ""),
                row=listed,
                column="households",
                found=_list([ids[row] for row in np.flatnonzero(chosen).tolist()]),
                expected="户数",
                count=n_rows,
            )
        )
    return notices


def explain_table(
    ids: Sequence[str],
    place: IntArray,
    settled: FloatArray,
    weight: FloatArray,
    households: FloatArray,
    codes: NDArray[Any],
    layer: str,
) -> list[Notice]:
    """List what is odd about the user's table: rows outside, empty or unknown, sums that differ."""
    notices = []
    outside = [ids[row] for row in np.flatnonzero(place < 0).tolist()]
    if outside:
        notices.append(
            Notice(
                "warning",
                "outside_communities",
                layer,
                f"{len(outside)} rows lie in no community and are counted in none: "
                f"{_list(outside)}; check their coordinates or the boundaries",
                f"{len(outside)} 行不在任何社区内，未计入：{_list(outside)}；请核对坐标或社区边界",
                row=_list(outside),
                count=len(outside),
            )
        )
    vacant = [ids[row] for row in np.flatnonzero((weight <= 0) & (place >= 0)).tolist()]
    if vacant:
        notices.append(
            Notice(
                "info",
                "demand_without_households",
                layer,
                f"{len(vacant)} rows state 0 households or residents; nobody starts there, they "
                f"were left out: {_list(vacant)}",
                f"{len(vacant)} 行户数或人口为 0，未作为出发点：{_list(vacant)}",
                row=_list(vacant),
                count=len(vacant),
            )
        )
    stated_in = np.bincount(place[(place >= 0) & np.isfinite(settled)], minlength=len(codes))
    orphans = np.isnan(settled) & (place >= 0)
    orphans &= np.isfinite(households[place]) | (stated_in[place] > 0)
    unknown = [ids[row] for row in np.flatnonzero(orphans).tolist()]
    if unknown:
        notices.append(
            Notice(
                "warning",
                "demand_households_unknown",
                layer,
                f"{len(unknown)} rows state no households and their community has none left, or "
                "none stated, to share; they count with the mean of their neighbours in shares "
                f"only: {_list(unknown)}",
                f"{len(unknown)} 行未填户数，且所在社区没有填报户数或已无剩余户数可分；"
                f"仅在比例中按平均值计：{_list(unknown)}",
                row=_list(unknown),
                column="households",
                count=len(unknown),
            )
        )
    inside = place >= 0
    total = np.bincount(place[inside], weights=settled[inside], minlength=len(codes))
    has = np.bincount(place[inside], minlength=len(codes)) > 0
    with np.errstate(invalid="ignore"):
        differ = has & (np.abs(total - households) > _DIFFERENCE * np.maximum(households, 1.0))
    if differ.any():
        first = int(np.flatnonzero(differ)[0])
        listed = _list([str(code) for code in codes[differ]])
        notices.append(
            Notice(
                "warning",
                "households_differ",
                layer,
                f"in {int(differ.sum())} communities the households of this table and of the "
                f"communities differ by more than {_DIFFERENCE:.0%}, such as {total[first]:.0f} "
                f"against {households[first]:.0f} in {codes[first]}; this table places the homes, "
                "rules on households follow the communities",
                f"{int(differ.sum())} 个社区的本表户数之和与社区表户数相差超过 {_DIFFERENCE:.0%}，"
                f"如 {codes[first]}：{total[first]:.0f} 对 {households[first]:.0f}；"
                "出发点以本表为准，户数规则以社区表为准",
                row=listed,
                column="households",
                found=f"{total[first]:.0f}",
                expected=f"{households[first]:.0f}",
                count=int(differ.sum()),
            )
        )
    return notices


def explain_buildings(
    place: IntArray,
    floor_m2: FloatArray,
    levels_known: BoolArray,
    households: FloatArray,
    codes: NDArray[Any],
    layer: str,
) -> list[Notice]:
    """Report how many buildings state their levels, and where too few are mapped.

    Parameters
    ----------
    place, floor_m2, levels_known
        Shape `(B,)`: buildings of the grade.
    """
    if not len(place):
        return []
    notices = []
    unknown = int((~levels_known).sum())
    if unknown:
        share = unknown / len(place)
        notices.append(
            Notice(
                "warning" if share > 0.5 else "info",
                "levels_assumed",
                layer,
                f"{unknown} of {len(place)} residential buildings ({share:.0%}) do not state their "
                "levels and were weighted as one level; tall buildings among them count too "
                "little",
                f"{len(place)} 栋住宅中有 {unknown} 栋（{share:.0%}）未标层数，按 1 层计；"
                "其中的高层住宅权重偏低",
                column="building:levels",
                found=f"{share:.3f}",
                count=unknown,
            )
        )
    floor = np.bincount(place, weights=floor_m2, minlength=len(codes))
    has = np.bincount(place, minlength=len(codes)) > 0
    with np.errstate(invalid="ignore"):
        few = has & (floor < _LEAST_FLOOR_M2 * households)
    if few.any():
        listed = _list([str(code) for code in codes[few]])
        notices.append(
            Notice(
                "warning",
                "buildings_incomplete",
                layer,
                f"in {int(few.sum())} communities the mapped residential buildings have less than "
                f"{_LEAST_FLOOR_M2:.0f} m² of floor per household: buildings or levels are missing "
                "on the map, and where homes lie is uncertain; bring a table of compounds",
                f"{int(few.sum())} 个社区的住宅建筑面积不足每户 {_LEAST_FLOOR_M2:.0f} ㎡："
                "地图缺少建筑或层数，住户位置不可靠；建议提供小区表",
                row=listed,
                count=int(few.sum()),
            )
        )
    return notices


def explain_grades(grade: IntArray, codes: NDArray[Any], layer: str) -> list[Notice]:
    """Communities whose homes had to be guessed from streets, or of which nothing at all is known.

    Parameters
    ----------
    grade
        Shape `(C,)`: position in `layers.demand.GRADES`, -1 without any starting point.
    """
    notices = []
    for position, code, severity, english, chinese in (
        (
            3,
            "demand_from_streets",
            "info",
            "have no known homes, buildings or residential land: their streets stand for homes",
            "没有住户、住宅或居住用地数据：以社区内道路代替出发点",
        ),
        (
            -1,
            "demand_unknown",
            "warning",
            "have no known homes and no street that may have some: their coverage is unknown",
            "既无住房数据，也无可能有住户的道路：没有出发点，覆盖率未知",
        ),
    ):
        rows = np.flatnonzero(grade == position)
        if len(rows):
            listed = _list([str(item) for item in codes[rows]])
            notices.append(
                Notice(
                    "info" if severity == "info" else "warning",
                    code,
                    layer,
                    f"{len(rows)} of {len(codes)} communities {english} ({listed})",
                    f"{len(codes)} 个社区中有 {len(rows)} 个{chinese}（{listed}）",
                    row=listed,
                    count=len(rows),
                )
            )
    return notices


def _list(items: Sequence[str], most: int = 20) -> str:
    return ", ".join(items[:most]) + (", …" if len(items) > most else "")
