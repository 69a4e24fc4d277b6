"""Columns of every table a run writes: what services fill and maps read.

A column's entry says its type and its meaning, with the unit. `documented` in the README means
listed from here.
"""

from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd


@dataclass(frozen=True, slots=True)
class Column:
    """One column: pandas type and meaning."""

    dtype: str
    meaning: str


def build_columns(**columns: tuple[str, str]) -> MappingProxyType[str, Column]:
    """Columns by name from (pandas type, meaning)."""
    return MappingProxyType({name: Column(*entry) for name, entry in columns.items()})


COMMUNITIES = build_columns(
    community_id=("str", "code of the community; the key"),
    name=("str", "name, not unique"),
    district=("str", "district or county (县区)"),
    subdistrict=("str", "street or town (镇街)"),
    households=("float64", "households; empty when nobody supplied them"),
    population=("float64", "residents; empty when nobody supplied them"),
    valid_from=("str", "date from which boundary and counts hold"),
    source=("str", "`table`, `osm` boundary, or analysis `cells`"),
)

FACILITIES = build_columns(
    facility_id=("str", "OSM object (`n…`, `w…`, `r…`) or the table's own id; with `kind` the key"),
    kind=("str", "code of the facility kind"),
    name=("str", "name as mapped or listed"),
    source=("str", "`osm` or the file it came from"),
    inclusive=("boolean", "普惠; empty when unknown"),
    capacity=("float64", "places; empty when unknown"),
    classes=("float64", "classes; empty when unknown"),
    free_places=("float64", "free places; empty when unknown"),
    opening_year=("float64", "year of opening; empty when unknown"),
    reached_by=("str", "`point`, `entrance`, `gate`, `street`, `ring` or `centroid`"),
    n_entrances=("int64", "ways in that walking routes may end at"),
    connected=("bool", "whether any way in lies near a walkable street"),
)

ENTRANCES = build_columns(
    entrance_id=("str", "the facility's id and a number"),
    facility_id=("str", "facility it leads into"),
    source=("str", "`point`, `entrance`, `gate`, `street`, `ring` or `centroid`"),
    street_id=("int64", "street piece it was snapped to; -1 when unconnected"),
    street_name=("str", "name of that street"),
    leg_m=("float64", "straight metres from the entrance to the street"),
)

DEMAND = build_columns(
    demand_id=("str", "starting point of walks; the key"),
    community_id=("str", "community it lies in; empty outside all"),
    name=("str", "name as listed or mapped"),
    households=("float64", "households that start here; empty when unknown"),
    weight=(
        "float64",
        "share basis within the community: households, floor area m², land m² or street m",
    ),
    source=(
        "str",
        "`table` of homes, residential `buildings`, residential `land`, or `streets` of homes",
    ),
    street_id=("int64", "street piece it was snapped to; -1 when unconnected"),
    street_name=("str", "name of that street"),
    leg_m=("float64", "straight metres from the point to the street"),
    connected=("bool", "whether a walkable street lies near enough"),
    snap_lon=("float64", "degrees, where the walk starts on the street"),
    snap_lat=("float64", "degrees, where the walk starts on the street"),
)

STREETS = build_columns(
    street_id=("int64", "street piece between two junctions; the key"),
    way_id=("int64", "OSM way"),
    name=("str", "street name"),
    highway=("str", "OSM class"),
    length_m=("float64", "metres along the street"),
    kept=("bool", "false on islands set aside"),
)

