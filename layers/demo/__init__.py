"""The embedded sample city: written as OSM XML and tables, read back like any other.

`样例市（合成数据）` is synthetic: it lies at Baoji's place on earth, but no place, name or number
in it is real. It has 23 communities in three districts; 22 of them count 29,000 households in all,
one has no count. The same version writes the same bytes every time. A second edition shows the
city a year later (`layers.demo.editions`).

Planted on purpose, each listed in `PLANTED` (limits: 15 minutes, 1080 m for adults, 900 m for
children):

- 锦川社区: 1,680 households, its only kindergarten is not inclusive (非普惠), and hardly a home
  has another in reach.
- 铁北新村社区: clinic and supermarket stand just south of the railway, its crossings far away.
- 红星机械厂社区: one walled compound; its kindergarten lies right behind a locked back gate.
- 松风社区: no government-service point within the limit, not even as the crow flies.
- 长宁社区: exactly 1,500 households; some live a little too far from a government-service point (no
  barrier, only longer streets); its inclusive kindergarten has no free place.
- 云川社区: 1,499 households, one short of the rule.
- 锦云社区: 3,120 households, no primary school inside, but several within the walk.
- 云台社区: a hamlet on the hill, more than 150 m from any street (unconnected homes).
- 滨南社区: nobody has counted its households.
- 白鹭洲: an islet whose paths join no other street (set aside).
- 北园社区: 1,620 households; whether its only kindergarten is inclusive nobody said (普惠 blank).
- 晨光社区: 4,345 households, oversize; 清溪社区: 380, undersize.
- 铁北新村社区 and 清溪社区: both below 1,500, with 1,585 households together, across a stream only.
- 长宁社区 has exactly 30 m² of service space per 100 households, 云川社区 29.95; 望江社区 has
  exactly 30 % of green, 南湖社区 29.4 %, of 东苑社区 nobody counted it.
- services.xlsx: community services with their floor, some of unknown size; packs/local.yaml: the
  city asks that 90 % of homes reach a park where the standard means all; 长宁社区 has 94 %.
- schools.xlsx (in GCJ-02): 普惠 left blank for some kindergartens, 空余学位 0 for some schools.
- parcels.geojson: reserved school land in every state, a case each: JY-10 opens before the homes
  around it, JY-02 two years after them, JY-08 four; JY-06 became homes, JY-07 a car park; JY-01 lies
  beside the railway, JY-09 is a strip, JY-11 is drawn over JY-08, sheds stand on JY-12, JY-13 is too
  small, JY-14 lies where places are enough. earlier_parcels.geojson is the plan of 2019: one parcel of
  it is gone, one was larger, one elsewhere, one is now two, one had another use; most had other ids.
- housing.xlsx: 锦川新城 is handed over from 2026 on, its primary school opens in 2030; of one compound
  only the community is known. children.xlsx counts children by age in 2025, and births until 2032.
- 溪东九年制学校 states its places per level; of 松风小学 nobody knows them. catchments.geojson assigns
  five schools theirs.
- All four grades of starting points: a table of compound entrances, buildings, land, streets.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from layers.demo.buses import plan_lines, write_lines
from layers.demo.drawing import Drawing
from layers.demo.editions import EditionName, list_communities, read_edition
from layers.demo.osm_writer import Frame, OsmDraft
from layers.demo.places import fill_city, put_points
from layers.demo.plan import build_plan, read_spec
from layers.demo.scene import draw_scene
from layers.demo.schooling import (
    write_catchments,
    write_children,
    write_earlier_parcels,
    write_housing,
    write_parcels,
)
from layers.demo.shapes import coords_of, smooth
from layers.demo.streets import split_at_meetings, tie
from layers.demo.tables import (
    CITY_NAME,
    write_city_toml,
    write_communities,
    write_compounds,
    write_overlay,
    write_schools,
    write_services,
)

__all__ = ["CITY_NAME", "KNOWN_HOUSEHOLDS", "PLANTED", "EditionName", "Planted", "write_demo"]

KNOWN_HOUSEHOLDS = 29_000
_MIDDLE_LAT = 34.36


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted case.

    Parameters
    ----------
    community
        Name of the community it is planted in, empty where it is in none.
    kind
        Facility kind it is about, empty where it is about no kind.
    cause
        Cause the gap must name, empty where it is no gap.
    facility
        Facility it turns on, if any.
    households
        Households of the community where the number matters.
    """

    community: str
    kind: str = ""
    cause: str = ""
    facility: str = ""
    households: int | None = None


