"""A change of a parcel in one sentence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers.schooling.model import Parameters
from layers.standards.model import Text
from services.people import join
from services.schools.parcels.model import LOST
from services.schools.parcels.words import STATUSES, name_level, write_children, write_m2
from services.schools.settlers import name_settler

_NOTHING = Text("", "")
_SETTLERS: Mapping[str, Text] = {
    "earlier_parcels.planned_classes": Text(
        "原图层中该地块的规划班数", "its planned classes in the earlier layer"
    ),
    "earlier_parcels.status": Text("原图层中该地块的状态", "its state in the earlier layer"),
    "earlier_parcels.level": Text("原图层中该地块的学段", "its level in the earlier layer"),
    "parcels.planned_classes": Text(
        "现图层中按现有土地核定的规划班数",
        "the planned classes in the later layer, as the land that is left allows",
    ),
}
"""What would settle who is affected; all else goes by its usual name."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One earlier parcel beside one later one; columns as in `layers.results.PARCEL_CHANGES`.

    Parameters
    ----------
    left_m2, gained_m2
        Ground of the earlier parcel that no later one keeps, and ground of the later one that none had.
    drawn
        Whether the ground was compared; stated areas were, where it was not.
    tells
        Whether what the earlier parcel lost is told here, not in another row of the same parcel.
    shape
        The ground left (of a new parcel: gained), metres; None where there is none.
    """

    change: str
    earlier_id: str
    parcel_id: str
    level: str
    level_after: str
    status_before: str
    status_after: str
    area_before_m2: float
    area_after_m2: float
    lost_m2: float
    left_m2: float
    gained_m2: float
    drawn: bool
    tells: bool
    shape: Any


@dataclass(frozen=True, slots=True)
class Felt:
    """Who feels what became of an earlier parcel.

    Parameters
    ----------
    children
        The most children in one year; NaN unknown.
    first_year, peak_year
        First year anybody is affected, and that of the most; NaN where nobody is or that is unknown.
    settled_by
        Columns and tables that would settle an unknown number.
    told
        Whether a sentence says so.
    """

    children: float = math.nan
    first_year: float = math.nan
    peak_year: float = math.nan
    settled_by: tuple[str, ...] = ()
    told: bool = True


def say_change(one: Change, parameters: Parameters, felt: Felt | None) -> Text:
    """Return what happened, what it cost, and who feels it."""
    parts = [_say_head(one, parameters), _say_cost(one)]
    if felt is not None and felt.told:
        parts.append(_say_felt(felt))
    return join(*parts, Text("。", "."))


def _say_head(one: Change, parameters: Parameters) -> Text:
    if one.change == "new":
        name = _name_parcel(one.parcel_id, one.level, one.area_after_m2, parameters)
        return Text(f"新增地块 {name.zh}", f"New parcel {name.en}")
    if one.change == "gone":
        return join(
            _name_earlier(one, math.nan, parameters),
            Text("在新图层中没有了", " is missing from the later layer"),
        )
    if one.change in ("split", "merged"):
        return _say_regrouped(one, parameters)
    name = _name_earlier(one, math.nan, parameters)
    renamed = _say_renamed(one)
    if one.change == "rezoned":
        return join(name, renamed, _say_rezoned(one, parameters), _say_sizes(one))
    shown = _NOTHING if one.change == "same" else _say_sizes(one)
    return join(name, _say_became(one), renamed, shown, _say_status(one))


def _say_became(one: Change) -> Text:
    if one.drawn and one.change == "shrunk" and not one.left_m2 > 0:
        return Text("登记面积减少、边界未变", " is drawn as before but stated smaller")
    return {
        "same": Text("没有变化", " is unchanged"),
        "shrunk": Text("面积减少", " shrank"),
        "grown": Text("面积增加", " grew"),
        "moved": Text("位置变动", " moved"),
    }[one.change]


def _name_parcel(code: str, level: str, area_m2: float, parameters: Parameters) -> Text:
    name = name_level(level, parameters)
    if math.isnan(area_m2):
        return Text(f"{code}（{name.zh}）", f"{code} ({name.en})")
    size = write_m2(area_m2)
    return Text(f"{code}（{name.zh}，{size.zh}）", f"{code} ({name.en}, {size.en})")


def _name_earlier(one: Change, area_m2: float, parameters: Parameters) -> Text:
    name = _name_parcel(one.earlier_id, one.level, area_m2, parameters)
    return Text(f"地块 {name.zh}", f"Parcel {name.en}")


def _say_renamed(one: Change) -> Text:
    if one.earlier_id == one.parcel_id or not one.parcel_id:
        return _NOTHING
    return Text(f"（现编号 {one.parcel_id}）", f" (numbered {one.parcel_id} now)")


def _say_regrouped(one: Change, parameters: Parameters) -> Text:
    """A parcel that was split or merged, with the part or the whole it became."""
    after = Text(one.parcel_id, one.parcel_id)
    if not math.isnan(one.area_after_m2):
        size = write_m2(one.area_after_m2)
        after = Text(f"{after.zh}（{size.zh}）", f"{after.en} ({size.en})")
    how = (
        Text(f"被拆分，其中一块为 {after.zh}", f" was split; one part is {after.en}")
        if one.change == "split"
        else Text(f"并入 {after.zh}", f" was merged into {after.en}")
    )
    more = _NOTHING
    if one.level != one.level_after:
        level = name_level(one.level_after, parameters)
        more = Text(f"，学段改为{level.zh}", f", now for a {level.en}")
    if (one.status_before in LOST) != (one.status_after in LOST):
        now = _name_status(one.status_after)
        more = join(more, Text(f"，{now.zh}", f", {now.en}"))
    return join(_name_earlier(one, one.area_before_m2, parameters), how, more)


def _say_sizes(one: Change) -> Text:
    if math.isnan(one.area_before_m2) or math.isnan(one.area_after_m2):
        return _NOTHING
    before, after = write_m2(one.area_before_m2), write_m2(one.area_after_m2)
    if before == after:
        return _NOTHING
    return Text(f"，由{before.zh}变为{after.zh}", f", from {before.en} to {after.en}")


def _say_rezoned(one: Change, parameters: Parameters) -> Text:
    parts = []
    if one.level != one.level_after:
        before, after = name_level(one.level, parameters), name_level(one.level_after, parameters)
        parts.append(
            Text(
                f"学段由{before.zh}改为{after.zh}",
                f" is to be a {after.en}, no longer a {before.en}",
            )
        )
    if one.status_before != one.status_after:
        before, after = _name_status(one.status_before), _name_status(one.status_after)
        parts.append(Text(f"由{before.zh}变为{after.zh}", f" went from {before.en} to {after.en}"))
    return Text("，".join(part.zh for part in parts), " and".join(part.en for part in parts))


def _name_status(code: str) -> Text:
    return STATUSES.get(code, Text(code, code))


def _say_status(one: Change) -> Text:
    if one.status_before == one.status_after or not one.status_after:
        return _NOTHING
    before, after = _name_status(one.status_before), _name_status(one.status_after)
    return Text(f"，由{before.zh}变为{after.zh}", f", {before.en} before and {after.en} now")


def _say_cost(one: Change) -> Text:
    """Ground that is education land no more, or that all of it still is."""
    if one.change == "new" or not one.tells:
        return _NOTHING
    if one.status_before in LOST:
        return _say_lost_before(one)
    if math.isnan(one.left_m2):
        return Text("，减少的面积未知", "; how much education land is lost is unknown")
    if round(one.left_m2) == 0:
        return _say_kept(one)
    left, gained = write_m2(one.left_m2), write_m2(one.gained_m2)
    if one.change == "moved" and one.drawn:
        net = (
            Text(
                f"净减少教育用地{write_m2(one.lost_m2).zh}",
                f"{write_m2(one.lost_m2).en} less in all",
            )
            if round(one.lost_m2) > 0
            else Text("教育用地没有减少", "no less in all")
        )
        return Text(
            f"，原址{left.zh}不再保留，新址增加{gained.zh}，{net.zh}",
            f"; {left.en} where it was are kept no longer, {gained.en} are new: {net.en}",
        )
    return Text(f"，减少教育用地{left.zh}", f"; {left.en} of education land are lost")


def _say_lost_before(one: Change) -> Text:
    """Land that was re-zoned or occupied in the earlier layer already."""
    before = _name_status(one.status_before)
    if one.change == "same":
        return _NOTHING
    if one.status_after and one.status_after not in LOST:
        return Text("，恢复为教育用地", "; it is education land again")
    return Text(
        f"；原图层中已{_strip(before.zh)}，不再计入减少的教育用地",
        f"; it was {before.en} before already, so no more land is lost",
    )


def _strip(word: str) -> str:
    return word.removeprefix("已")


def _say_kept(one: Change) -> Text:
    """Nothing was lost: worth saying where one might think so."""
    if one.change == "gone":
        return Text("，土地仍在其他教育用地内", "; its ground lies in other education land")
    if one.change in ("split", "merged"):
        return Text("；教育用地没有减少", "; no education land is lost")
    if one.change == "rezoned":
        return Text("，仍为教育用地", "; it is education land still")
    return _NOTHING


def _say_felt(felt: Felt) -> Text:
    if math.isnan(felt.children):
        return _say_unknown(felt.settled_by)
    if round(felt.children) == 0:
        return Text("；规划期内没有儿童受影响", "; no child is affected up to the horizon")
    some = write_children(felt.children)
    have = "has" if round(felt.children) == 1 else "have"
    if felt.first_year == felt.peak_year or math.isnan(felt.peak_year):
        since = (
            _NOTHING
            if math.isnan(felt.first_year)
            else Text(f"{felt.first_year:.0f}年起", f" from {felt.first_year:.0f} on")
        )
        return Text(
            f"；{since.zh}最多{some.zh}因此没有学位或要走得更远",
            f"; up to {some.en} {have} no place or a longer walk for want of it{since.en}",
        )
    return Text(
        f"；最多{some.zh}（{felt.peak_year:.0f}年）因此没有学位或要走得更远，{felt.first_year:.0f}年起受影响",
        f"; up to {some.en} ({felt.peak_year:.0f}) {have} no place or a longer walk for want of it; "
        f"it is felt from {felt.first_year:.0f} on",
    )


def _say_unknown(settled_by: tuple[str, ...]) -> Text:
    if not settled_by:
        return Text("；受影响的儿童数未知", "; how many children are affected is unknown")
    names = [_SETTLERS.get(code) or name_settler(code) for code in settled_by]
    return Text(
        f"；有多少儿童受影响无法判断，请补充{'、'.join(name.zh for name in names)}",
        "; how many children are affected cannot be told; please supply "
        + ", ".join(name.en for name in names),
    )
