"""What a parcel does for children: whom it serves, who is served already, and whether it comes in time."""

import math

from layers.schooling.model import Remark, SiteRules
from layers.standards.model import Source, Text, Value
from services.people import join, write_share
from services.schools.parcels.model import LOST, Finding, Plot, Service
from services.schools.parcels.words import write_children
from services.schools.settlers import name_settler
from services.score_sentences import split_settled
from services.sentences.figures import write_needed, write_number

_TINY = 1e-3
"""Children fewer than this are none."""
_OWN = {
    "parcels.opening_year": Text("计划开办年份", "the planned opening year"),
    "parcels.planned_classes": Text("规划班数", "the planned classes"),
    "parcels.level": Text("学段", "the level"),
    "parcels.geometry": Text("地块位置或步行通道", "a place on a walkable street"),
    "parcels.status": Text("地块状态", "the parcel's status"),
}
"""What may be missing of the parcel a finding is about; all else goes by its name."""
_NOBODY = Service(settled_by="children")


def find_serves(plot: Plot, service: Service | None) -> Finding:
    """Children who get a place, or a nearer one, by the parcel."""
    one = service or _NOBODY
    if math.isnan(one.served):
        return _say_open("serves", "children", one)
    year, lost = _name_year(one.year), plot.status in LOST
    reach, served = write_children(one.in_reach), write_children(one.served)
    need = _say_need(one)
    homes = (
        Text("", "")
        if math.isnan(one.households)
        else Text(
            f"、{write_number(round(one.households))}户",
            f" and {write_number(round(one.households))} households",
        )
    )
    if one.in_reach < _TINY:
        text = Text(
            f"{year.zh}步行范围内没有本学段的儿童。",
            f"No child of its level lives within the walk{year.en}.",
        )
    elif lost:
        text = Text(
            f"步行范围内有{reach.zh}{homes.zh}；若恢复为教育用地并建校，{year.zh}可接收{served.zh}{need.zh}。",
            f"{reach.en}{homes.en} live within the walk; were a school built after all, it would take "
            f"{served.en}{year.en}{need.en}.",
        )
    else:
        text = Text(
            f"步行范围内有{reach.zh}{homes.zh}；{year.zh}接收{served.zh}{need.zh}。",
            f"{reach.en}{homes.en} live within the walk; it takes {served.en}{year.en}{need.en}.",
        )
    return Finding(
        "serves",
        "gap" if one.served < _TINY or (lost and one.without >= _TINY) else "met",
        text,
        found=one.served,
        unit="children",
        year=one.year,
    )


def _say_need(one: Service) -> Text:
    """How many children have no place without the parcel, and when."""
    if one.without < _TINY:
        return Text("，没有它他们也都有学位", "; without it all of them have a place elsewhere")
    some = write_children(one.without)
    if one.felt_year == one.year or math.isnan(one.felt_year):
        return Text(
            f"，其中{some.zh}没有它就没有学位", f"; {some.en} would have no place without it"
        )
    return Text(
        f"；{one.felt_year:.0f}年有{some.zh}没有它就没有学位",
        f"; in {one.felt_year:.0f} {some.en} would have no place without it",
    )


def find_duplicate(service: Service | None, rules: SiteRules) -> Finding:
    """Share of the children in reach who have a place without the parcel."""
    one = service or _NOBODY
    if math.isnan(one.placed):
        return _say_open("duplicate", "share", one)
    if one.in_reach < _TINY:
        return Finding(
            "duplicate",
            "not_applicable",
            Text("步行范围内没有本学段的儿童。", "No child of its level lives within the walk."),
            unit="share",
            year=one.year,
        )
    share = min(one.placed / one.in_reach, 1.0)
    limit = rules.served_share
    double = share > limit.value and one.without < _TINY
    return Finding(
        "duplicate",
        "gap" if double else "met",
        join(
            _say_placed(one, share, _name_year(one.year)),
            _judge_double(one, limit, double=double),
        ),
        found=share,
        needed=limit.value,
        unit="share",
        year=one.year,
        other=one.school_id,
        source=limit.source,
    )


def _say_placed(one: Service, share: float, year: Text) -> Text:
    """How many of the children in reach have a place without the parcel."""
    if one.placed < _TINY:
        return Text(
            f"{year.zh}没有它，步行范围内的儿童都没有学位",
            f"Without it no child in reach has a place{year.en}",
        )
    at = (
        Text(f"（多数在{one.school.zh}）", f" (most at {one.school.en})")
        if one.school.zh
        else Text("", "")
    )
    if share == 1.0:
        return Text(
            f"{year.zh}即使没有它，步行范围内的儿童也都有学位{at.zh}",
            f"Even without it all children in reach have a place{year.en}{at.en}",
        )
    return Text(
        f"{year.zh}即使没有它，步行范围内也有{write_share(share)}的儿童有学位{at.zh}",
        f"Even without it {write_share(share)} of the children in reach have a place"
        f"{year.en}{at.en}",
    )


