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
    floor_area_m2=("float64", "m² of floor, as listed; empty when unknown"),
    land_area_m2=(
        "float64",
        "m² of land: as listed, else of the mapped shape; empty when neither is known",
    ),
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
    street_id=(
        "int64",
        "street piece between two junctions; the key (pieces of no length are left out)",
    ),
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
    kind=("str", "facility kind; empty where the rule is about something else"),
    attribute=(
        "str",
        "column of the communities table the rule is about; empty where it is about facilities",
    ),
    basis=("str", "what a share is of: `households`, `buildings`, `land`; empty for other units"),
    status=("str", "`met`, `gap`, `unknown` or `not_applicable`"),
    cause=(
        "str",
        "`no_facility`, `too_far`, `severed`, `full`, `unconnected`, `data_missing`, or empty",
    ),
    needed=("float64", "what the rule asks for"),
    found=("float64", "what was found; in a gap the most there may be"),
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
    settled_by=(
        "str",
        (
            "what would settle an `unknown`: table, or table and column (`communities.green_share`), "
            "comma-separated; else empty"
        ),
    ),
    substituted_by=("str", "rule that stands in and is met; else empty"),
    overlaid=("bool", "whether a figure of the city's own stands in place of the standard's"),
    source_status=("str", "`primary`, `secondary`, `derived` or `unverified`"),
    reason=("str", "why, a sentence in Chinese"),
    reason_en=("str", "why, a sentence in English"),
)

SCORECARDS = build_columns(
    community_id=("str", "community"),
    pack=("str", "rule pack; empty for checks that are no rule of a pack"),
    card=("str", "code of the circle, type, level or check"),
    about=("str", "`circle`, `type`, `level`, `set` (of rules) or `check`"),
    status=(
        "str",
        "`gap` if any of its rules is one, else `unknown` if any is, else `met`; `not_applicable`",
    ),
    met=("int64", "answers of its rules that are met"),
    gap=("int64", "answers that are a gap"),
    unknown=("int64", "answers the data cannot decide"),
    not_applicable=("int64", "answers that do not apply"),
    households_affected=(
        "float64",
        "most households any one of its gaps leaves out; empty when unknown, 0 without a gap",
    ),
    worst_rule=("str", "answer that leaves out most; empty without a gap"),
    nearest_facility_id=("str", "nearest alternative for those it leaves out; empty when none"),
    nearest_m=("float64", "their median walk there, metres"),
    settled_by=("str", "what would settle its unknowns, as in `gaps`; comma-separated"),
    finding=("str", "of the size check: `oversize`, `undersize`; else empty"),
    source_status=("str", "least certain status among its rules"),
    overlaid=("bool", "whether any of its figures is the city's own"),
    reason=("str", "the state of things in one Chinese sentence"),
    reason_en=("str", "the same in English"),
)

ROLLUPS = build_columns(
    level=("str", "`subdistrict`, `district` or `city`"),
    area=("str", "name of the area; the city's name for `city`"),
    district=("str", "district a subdistrict belongs to; else as `area`, empty for `city`"),
    pack=("str", "rule pack; empty for checks"),
    code=("str", "answer of a rule (as `gaps.rule`), or code of a card (as `scorecards.card`)"),
    about=("str", "`rule`, or as in `scorecards`"),
    communities=("int64", "communities of the area"),
    met=("int64", "communities that meet it"),
    gap=("int64", "communities that miss it"),
    unknown=("int64", "communities the data cannot decide"),
    not_applicable=("int64", "communities it does not apply to"),
    basis=("str", "`households`, or `communities` where households are unknown"),
    households=("float64", "households of communities it applies to; empty when any is unknown"),
    households_met=("float64", "those in communities that meet it"),
    households_gap=("float64", "those in communities that miss it"),
    households_unknown=("float64", "those in communities that are undecided"),
    share_low=(
        "float64",
        "share (by `basis`) that meets it if no undecided one does; empty where it applies to none",
    ),
    share_high=("float64", "share that meets it if every undecided one does"),
    households_affected=("float64", "households its gaps leave out, added up; empty when unknown"),
    shortfall=("float64", "what is missing, added up where the unit can be; else empty"),
    unit=("str", "unit of `shortfall`; empty where that is"),
    rank=(
        "float64",
        (
            "place among the areas of its level by `share_low` (by shares of communities where their "
            "`basis` differs), 1 the best; ties share it"
        ),
    ),
)