COVERAGE = build_columns(
    community_id=("str", "community"),
    kind=("str", "facility kind"),
    mode=("str", "`walk`, or `walk_transit` where there is a timetable"),
    timetable_source=("str", "`gtfs` or `osm` for `walk_transit`; empty for `walk`"),
    limit=("float64", "limit of the walk or journey"),
    limit_unit=("str", "`min` or `m`"),
    status=(
        "str",
        "`measured` or `unknown` (no such facility in the data, or no demand point here)",
    ),
    households=("float64", "all households of the community; empty when unknown"),
    households_covered=("float64", "households at demand points within the limit"),
    share=(
        "float64",
        "share of households (or of the demand's weight where those are unknown), 0 to 1",
    ),
    building_share=("float64", "share of residential buildings within the limit"),
    land_share=("float64", "share of residential land within the limit"),
    median_s=("float64", "household-weighted median of `nearest_s`; empty when unreached"),
    p90_s=("float64", "household-weighted 90th percentile of `nearest_s`, seconds"),
    facilities_inside=("int64", "facilities whose point lies in the community"),
    unconnected_households=("float64", "households at unconnected points; empty when unknown"),
    unconnected_share=("float64", "share of the demand at unconnected points"),
    demand_source=(
        "str",
        "how homes were found: `table`, `buildings`, `land`, `streets`; empty when nothing is known",
    ),
    n_demand=("int64", "demand points in the community; 0 when nothing is known of its homes"),
)

ACCESS = build_columns(
    demand_id=("str", "starting point"),
    community_id=("str", "its community"),
    households=("float64", "its households; empty when unknown"),
    weight=("float64", "its share basis"),
    kind=("str", "facility kind"),
    mode=("str", "`walk`, or `walk_transit` where there is a timetable"),
    timetable_source=("str", "`gtfs` or `osm` for `walk_transit`; empty for `walk`"),
    nearest_s=(
        "float64",
        (
            "seconds to the nearest facility: the walk; for `walk_transit` the percentile of all "
            "departures (the median unless set otherwise); empty when unreached"
        ),
    ),
    best_s=("float64", "`walk_transit`: the same for the best departure; empty for `walk`"),
    worst_s=("float64", "`walk_transit`: 90th percentile of all departures; empty for `walk`"),
    depart_s=(
        "float64",
        (
            "`walk_transit`: first departure that takes `nearest_s`, seconds after midnight; empty when "
            "walking all the way is as fast"
        ),
    ),
    nearest_m=("float64", "`walk`: the walk in metres, both straight legs included"),
    second_m=(
        "float64",
        "`walk`: walk to the second nearest facility within the longest limit, metres",
    ),
    n_within=("float64", "`walk`: facilities within the main limit; empty for `walk_transit`"),
    facility_id=(
        "str",
        "nearest facility; for `walk_transit` the one reached leaving at `depart_s`",
    ),
    entrance_id=("str", "its entrance the walk ends at"),
    within_limit=("bool", "whether the nearest is within the main limit"),
)

GAPS = build_columns(
    community_id=("str", "community"),
    pack=("str", "rule pack"),
    rule=("str", "rule code"),
    kind=("str", "facility kind"),
    status=("str", "`met`, `gap`, `unknown` or `not_applicable`"),
    cause=(
        "str",
        "`no_facility`, `too_far`, `severed`, `full`, `unconnected`, `data_missing`, or empty",
    ),
    needed=("float64", "what the rule asks for"),
    found=("float64", "what was found"),
    shortfall=("float64", "needed less found, never below 0"),
    unit=("str", "unit of the three columns before"),
    households_affected=("float64", "households left out; empty when unknown"),
    limit=("float64", "limit of the walk or journey"),
    limit_unit=("str", "`min` or `m`"),
    mode=("str", "modes that count: `walk` or `walk_transit`; empty where nothing is travelled"),
    timetable_source=("str", "`gtfs` or `osm` for `walk_transit`; empty otherwise"),
    detour_factor=("float64", "walk over straight line, where severed"),
    nearest_m=(
        "float64",
        "median walk of those left out to their nearest, metres; empty for `walk_transit`",
    ),
    nearest_facility_id=("str", "facility most of those left out have as their nearest"),
    barrier_kind=("str", "`railway`, `waterway`, `motorway`, `wall` or empty"),
    barrier_name=("str", "name of the barrier as mapped"),
    barrier_lon=("float64", "degrees, likely place of the barrier"),
    barrier_lat=("float64", "degrees, likely place of the barrier"),
    source_status=("str", "`primary`, `secondary`, `derived` or `unverified`"),
    reason=("str", "why, a sentence in Chinese"),
    reason_en=("str", "why, a sentence in English"),
)

