"""A change of a parcel in one sentence."""

import math
from dataclasses import dataclass
from typing import Any

from layers.schooling.model import Parameters
from layers.standards.model import Text
from services.schools.parcels.words import STATUSES, name_level, write_children, write_m2


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One earlier parcel beside one later one; columns as in `layers.results.PARCEL_CHANGES`.

    `shape` is the ground that is lost (of a new parcel: gained), metres; None where there is none.
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
    shape: Any


def say_change(one: Change, parameters: Parameters, children: float, year: float) -> Text:
    """Return what happened, what it cost, and who feels it."""
    head = _say_head(one, parameters)
    cost, felt = _say_cost(one), _say_felt(children, year)
    return Text(
        f"{head.zh}{cost.zh}{felt.zh}。",
        f"{head.en}{cost.en}{felt.en}.",
    )


def _say_head(one: Change, parameters: Parameters) -> Text:
    level = name_level(one.level, parameters)
    sizes = _say_sizes(one)
    if one.change == "new":
        return Text(
            f"新增地块 {one.parcel_id}（{level.zh}{_brackets(one.area_after_m2).zh}）",
            f"New parcel {one.parcel_id} ({level.en}{_brackets(one.area_after_m2).en})",
        )
    name = Text(f"地块 {one.earlier_id}（{level.zh}）", f"Parcel {one.earlier_id} ({level.en})")
    renamed = (
        Text("", "")
        if one.earlier_id == one.parcel_id or not one.parcel_id
        else Text(f"，现编号 {one.parcel_id}", f", now numbered {one.parcel_id}")
    )
    if one.change == "gone":
        return Text(f"{name.zh}在新图层中没有了", f"{name.en} is missing from the later layer")
    if one.change == "rezoned":
        became = _say_rezoned(one, parameters)
        return Text(
            f"{name.zh}{renamed.zh}{became.zh}{sizes.zh}",
            f"{name.en}{renamed.en}{became.en}{sizes.en}",
        )
    if one.change in ("split", "merged"):
        how = (
            Text(f"被拆分，其中一块为 {one.parcel_id}", f" was split; one part is {one.parcel_id}")
            if one.change == "split"
            else Text(f"并入 {one.parcel_id}", f" was merged into {one.parcel_id}")
        )
        return Text(f"{name.zh}{how.zh}{sizes.zh}", f"{name.en}{how.en}{sizes.en}")
    became = {
        "same": Text("没有变化", " is unchanged"),
        "shrunk": Text("面积减少", " shrank"),
        "grown": Text("面积增加", " grew"),
        "moved": Text("位置变动", " moved"),
    }[one.change]
    status = _say_status(one)
    shown = Text("", "") if one.change == "same" else sizes
    return Text(
        f"{name.zh}{became.zh}{renamed.zh}{shown.zh}{status.zh}",
        f"{name.en}{became.en}{renamed.en}{shown.en}{status.en}",
    )


def _brackets(area_m2: float) -> Text:
    if math.isnan(area_m2):
        return Text("", "")
    size = write_m2(area_m2)
    return Text(f"，{size.zh}", f", {size.en}")


def _say_sizes(one: Change) -> Text:
    if math.isnan(one.area_before_m2) or math.isnan(one.area_after_m2):
        return Text("", "")
    before, after = write_m2(one.area_before_m2), write_m2(one.area_after_m2)
    if before == after:
        return Text("", "")
    return Text(f"，由{before.zh}变为{after.zh}", f", from {before.en} to {after.en}")


def _say_rezoned(one: Change, parameters: Parameters) -> Text:
    parts = []
    if one.level != one.level_after:
        after = name_level(one.level_after, parameters)
        parts.append(Text(f"学段改为{after.zh}", f" is now for a {after.en}"))
    if one.status_before != one.status_after:
        words = [
            STATUSES.get(code, Text(code, code)) for code in (one.status_before, one.status_after)
        ]
        parts.append(
            Text(f"由{words[0].zh}变为{words[1].zh}", f" went from {words[0].en} to {words[1].en}")
        )
    return Text("，".join(part.zh for part in parts), " and".join(part.en for part in parts))


def _say_status(one: Change) -> Text:
    if one.status_before == one.status_after or not one.status_after:
        return Text("", "")
    before = STATUSES.get(one.status_before, Text(one.status_before, one.status_before))
    after = STATUSES.get(one.status_after, Text(one.status_after, one.status_after))
    return Text(f"，由{before.zh}变为{after.zh}", f", {before.en} before and {after.en} now")


def _say_cost(one: Change) -> Text:
    if math.isnan(one.lost_m2) or round(one.lost_m2) == 0:
        return Text("", "")
    size = write_m2(one.lost_m2)
    if one.change == "moved":
        return Text(f"，原址{size.zh}不再保留", f"; {size.en} where it was are kept no longer")
    return Text(f"，减少教育用地{size.zh}", f"; {size.en} of education land are lost")


def _say_felt(children: float, year: float) -> Text:
    if math.isnan(children):
        return Text("", "")
    if round(children) == 0:
        return Text("，尚无儿童受影响", "; no child is affected yet")
    since = Text("", "") if math.isnan(year) else Text(f"{year:.0f}年起", f" from {year:.0f} on")
    some = write_children(children)
    return Text(
        f"，{since.zh}{some.zh}因此没有学位或要走得更远",
        f"; {some.en} have no place or a longer walk for want of it{since.en}",
    )
