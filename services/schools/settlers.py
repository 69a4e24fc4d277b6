"""Words for tables and columns that would settle what is unknown of schools and their land."""

from collections.abc import Iterable, Mapping

from layers.schooling.load import read_parameters
from layers.schooling.model import Parameters
from layers.standards.model import Text
from services.score_sentences import split_settled

_TABLES: Mapping[str, Text] = {
    "children": Text("适龄儿童表", "the table of children"),
    "housing": Text("新建住宅表", "the table of housing to come"),
    "parcels": Text("教育用地表", "the table of parcels"),
    "earlier_parcels": Text("较早的教育用地图层", "an earlier layer of parcels"),
}
_NAMES: Mapping[str, Text] = {
    **_TABLES,
    "demand": Text("出发点表", "the table of homes"),
    "osm": Text("OSM 地图中的房屋、道路等", "buildings, roads and the like on the OSM map"),
    "communities.population": Text("社区表的人口", "the residents of the communities"),
    "communities.households": Text("社区表的户数", "the households of the communities"),
    "housing.year": Text("新建住宅表的交付年份", "the year of delivery of the housing to come"),
    "housing.households": Text("新建住宅表的户数", "the households of the housing to come"),
    "facilities.capacity": Text("设施表的学位数或班级数", "the places or classes of the schools"),
    "facilities.kind": Text("设施表中学校的学段", "the level of the schools"),
    "parcels.status": Text("教育用地表的状态", "the state of the parcels"),
    "parcels.level": Text("教育用地表的学段", "the level of the parcels"),
    "parcels.opening_year": Text("教育用地表的开办年份", "the year of opening of the parcels"),
    "parcels.planned_classes": Text("教育用地表的规划班数", "the planned classes of the parcels"),
    "parcels.area_m2": Text("教育用地表的面积", "the area of the parcels"),
    "parcels.geometry": Text("教育用地表的边界", "the boundaries of the parcels"),
    "parameters.land": Text("该学段的用地标准", "a figure for the land of that level"),
    "schools.horizon": Text("更晚的规划期末（horizon）", "a later `horizon`"),
}
_LISTED = Text("该学段学校的名录", "a list of the schools of this level")


def split_causes(causes: Iterable[str]) -> set[str]:
    """Tables and columns named in texts of `settled_by`, each once."""
    return {part for one in causes for part in split_settled(one)}


def join_causes(causes: Iterable[str]) -> str:
    """One text of `settled_by` for several."""
    return ",".join(sorted(split_causes(causes)))


def name_settler(code: str, parameters: Parameters | None = None) -> Text:
    """What a table or column of `settled_by` is called; one nobody knows, by its code.

    Parameters
    ----------
    parameters
        For the names of hazards; those that travel with the package by default.

    >>> name_settler("osm (railway)").zh
    '铁路的现场核实结果'
    """
    for hazard in (parameters or read_parameters()).hazards:
        if code == f"osm ({hazard.code})":
            title = hazard.title
            return Text(f"{title.zh}的现场核实结果", f"a survey of the site for {title.en}")
    return _LISTED if code.startswith("facilities (") else _NAMES.get(code, Text(code, code))


def name_settlers(codes: Iterable[str], parameters: Parameters | None = None) -> Text:
    """What several tables and columns are called, one after the other."""
    names = [name_settler(code, parameters) for code in codes]
    return Text("、".join(one.zh for one in names), ", ".join(one.en for one in names))


def locate_settler(code: str, parameters: Parameters | None = None) -> Text:
    """As `name_settler`, with the entry of city.toml a whole table is named by."""
    name = name_settler(code, parameters)
    if code not in _TABLES:
        return name
    return Text(f"{name.zh}（[sources] 的 {code}）", f"{name.en} (`{code}` in [sources])")
