"""What sentences about parcels call things."""

import math
from collections.abc import Mapping

from layers.schooling.model import Parameters
from layers.standards.model import Text
from services.sentences.figures import write_number

COMBINED: Mapping[str, Text] = {
    "nine_year_school": Text("九年一贯制学校", "nine-year school"),
    "twelve_year_school": Text("十二年一贯制学校", "twelve-year school"),
    "secondary_school": Text("完全中学", "junior and senior secondary school"),
    "school": Text("学校（学段未定）", "school of any level"),
    "": Text("学段未填", "no level given"),
}
STATUSES: Mapping[str, Text] = {
    "reserved": Text("预留", "reserved"),
    "granted": Text("已供地", "granted"),
    "building": Text("在建", "under construction"),
    "open": Text("已建成", "open"),
    "re-zoned": Text("已调整用途", "re-zoned"),
    "occupied": Text("被占用", "occupied"),
    "": Text("状态未填", "of unknown status"),
}
COVERS: Mapping[str, Text] = {
    "building": Text("房屋", "buildings"),
    "road": Text("道路", "roads"),
    "railway": Text("铁路", "railways"),
    "water": Text("水面", "water"),
}


def name_level(level: str, parameters: Parameters) -> Text:
    """Return what a level of parcels is called."""
    for code, one in parameters.levels.items():
        if code == level:
            return one.title
    return COMBINED.get(level, Text(level, level))


def name_school(name: str, parcel_id: str) -> Text:
    """Return what a school is called: by its name, one to come by its parcel.

    >>> name_school("", "JY-02").en
    'parcel JY-02'
    """
    return Text(f"地块 {parcel_id}", f"parcel {parcel_id}") if parcel_id else Text(name, name)


def write_m2(area_m2: float) -> Text:
    """Return an area.

    >>> write_m2(5400.4).zh
    '5,400平方米'
    """
    return Text(f"{round(area_m2):,}平方米", f"{round(area_m2):,} m²")


def write_children(children: float) -> Text:
    """Return a number of children.

    >>> write_children(1).en
    '1 child'
    """
    whole = round(children)
    return Text(f"{whole:,}名儿童", f"{whole:,} {'child' if whole == 1 else 'children'}")


def write_classes(classes: float) -> Text:
    """Return a number of classes."""
    figure = write_number(classes)
    return Text(f"{figure}个班", f"{figure} {'class' if figure == '1' else 'classes'}")


def write_m(length_m: float, *, beside: float = math.nan) -> Text:
    """Return a length in whole metres; with one decimal where it would look like what it is held against.

    >>> write_m(79.6).zh, write_m(79.6, beside=80).zh
    ('80米', '79.6米')
    """
    if length_m != beside and round(length_m, 1) != beside and round(length_m) == beside:
        return Text(f"{length_m:,.1f}米", f"{length_m:,.1f} m")
    return Text(f"{round(length_m):,}米", f"{round(length_m):,} m")
