"""Shortages, releases and missing land as sentences, in Chinese and English."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from layers.schooling.model import Level
from layers.standards.model import Status, Text
from services.schools.parcels.finding_words import FINDINGS
from services.schools.parcels.words import write_children
from services.schools.settlers import name_settlers

_MANY = 3


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is told of a community's shortage; figures as in `layers.results.SHORTAGES`.

    `pauses` are the years between `begins` and `last` without one; `candidates` name what stands against
    each.
    """

    level: Level
    begins: int
    last: int
    pauses: tuple[int, ...]
    horizon: int
    peak_year: int
    children: float
    out_of_reach: float
    unconnected: float
    least: bool
    places: float
    classes: float
    area_m2: float
    status: Status
    reserved: tuple[str, ...]
    candidates: tuple[Text, ...]


def say_shortage(told: Shortage) -> Text:
    """A shortage: when, how many, what it takes, and the land there is."""
    if told.places == 0:
        return _join([_say_when(told), _CHECK_MAP])
    return _join([_say_when(told), _say_need(told), _say_land(told)])


_CHECK_MAP = Text(
    "请核对地图上的道路，无需为此用地",
    "check the streets on the map; no land is asked for",
)


def _say_when(told: Shortage) -> Text:
    level, number = told.level.title, write_count(told.children)
    count = (
        Text(f"至少缺{number}个", f"at least {number}")
        if told.least
        else Text(f"缺{number}个", number)
    )
    if told.last == told.begins:
        when = Text(f"{told.begins}年", f"in {told.begins}")
    elif told.last == told.horizon:
        when = Text(
            f"{told.begins}年起至{told.horizon}年（规划期末）",
            f"from {told.begins} to {told.horizon}, the horizon",
        )
    else:
        when = Text(f"{told.begins}年至{told.last}年", f"from {told.begins} to {told.last}")
    if told.pauses:
        listed = [str(year) for year in told.pauses]
        when = Text(
            f"{when.zh}（{'、'.join(listed)}年除外）", f"{when.en}, except {', '.join(listed)}"
        )
    if told.begins == told.last:
        most = Text(count.zh, f"{count.en} missing")
    else:
        most = Text(
            f"{told.peak_year}年最多，{count.zh}",
            f"{count.en} missing in {told.peak_year}, the worst year",
        )
    zh = f"{when.zh}{level.zh}学位不足，{most.zh}"
    en = f"{level.en.capitalize()} places fall short {when.en}: {most.en}"
    parts = [
        Text(f"{write_count(number)}人{said.zh}", f"{write_count(number)} {said.en}")
        for number, said in (
            (told.out_of_reach - told.unconnected, _FAR),
            (told.unconnected, _UNCONNECTED),
        )
        if number >= _HALF
    ]
    if parts:
        zh += f"（其中{'、'.join(one.zh for one in parts)}）"
        en += f" ({', '.join(one.en for one in parts)})"
    return Text(zh, en)


_HALF = 0.5
_FAR = Text("步行限值内没有学校", "with no school within the walk")
_UNCONNECTED = Text("的住处未接入地图上的任何道路", "in homes connected to no mapped street")


def _say_need(told: Shortage) -> Text:
    mark = _mark(told.status)
    zh = f"补足{'至少' if told.least else ''}需{write_count(told.places)}个学位、{told.classes:g}个班"
    one = told.classes == 1
    places = "1 place" if told.places == 1 else f"{write_count(told.places)} places"
    en = f"{'at least ' if told.least else ''}{places} in {'one class' if one else f'{told.classes:g} classes'} would end it"
    if not math.isnan(told.area_m2):
        zh += f"，约需用地{told.area_m2:,.0f}㎡"
        en += f", on about {told.area_m2:,.0f} m² of land"
    return Text(f"{zh}{mark.zh}", f"{en}{mark.en}")


def _say_land(told: Shortage) -> Text:
    if told.reserved:
        names = _list(told.reserved)
        return Text(
            f"步行范围内已有预留用地{names.zh}，仍不足以按时补齐",
            f"reserved land is in reach ({names.en}), but not enough of it, or not in time",
        )
    if told.candidates:
        names = Text(
            _list([one.zh for one in told.candidates]).zh,
            _list([one.en for one in told.candidates]).en,
        )
        return Text(
            f"步行范围内没有可用的预留用地，可考虑{names.zh}",
            f"no land is reserved in reach; {names.en} could be looked at",
        )
    return Text(
        "步行范围内没有预留用地，也没有可考虑的地块",
        "no land is reserved in reach, nor any other parcel",
    )


