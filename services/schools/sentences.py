"""Shortages, releases and missing land as sentences, in Chinese and English."""

from collections.abc import Sequence
from dataclasses import dataclass

from layers.schooling.model import Level
from layers.standards.model import Text, Value

_MANY = 3
_COLUMNS = {
    "children": Text("适龄儿童表", "the table of children"),
    "communities.population": Text("社区表的人口", "the residents of the communities"),
    "communities.households": Text("社区表的户数", "the households of the communities"),
    "demand": Text("出发点表", "the table of homes"),
    "housing.year": Text("新建住宅表的交付年份", "the year of delivery of the housing to come"),
    "housing.households": Text("新建住宅表的户数", "the households of the housing to come"),
    "facilities.capacity": Text("设施表的学位数或班级数", "the places or classes of the schools"),
    "facilities.kind": Text("设施表中学校的学段", "the level of the schools"),
    "parcels.status": Text("教育用地表的状态", "the state of the parcels"),
    "parcels.level": Text("教育用地表的学段", "the level of the parcels"),
    "parcels.opening_year": Text("教育用地表的开办年份", "the year of opening of the parcels"),
    "parcels.planned_classes": Text("教育用地表的规划班数", "the planned classes of the parcels"),
}


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is told of a community's shortage; figures as in `layers.results.SHORTAGES`."""

    level: Level
    begins: int
    last: int
    horizon: int
    peak_year: int
    children: float
    out_of_reach: float
    places: float
    classes: float
    area_m2: float
    area: Value | None
    reserved: tuple[str, ...]
    candidates: tuple[str, ...]


def say_shortage(told: Shortage) -> Text:
    """A shortage: when, how many, what it takes, and the land there is."""
    return _join([_say_when(told), _say_need(told), _say_land(told)])


def _say_when(told: Shortage) -> Text:
    level, count = told.level.title, write_count(told.children)
    if told.last == told.begins:
        when = Text(f"{told.begins}年", f"in {told.begins}")
    elif told.last == told.horizon:
        when = Text(
            f"{told.begins}年起至{told.horizon}年（规划期末）",
            f"from {told.begins} to {told.horizon}, the horizon",
        )
    else:
        when = Text(f"{told.begins}年至{told.last}年", f"from {told.begins} to {told.last}")
    if told.begins == told.last:
        most = Text(f"缺{count}个", f"{count} missing")
    else:
        most = Text(
            f"{told.peak_year}年最多，缺{count}个",
            f"{count} missing in {told.peak_year}, the worst year",
        )
    zh = f"{when.zh}{level.zh}学位不足，{most.zh}"
    en = f"{level.en.capitalize()} places fall short {when.en}: {most.en}"
    far = write_count(told.out_of_reach)
    if told.out_of_reach >= 0.5:
        zh += f"（其中{far}人步行限值内没有学校）"
        en += f" ({far} with no school within the walk)"
    return Text(zh, en)


def _say_need(told: Shortage) -> Text:
    zh = f"补足需{write_count(told.places)}个学位、{told.classes:g}个班"
    one = told.classes == 1
    places = "1 place" if told.places == 1 else f"{write_count(told.places)} places"
    en = f"{places} in {'one class' if one else f'{told.classes:g} classes'} would end it"
    if told.area is not None:
        mark = _mark(told.area)
        zh += f"，约需用地{told.area_m2:,.0f}㎡{mark.zh}"
        en += f", on about {told.area_m2:,.0f} m² of land{mark.en}"
    return Text(zh, en)


def _say_land(told: Shortage) -> Text:
    if told.reserved:
        names = _list(told.reserved)
        return Text(
            f"步行范围内已有预留用地{names.zh}，仍不足以按时补齐",
            f"reserved land is in reach ({names.en}), but not enough of it, or not in time",
        )
    if told.candidates:
        names = _list(told.candidates)
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
    names = name_columns(columns)
    zh = f"{begins}年起{level.title.zh}学位是否够用无法判断"
    en = f"Whether {level.title.en} places suffice from {begins} on cannot be told"
    if most is not None:
        zh += f"（最多可能缺{write_count(most)}个）"
        en += f" (at most {write_count(most)} may be missing)"
    return _join([Text(zh, en), Text(f"请补充{names.zh}", f"please supply {names.en}")])


def name_columns(columns: Sequence[str]) -> Text:
    """What the user would have to supply, named."""
    listed = Text("该学段学校的名录", "a list of the schools of this level")
    texts = [
        listed if one.startswith("facilities (") else _COLUMNS.get(one, Text(one, one))
        for one in columns
    ]
    return Text("、".join(one.zh for one in texts), ", ".join(one.en for one in texts))


def say_release(
    parcel: str, first_year: int | None, lost: float, longer: float, lost_year: int | None
) -> Text:
    """What giving up a parcel costs: the most children without a place, and longer walks."""
    if first_year is None:
        return Text(
            f"放弃地块{parcel}，规划期内没有儿童因此失去学位或走得更远",
            f"Without parcel {parcel} no child loses a place or walks farther up to the horizon",
        )
    zh = f"放弃地块{parcel}，{first_year}年起受影响"
    en = f"Without parcel {parcel}, from {first_year} on"
    parts_zh, parts_en = [], []
    if lost_year is not None:
        parts_zh.append(f"最多{write_count(lost)}名儿童失去学位（{lost_year}年）")
        parts_en.append(f"up to {write_count(lost)} children lose their place ({lost_year})")
    if longer >= 0.5:
        parts_zh.append(f"最多{write_count(longer)}名儿童改到更远的学校")
        parts_en.append(f"up to {write_count(longer)} go to a school farther off")
    return Text(f"{zh}：{'，'.join(parts_zh)}。", f"{en}: {', '.join(parts_en)}.")


def say_release_unknown(parcel: str, columns: Sequence[str]) -> Text:
    """A parcel of which not enough is known to say what it is worth."""
    names = name_columns(columns)
    return Text(
        f"放弃地块{parcel}的影响无法判断，请补充{names.zh}。",
        f"What parcel {parcel} is worth cannot be told; please supply {names.en}.",
    )


def say_not_counted(parcel: str) -> Text:
    """A parcel nothing is lost with: no school is expected on it."""
    return Text(
        f"地块{parcel}已调整用途或被占用，测算中本未计入，放弃它不影响学位。",
        f"Parcel {parcel} was given another use or is occupied: no places were counted on it.",
    )


def write_count(number: float) -> str:
    """Children or places, whole."""
    return f"{int(number + 0.5):,}"


def _list(names: Sequence[str]) -> Text:
    shown, more = names[:_MANY], len(names) - _MANY
    zh, en = "、".join(shown), ", ".join(shown)
    return Text(f"{zh}等{len(names)}处", f"{en} and {more} more") if more > 0 else Text(zh, en)


def _mark(value: Value) -> Text:
    return {
        "primary": Text("", ""),
        "secondary": Text("（二手来源）", " (secondary source)"),
        "derived": Text("（推算）", " (derived)"),
        "unverified": Text("（未核实）", " (unverified)"),
    }[value.source.status]


def _join(parts: Sequence[Text]) -> Text:
    return Text(
        "；".join(part.zh for part in parts) + "。", "; ".join(part.en for part in parts) + "."
    )