TARGETS = build_columns(
    level=("str", "`district` or `city`"),
    area=("str", "name of the area"),
    pack=("str", "rule pack"),
    rule=("str", "rule judged of the whole area"),
    kind=("str", "facility kind; empty where it is about something else"),
    of=("str", "card whose share of communities is asked for; else empty"),
    status=("str", "`met`, `gap`, `unknown` or `not_applicable`"),
    needed=("float64", "what the rule asks for"),
    found=("float64", "what surely is there"),
    possible=("float64", "what may be there, if every undecided community or facility counts"),
    shortfall=("float64", "needed less found, never below 0; empty when undecided"),
    unit=("str", "unit of the four columns before"),
    settled_by=("str", "what would settle an `unknown`, as in `gaps`"),
    overlaid=("bool", "whether a figure of the city's own stands in place of the standard's"),
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
            "`nine_year_school`, `twelve_year_school`, `secondary_school` (junior and senior), "
            "`school` (any), or empty"
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
    urgency=(
        "float64",
        "place in the order of urgency, 1 the most urgent; empty when not examined",
    ),
    children_served=(
        "float64",
        (
            "children who get a place, or a nearer one, by it in its opening year; where it states "
            "none, in the first year looked at (of lost land, the first in which a child goes without); "
            "empty when unknown"
        ),
    ),
    urgency_step=(
        "str",
        (
            "why it stands there: `lost_and_missed`, `covered`, `late`, `lost`, `unfit`, `undecided` or "
            "`sound`; empty when not examined"
        ),
    ),
    gaps=("float64", "findings that are a gap; empty when not examined"),
    unknowns=("float64", "findings the data cannot decide; empty when not examined"),
)

SCHOOLS = build_columns(
    school_id=("str", "facility, or `parcel:` and the parcel's id; with `level` the key"),
    level=("str", "`kindergarten`, `primary_school`, `junior_school` or `senior_school`"),
    name=("str", "name as mapped or listed; of a parcel its plan's"),
    source=("str", "`osm`, the file it came from, or `parcel`"),
    parcel_id=(
        "str",
        "parcel it stands or will stand on; empty when none is known. Where a parcel is still to be built around a school that stands, what it adds is a row of its own",
    ),
    community_id=("str", "community it lies in; empty outside all"),
    inclusive=("boolean", "普惠; empty when unknown"),
    opening_year=(
        "float64",
        (
            "first year it takes children; empty where it always has, and of a parcel still to be "
            "built on where the year is unknown"
        ),
    ),
    places=("float64", "places of this level once open; empty when unknown"),
    places_source=(
        "str",
        (
            "`listed`, `split` (of a total over several levels), `classes` (times class size), "
            "`planned` (classes of a parcel), or empty"
        ),
    ),
    demand=("float64", "children of the first year for whom it is the nearest"),
    placed=("float64", "children placed in it in the first year"),
    free_places=("float64", "places left over in the first year, as `free` of `school_years`"),
    walk_mean_m=("float64", "mean walk of those placed, metres"),
    walk_p90_m=("float64", "90th percentile of their walks, metres"),
    full_from=("float64", "first year without a free place; empty when there is none"),
)

SCHOOL_YEARS = build_columns(
    level=("str", "level, as in `schools`"),
    year=("int64", "calendar year"),
    scope=(
        "str",
        (
            "`community`, `school` (its children: those placed in it, and those without a place of "
            "whom it is the nearest), `district` or `city`"
        ),
    ),
    area_id=("str", "community, school, district, or the city's name"),
    name=("str", "its name"),
    district=("str", "district it belongs to; empty for `city` and unknown"),
    children=(
        "float64",
        (
            "children of the level who live in a community; empty when unknown, of a district or the "
            "city as soon as one community's are, of a school when its places are"
        ),
    ),
    places=(
        "float64",
        (
            "places of open schools inside (those outside every community are in no area's); empty when "
            "any school's are unknown, and of areas where the data hold no school of the level at all"
        ),
    ),
    placed=(
        "float64",
        (
            "of the children who are known, those with a place within the walk, schools of unknown "
            "places aside"
        ),
    ),
    out_of_reach=("float64", "children without any school within the walk that is or may be open"),
    left=(
        "float64",
        "children who reach a school and get no place, even if schools of unknown places take all",
    ),
    left_possible=("float64", "the same if schools of unknown places take none"),
    free=(
        "float64",
        (
            "of those places, left over, schools of unknown places aside; empty when unknown, also where "
            "children nobody counted may take them"
        ),
    ),
    walk_mean_m=("float64", "mean walk of those placed, metres"),
    walk_p90_m=("float64", "90th percentile of their walks, metres"),
    status=("str", "`met` (all have a place), `gap`, `unknown`, or `not_applicable` (no children)"),
    settled_by=("str", "what would settle an `unknown`: table, or table and column"),
)