def _judge_double(one: Service, limit: Value, *, double: bool) -> Text:
    needed = write_needed(limit)
    if double:
        return Text(
            f"，超过{needed.zh}，又没有儿童要靠它才有学位，属重复设置。",
            f", more than {needed.en}, and nobody needs it for a place: it duplicates others.",
        )
    if one.without >= _TINY:
        some = write_children(one.without)
        need = "needs" if round(one.without) == 1 else "need"
        when = Text("", "") if one.felt_year == one.year else _name_year(one.felt_year)
        return Text(
            f"；{when.zh}有{some.zh}要靠它才有学位，不算重复。",
            f"; {some.en} {need} it for a place{when.en}, so it duplicates nothing.",
        )
    return Text(f"，不超过{needed.zh}，不算重复。", f", no more than {needed.en}: no duplicate.")


def find_timing(plot: Plot, service: Service | None, in_step: Remark) -> Finding:
    """Opening year against the first housing in reach, as the regulation wants them in step."""
    one = service or Service(settled_by="housing")
    if plot.status in LOST:
        return Finding(
            "timing",
            "not_applicable",
            Text(
                "不再建学校，无开办时间可比。",
                "No school will be built, so there is no opening to compare.",
            ),
            unit="year",
        )
    if not one.homes_known:
        settled = one.settled_by if one.settled_by == "parcels.geometry" else "housing"
        return _say_open("timing", "year", Service(settled_by=settled), in_step.source)
    if math.isnan(one.homes_year):
        return Finding(
            "timing",
            "not_applicable",
            Text("步行范围内没有将要交付的住宅。", "No housing to come lies within the walk."),
            found=plot.opening_year,
            unit="year",
        )
    if math.isnan(plot.opening_year):
        if plot.status == "open":
            return Finding(
                "timing",
                "met",
                Text("学校已建成。", "The school is open."),
                needed=one.homes_year,
                unit="year",
                other=one.homes,
                source=in_step.source,
            )
        asked = Service(settled_by="parcels.opening_year")
        return _say_open("timing", "year", asked, in_step.source, needed=one.homes_year)
    late = plot.opening_year - one.homes_year
    homes = _say_homes(one)
    head = Text(
        f"步行范围内新建住宅最早{one.homes_year:.0f}年交付{homes.zh}，学校计划{plot.opening_year:.0f}年开办",
        f"The first housing to come in reach is delivered in {one.homes_year:.0f}{homes.en}; "
        f"the school is to open in {plot.opening_year:.0f}",
    )
    tail = (
        Text(
            f"，比住宅晚{late:.0f}年，未与住宅同步。",
            f", {late:.0f} {'year' if late == 1 else 'years'} late: not in step.",
        )
        if late > 0
        else Text("，不晚于住宅。", ", not after the housing.")
    )
    return Finding(
        "timing",
        "gap" if late > 0 else "met",
        Text(head.zh + tail.zh, head.en + tail.en),
        found=plot.opening_year,
        needed=one.homes_year,
        unit="year",
        year=plot.opening_year,
        other=one.homes,
        source=in_step.source,
    )


def _say_homes(one: Service) -> Text:
    """The first housing to come, in brackets: its names, and its households where they are known."""
    parts = [Text(one.homes, one.homes)] if one.homes else []
    if not math.isnan(one.homes_households):
        figure = write_number(round(one.homes_households))
        parts.append(
            Text(f"{figure}户", f"{figure} {'household' if figure == '1' else 'households'}")
        )
    if not parts:
        return Text("", "")
    return Text(
        f"（{'，'.join(part.zh for part in parts)}）", f" ({', '.join(part.en for part in parts)})"
    )


def _name_year(year: float) -> Text:
    return Text("", "") if math.isnan(year) else Text(f"{year:.0f}年", f" in {year:.0f}")


def _say_open(
    finding: str,
    unit: str,
    one: Service,
    source: Source | None = None,
    *,
    needed: float = math.nan,
) -> Finding:
    asked = [_OWN.get(code) or name_settler(code) for code in split_settled(one.settled_by)]
    return Finding(
        finding,
        "unknown",
        Text(
            f"缺少{'、'.join(text.zh for text in asked)}，无法判断。",
            f"Cannot be told without {', '.join(text.en for text in asked)}.",
        ),
        needed=needed,
        unit=unit,
        year=one.year,
        settled_by=one.settled_by,
        source=source,
    )