STOPS = build_columns(
    stop_id=("str", "stop; the key"),
    name=("str", "name as published or mapped"),
    station_id=("str", "station or stop area it belongs to; empty when alone"),
    modes=("str", "modes of the lines that call, comma-separated; empty when none does"),
    lines=("str", "numbers of those lines, comma-separated"),
    departures=("int64", "departures within the window one may board"),
    connected=("bool", "whether a walkable street lies near enough"),
    timetable_source=("str", "`gtfs` or `osm`"),
)

LINES = build_columns(
    line_id=("str", "line; the key"),
    ref=("str", "number as written on the vehicle"),
    name=("str", "long name"),
    mode=(
        "str",
        "`bus`, `trolleybus`, `tram`, `light_rail`, `subway`, `train`, `ferry` or `other`",
    ),
    operator=("str", "who runs it; empty when unknown"),
    stops=("int64", "stops it serves"),
    trips=("int64", "trips on the service day"),
    trips_in_window=("int64", "trips that depart from some stop within the window"),
    headway_min=(
        "float64",
        (
            "mean minutes between departures at its stops, per direction, within the window; empty "
            "when none runs"
        ),
    ),
    headway_source=("str", "`timetable`, `interval` tag, or `default` of the mode"),
    hours_source=("str", "`timetable`, `opening_hours` tag, or `default` of the mode"),
    timetable_source=("str", "`gtfs` or `osm`"),
)

PARCELS = build_columns(
    parcel_id=("str", "the table's own id, else file name and row; the key"),
    level=(
        "str",
        (
            "`kindergarten`, `primary_school`, `junior_school`, `senior_school`, "
            "`nine_year_school`, `secondary_school` (junior and senior), `school` (any), or empty"
        ),
    ),
    area_m2=("float64", "m², as stated, else of the shape; empty when neither is known"),
    planned_classes=("float64", "classes planned; empty when unknown"),
    status=(
        "str",
        "`reserved`, `granted`, `building`, `open`, `re-zoned`, `occupied`, or empty",
    ),
    opening_year=("float64", "year of opening, built or planned; empty when unknown"),
    plan=("str", "plan the parcel comes from"),
    plan_date=("str", "date of that plan, ISO; may stop at the year or month"),
)

NOTICES = build_columns(
    severity=("str", "`error`, `warning` or `info`"),
    code=("str", "what was found, machine-readable"),
    layer=("str", "table or file"),
    message=("str", "what was found, what was expected, what to do"),
    message_zh=("str", "the same in Chinese"),
    row=("str", "row as the user sees it, or OSM id"),
    column=("str", "column as the user named it"),
    found=("str", "offending value"),
    expected=("str", "what would have been right"),
    count=("int64", "cases this notice stands for"),
)

TABLES = MappingProxyType(
    {
        "coverage": COVERAGE,
        "access": ACCESS,
        "gaps": GAPS,
        "communities": COMMUNITIES,
        "facilities": FACILITIES,
        "entrances": ENTRANCES,
        "demand": DEMAND,
        "streets": STREETS,
        "stops": STOPS,
        "lines": LINES,
        "parcels": PARCELS,
        "notices": NOTICES,
    }
)


OPTIONAL = frozenset({"stops", "lines", "parcels"})
"""Tables only cities with such a source have."""


def shape_table(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """`frame` with the columns of `table` first, in order and of the declared types.

    Columns the table does not declare (geometry, minutes per kind) follow as they are.

    Raises
    ------
    KeyError
        A declared column is missing from `frame`, or there is no such table.
    """
    columns = TABLES[table]
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise KeyError(f"table {table} lacks the columns {', '.join(missing)}")
    rest = [name for name in frame.columns if name not in columns]
    shaped = frame[[*columns, *rest]]
    return shaped.astype(
        {
            name: column.dtype
            for name, column in columns.items()
            if shaped[name].dtype != column.dtype
        }
    )