SHORTAGES = build_columns(
    community_id=("str", "community"),
    level=("str", "level, as in `schools`"),
    status=("str", "`gap` or `unknown`"),
    begins=("float64", "first year with children without a place"),
    ends=(
        "float64",
        "last such year; empty when it lasts to the horizon; `reason` names pauses between",
    ),
    peak_year=("float64", "year with most of them"),
    peak_children=(
        "float64",
        "how many then; where not all children of the community are known, how many at least",
    ),
    reserved_in_reach=(
        "str",
        (
            "parcels within the walk on which a school of the level is still to be built (reserved, "
            "granted, under construction), comma-separated"
        ),
    ),
    land_missing=(
        "bool",
        "whether no such parcel is in reach; false for an `unknown`, and where no places are needed",
    ),
    needed_places=(
        "float64",
        (
            "places that would end it, without children of homes connected to no mapped street, whom no "
            "school could reach; 0 where there are no others"
        ),
    ),
    needed_classes=("float64", "the same in whole classes"),
    needed_area_m2=(
        "float64",
        "land a school of so many classes takes; empty when no figure is known",
    ),
    candidates=("str", "other parcels within the walk, the most suitable first, comma-separated"),
    source_status=("str", "least certain status of the figures used"),
    reason=("str", "the shortage in one Chinese sentence"),
    reason_en=("str", "the same in English"),
)

PARCEL_FINDINGS = build_columns(
    parcel_id=("str", "parcel"),
    finding=(
        "str",
        (
            "`status`, `area`, `serves`, `duplicate`, `encroachment`, `frontage`, `hazard.…`, "
            "`timing`, `width`, `overlap` or `outside`"
        ),
    ),
    status=("str", "`met`, `gap`, `unknown` or `not_applicable`"),
    found=("float64", "what was measured"),
    needed=("float64", "what is asked for; empty where nothing is"),
    unit=("str", "unit of the two columns before"),
    year=("float64", "year it is about; empty when about none"),
    other=("str", "other parcel, school, building or hazard it is about"),
    settled_by=("str", "what would settle an `unknown`"),
    source_status=(
        "str",
        "`primary`, `secondary`, `derived` or `unverified`; empty without a figure",
    ),
    document=("str", "where the figure comes from, in Chinese"),
    document_en=("str", "the same in English"),
    reason=("str", "the finding in one Chinese sentence"),
    reason_en=("str", "the same in English"),
)

PARCEL_CHANGES = build_columns(
    earlier_id=("str", "parcel of the earlier layer; empty for `new`"),
    parcel_id=("str", "parcel of the later layer; empty for `gone`"),
    change=(
        "str",
        (
            "`same`, `shrunk`, `grown`, `moved`, `rezoned` (level or status), `gone`, `split`, "
            "`merged` or `new`"
        ),
    ),
    level=("str", "level, the earlier one where there is one"),
    area_before_m2=("float64", "m²; empty when unknown"),
    area_after_m2=("float64", "m²; empty when unknown"),
    lost_m2=(
        "float64",
        (
            "m² that are education land no more: ground no later parcel reserves that is neither re-zoned "
            "nor occupied, of a moved parcel less what it gained; by stated areas where either is a point"
        ),
    ),
    children_affected=(
        "float64",
        (
            "children without a place, or with a longer walk, for want of it, in the year in which they "
            "are most; empty when unknown"
        ),
    ),
    year=(
        "float64",
        (
            "first year in which anybody is affected, not that of the most, which the sentence names; "
            "empty when never or unknown"
        ),
    ),
    reason=("str", "the change in one Chinese sentence"),
    reason_en=("str", "the same in English"),
)

CATCHMENTS = build_columns(
    school_id=("str", "school, as in `schools`"),
    level=("str", "level, as in `schools`"),
    year=("int64", "first year it holds for, until the next year listed for the level"),
    source=("str", "`assigned` by the user's table, or `placed`: where those placed in it live"),
    children=(
        "float64",
        (
            "`assigned`: children who live in it, empty when unknown; `placed`: all children placed in the "
            "school, also those whose square is drawn for another"
        ),
    ),
)

CLUSTERS = build_columns(
    cluster_id=("str", "first community and the rule"),
    pack=("str", "rule pack"),
    rule=("str", "rule"),
    communities=("str", "members, comma-separated"),
    households=("float64", "their sum; empty when unknown"),
    threshold=("float64", "households from which on the rule applies"),
    status=("str", "verdict inside the cluster, as in `gaps`"),
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
        "scorecards": SCORECARDS,
        "rollups": ROLLUPS,
        "targets": TARGETS,
        "communities": COMMUNITIES,
        "facilities": FACILITIES,
        "entrances": ENTRANCES,
        "demand": DEMAND,
        "streets": STREETS,
        "stops": STOPS,
        "lines": LINES,
        "parcels": PARCELS,
        "parcel_findings": PARCEL_FINDINGS,
        "parcel_changes": PARCEL_CHANGES,
        "schools": SCHOOLS,
        "school_years": SCHOOL_YEARS,
        "shortages": SHORTAGES,
        "catchments": CATCHMENTS,
        "clusters": CLUSTERS,
        "notices": NOTICES,
    }
)


OPTIONAL = frozenset(
    {
        "stops",
        "lines",
        "parcels",
        "parcel_findings",
        "parcel_changes",
        "schools",
        "school_years",
        "shortages",
        "catchments",
        "clusters",
    }
)
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
