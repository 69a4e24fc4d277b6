"""Which data a verdict rests on: the last paragraph of an explanation."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from layers.standards.model import Text
from services.explain_names import Entry

_ROLES: Mapping[str, Text] = MappingProxyType(
    {
        "osm": Text("OSM地图", "OSM map"),
        "gtfs": Text("公交时刻表", "timetable"),
        "communities": Text("社区表", "communities table"),
        "demand": Text("小区（住宅）表", "table of homes"),
        "facilities": Text("设施表", "facilities table"),
        "overlay": Text("本地取值", "local values"),
    }
)
_DIGEST = 12


def say_inputs(manifest: Entry, answers: Sequence[Entry], *, overlaid: bool) -> Text:
    """Say which files a verdict rests on, with their digests, and when the run was made."""
    roles = set(_list_roles(answers, overlaid=overlaid))
    files = [one for one in manifest["inputs"] if one["role"] in roles]
    stamp = manifest.get("osm_timestamp") or ""
    zh, en = [], []
    for one in files:
        role = _ROLES[one["role"]]
        digest = str(one["sha256"])[:_DIGEST]
        until = one["role"] == "osm" and stamp
        zh.append(
            f"{role.zh}{one['path']}（SHA-256 {digest}…{f'，地图数据截至{stamp}' if until else ''}）"
        )
        en.append(
            f"{role.en} {one['path']} (SHA-256 {digest}…{f', map as of {stamp}' if until else ''})"
        )
    made = f"lifecircle {manifest.get('version', '')}".strip()
    day = str(manifest.get("created", ""))[:19]
    invented = manifest.get("synthetic")
    return Text(
        f"{'以下均为合成数据，并非真实城市。' if invented else ''}所依据的输入：{'；'.join(zh)}。"
        f"由{made}于{day}计算（世界时）。",
        f"{'All of this is synthetic, no real city. ' if invented else ''}Inputs it rests on: "
        f"{'; '.join(en)}. Computed by {made} on {day} (UTC).",
    )


def _list_roles(answers: Sequence[Entry], *, overlaid: bool) -> Iterable[str]:
    yield "communities"
    if overlaid:
        yield "overlay"
    if any(answer.get("kinds") or answer["kind"] for answer in answers):
        yield from ("osm", "facilities")
    if any(answer.get("mode") for answer in answers):
        yield from ("osm", "demand")
    if any(answer.get("mode") == "walk_transit" for answer in answers):
        yield "gtfs"
    if any(answer.get("test") == "communities_share" for answer in answers):
        yield from _ROLES
