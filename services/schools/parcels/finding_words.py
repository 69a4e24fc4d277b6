"""What findings about parcels, and reasons to leave a parcel out of account, are called."""

from collections.abc import Mapping

from layers.schooling.model import Parameters
from layers.standards.model import Text

FINDINGS: Mapping[str, Text] = {
    "status": Text("用地状态", "state of the land"),
    "area": Text("用地面积", "area"),
    "serves": Text("新增服务的儿童", "children it serves"),
    "duplicate": Text("与现有学校重复", "overlap with schools there are"),
    "timing": Text("与住宅是否同步", "in step with the housing"),
    "encroachment": Text("地上占用", "what stands on it"),
    "frontage": Text("临街出入", "frontage on a street"),
    "width": Text("地块宽度", "width"),
    "overlap": Text("与其他地块重叠", "overlap with other parcels"),
    "outside": Text("超出社区范围的比例", "share outside the communities"),
}
WHYS: Mapping[str, Text] = {
    "late": Text("开办晚于缺口出现", "opens after the shortage begins"),
    "unsure": Text("状态、学段或开办年份不明", "its state, level or year of opening is open"),
    "rezoned": Text("已调整用途", "re-zoned"),
    "occupied": Text("被占用", "occupied"),
    "other_level": Text("规划为其他学段", "planned for another level"),
}
_TOO_SMALL = Text("面积不足", "too small")
_HAZARD = "hazard."


def name_finding(code: str, parameters: Parameters) -> Text:
    """Return what a finding is about, as `layers.results.PARCEL_FINDINGS` codes it."""
    if code.startswith(_HAZARD):
        for hazard in parameters.hazards:
            if hazard.code == code.removeprefix(_HAZARD):
                return Text(f"与{hazard.title.zh}的距离", f"distance to {hazard.title.en}")
    return FINDINGS.get(code, Text(code, code))


def name_why(code: str) -> Text:
    """Return why a parcel is not counted on, as `services.schools.land.WHYS` codes it."""
    return WHYS.get(code, Text(code, code))


def mark_candidate(parcel_id: str, why: str, *, enough: bool | None) -> Text:
    """Return a parcel that could be looked at, with what stands against it.

    >>> mark_candidate("JY-12", "occupied", enough=False).zh
    'JY-12（被占用、面积不足）'
    """
    marks = say_marks(why, enough=enough)
    return Text(f"{parcel_id}（{marks.zh}）", f"{parcel_id} ({marks.en})")


def say_marks(why: str, *, enough: bool | None) -> Text:
    """Return what stands against a parcel: why it is not counted on, and that it is too small."""
    marks = [name_why(why), *([_TOO_SMALL] if enough is False else [])]
    return Text("、".join(mark.zh for mark in marks), ", ".join(mark.en for mark in marks))