PLANTED: Mapping[str, Planted] = MappingProxyType(
    {
        "no_inclusive_kindergarten": Planted(
            "锦川社区", "kindergarten", facility="锦川小太阳幼儿园", households=1680
        ),
        "railway_clinic": Planted("铁北新村社区", "clinic", "severed", "铁南社区卫生服务站"),
        "railway_shop": Planted("铁北新村社区", "shop", "severed", "铁南惠民超市"),
        "closed_gate": Planted("红星机械厂社区", "kindergarten", "severed", "红星幼儿园"),
        "no_facility": Planted("松风社区", "government", "no_facility"),
        "too_far": Planted("长宁社区", "government", "too_far"),
        "exactly_1500": Planted("长宁社区", "kindergarten", households=1500),
        "one_short": Planted("云川社区", "kindergarten", households=1499),
        "primary_within_walk": Planted("锦云社区", "primary_school", households=3120),
        "full_kindergarten": Planted("长宁社区", "kindergarten", "full", "长宁第一幼儿园"),
        "full_school": Planted("站前社区", "primary_school", facility="鼓楼小学"),
        "unconnected": Planted("云台社区", "shop", "unconnected"),
        "no_households": Planted("滨南社区"),
        "island": Planted("", facility="白鹭洲环道"),
        "inclusive_unknown": Planted(
            "北园社区", "kindergarten", facility="北园小树苗幼儿园", households=1620
        ),
        "oversize": Planted("晨光社区", households=4345),
        "undersize": Planted("清溪社区", households=380),
        "cluster": Planted("铁北新村社区", "kindergarten", households=1205),
        "space_exact": Planted("长宁社区", households=1500),
        "space_short": Planted("云川社区", households=1499),
        "green_exact": Planted("望江社区"),
        "green_short": Planted("南湖社区"),
        "green_unknown": Planted("东苑社区"),
        "overlaid": Planted("长宁社区", "park"),
        "housing_before_school": Planted("锦川社区", "primary_school", facility="JY-08"),
        "parcel_on_time": Planted("晨光社区", "primary_school", facility="JY-10"),
        "parcel_late": Planted("锦川社区", "kindergarten", facility="JY-02"),
        "parcel_rezoned": Planted("锦川社区", "junior_school", facility="JY-06"),
        "parcel_occupied": Planted("滨南社区", "kindergarten", facility="JY-07"),
        "parcel_narrow": Planted("学苑社区", "kindergarten", facility="JY-09"),
        "parcel_railway": Planted("铁北新村社区", "primary_school", facility="JY-01"),
        "parcel_overlap": Planted("锦川社区", "kindergarten", facility="JY-11"),
        "parcel_encroached": Planted("北园社区", "primary_school", facility="JY-12"),
        "parcel_small": Planted("溪口社区", "junior_school", facility="JY-13"),
        "parcel_duplicate": Planted("锦云社区", "kindergarten", facility="JY-14"),
        "places_unknown": Planted("松风社区", "primary_school", facility="松风小学"),
        "places_per_level": Planted("溪东社区", "junior_school", facility="溪东九年制学校"),
        "demand_table": Planted("锦云社区"),
        "demand_buildings": Planted("鼓楼西社区"),
        "demand_land": Planted("清溪社区"),
        "demand_streets": Planted("溪东社区"),
    }
)


def write_demo(folder: Path, *, edition: EditionName = "base") -> Path:
    """Write the sample city into a folder.

    Writes `sample.osm`, `communities.geojson`, `compounds.xlsx`, `schools.xlsx` (GCJ-02),
    `services.xlsx`, `parcels.geojson`, `earlier_parcels.geojson`, `children.xlsx`, `housing.xlsx`,
    `catchments.geojson`, `packs/local.yaml` and `city.toml`; files of these names are replaced.

    Parameters
    ----------
    edition
        `base`, or `next` for the city a year later (`layers.demo.editions` tells what changed).

    Returns
    -------
    city_toml
        Path of the written `city.toml`.

    Raises
    ------
    ValueError
        There is no such edition.
    """
    changes = read_edition(edition)
    folder.mkdir(parents=True, exist_ok=True)
    places = read_spec("places")
    for parcel in places["parcels"]:
        parcel.update(changes.parcels.get(parcel["id"], {}))
    drawing = Drawing(build_plan(places["parks"]))
    fill_city(drawing, places)
    draw_scene(drawing)
    put_points(drawing, places)
    origin = drawing.plan.spec["frame"]
    frame = Frame(float(origin["lon"]), float(origin["lat"]), _MIDDLE_LAT)
    _build_draft(drawing, places, frame, changes.removed).write(folder / "sample.osm")
    rows = list_communities(drawing.plan, changes)
    write_communities(folder / "communities.geojson", rows, frame)
    write_compounds(folder / "compounds.xlsx", drawing, frame, changes.households)
    write_schools(folder / "schools.xlsx", drawing, frame)
    write_services(folder / "services.xlsx", drawing, frame)
    write_parcels(folder / "parcels.geojson", drawing, frame)
    write_earlier_parcels(folder / "earlier_parcels.geojson", drawing, places["earlier"], frame)
    write_housing(folder / "housing.xlsx", drawing, frame, rows)
    write_catchments(folder / "catchments.geojson", drawing, places["catchments"], frame)
    write_children(folder / "children.xlsx", rows, places["children"])
    write_overlay(folder / "packs" / "local.yaml", changes.park_share, changes.published)
    write_city_toml(folder / "city.toml")
    return folder / "city.toml"


def _build_draft(
    drawing: Drawing, places: dict[str, Any], frame: Frame, removed: Collection[str]
) -> OsmDraft:
    streets, bus_lines = plan_lines(split_at_meetings(tie(drawing.streets)), places["buses"])
    draft = OsmDraft(frame)
    way_ids = {index: draft.way(one.line, one.tags) for index, one in enumerate(streets)}
    for line, tags in drawing.lines:
        draft.way(line, tags)
    for ring, tags in drawing.areas:
        draft.way(ring, tags)
    for place, tags in drawing.marks.items():
        draft.node(place, tags)
    for place, tags in drawing.points:
        node_id = draft.free_node(place, tags)
        if tags.get("name") in removed:
            draft.remove(node_id)
    write_lines(draft, bus_lines, way_ids)
    motorway = drawing.plan.spec["motorway"]
    draft.way(
        smooth(motorway["line"]),
        {"highway": "motorway", "name": motorway["name"], "ref": motorway["ref"], "layer": "1"},
    )
    river = drawing.plan.spec["river"]
    outer = draft.way(coords_of(drawing.plan.water.exterior), {})
    inner = draft.way(coords_of(drawing.plan.islet.exterior), {})
    draft.relation(
        [("way", outer, "outer"), ("way", inner, "inner")],
        {
            "type": "multipolygon",
            "natural": "water",
            "water": "river",
            "name": river["name"],
            "name:en": river["name_en"],
        },
    )
    return draft