def say_shortage_unknown(
    level: Level, begins: int, most: float | None, columns: Sequence[str]
) -> Text:
    """What may be a shortage, and what would settle it."""
    names = name_settlers(columns)
    zh = f"{begins}年起{level.title.zh}学位是否够用无法判断"
    en = f"Whether {level.title.en} places suffice from {begins} on cannot be told"
    if most is not None:
        zh += f"（最多可能缺{write_count(most)}个）"
        en += f" (at most {write_count(most)} may be missing)"
    return _join([Text(zh, en), Text(f"请补充{names.zh}", f"please supply {names.en}")])


def say_release(
    parcel: str, first_year: int | None, lost: float, longer: float, lost_year: int | None
) -> Text:
    """What giving up a parcel costs: the most children without a place, and longer walks."""
    if first_year is None:
        return Text(
            f"放弃地块 {parcel}，规划期内没有儿童因此失去学位或走得更远。",
            f"Without parcel {parcel} no child loses a place or walks farther up to the horizon.",
        )
    zh = f"放弃地块 {parcel}，{first_year}年起受影响"
    en = f"Without parcel {parcel}, from {first_year} on"
    parts_zh, parts_en = [], []
    if lost_year is not None:
        some = write_children(int(lost + 0.5))
        lose = "loses its place" if some.en == "1 child" else "lose their place"
        parts_zh.append(f"最多{some.zh}失去学位（{lost_year}年）")
        parts_en.append(f"up to {some.en} {lose} ({lost_year})")
    if longer >= 0.5:
        some = write_children(int(longer + 0.5))
        go = "goes" if some.en == "1 child" else "go"
        parts_zh.append(f"最多{some.zh}改到更远的学校")
        parts_en.append(f"up to {some.en} {go} to a school farther off")
    return Text(f"{zh}：{'，'.join(parts_zh)}。", f"{en}: {', '.join(parts_en)}.")


def say_release_unknown(parcel: str, columns: Sequence[str]) -> Text:
    """A parcel of which not enough is known to say what it is worth."""
    names = name_settlers(columns)
    return Text(
        f"放弃地块 {parcel} 的影响无法判断，请补充{names.zh}。",
        f"What giving up parcel {parcel} would cost cannot be told; please supply {names.en}.",
    )


def say_not_counted(parcel: str, *, lost: bool) -> Text:
    """A parcel nothing can be lost with: no school is expected on it; `lost` where it is lost already.

    What a lost one would do stands in a finding about it, which the sentence names.
    """
    if not lost:
        return Text(
            f"地块 {parcel} 上没有单独计入的学位，无法单独测算放弃它的影响。",
            f"No places are counted on parcel {parcel} alone, so what giving it up would cost cannot be "
            "worked out alone.",
        )
    serves = FINDINGS["serves"]
    return Text(
        f"地块 {parcel} 已调整用途或被占用，学校用地已经失去，学位测算没有计入它，没有什么可再放弃；"
        f"如恢复为教育用地，有多少儿童要靠它才有学位，见核查结果“{serves.zh}”。",
        f"Parcel {parcel} is re-zoned or occupied: it is lost already, no places are counted on it, and "
        "nothing is left to give up. How many children would need it if it were education land again "
        f"stands in the finding “{serves.en}”.",
    )


def write_count(number: float) -> str:
    """Children or places, whole."""
    return f"{int(number + 0.5):,}"


def _list(names: Sequence[str]) -> Text:
    shown, more = names[:_MANY], len(names) - _MANY
    zh, en = "、".join(shown), ", ".join(shown)
    return Text(f"{zh}等{len(names)}处", f"{en} and {more} more") if more > 0 else Text(zh, en)


def _mark(status: Status) -> Text:
    marks: dict[Status, Text] = {
        "primary": Text("", ""),
        "secondary": Text("（二手来源）", " (secondary source)"),
        "derived": Text("（推算）", " (derived)"),
        "unverified": Text("（未核实）", " (unverified)"),
    }
    return marks[status]


def _join(parts: Sequence[Text]) -> Text:
    return Text(
        "；".join(part.zh for part in parts) + "。", "; ".join(part.en for part in parts) + "."
    )
