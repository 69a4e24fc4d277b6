"""Changes of parcels for readers: JSON-ready values, and a file of one's own choice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.results import PARCEL_CHANGES
from layers.schooling.model import Parameters
from layers.standards.model import Text
from services.chosen_file import build_csv, check_ending, replace_file
from services.schools.parcel_changes import CHANGES
from services.schools.parcels.words import name_level
from services.sentences.figures import STATUS_WORDS
from services.workbook import Sheet, build_workbook

CHANGE_WORDS = {
    "gone": Text("消失", "gone"),
    "rezoned": Text("调整用途或学段", "use or level changed"),
    "shrunk": Text("缩小", "shrunk"),
    "moved": Text("移位", "moved"),
    "split": Text("拆分", "split"),
    "merged": Text("合并", "merged"),
    "grown": Text("扩大", "grown"),
    "new": Text("新增", "new"),
    "same": Text("不变", "the same"),
}
ENDINGS = (".xlsx", ".csv", ".geojson")
"""Formats changes can be written in."""
_HEADS = {
    "earlier_id": "原地块编号",
    "parcel_id": "现地块编号",
    "change": "变化",
    "level": "学段",
    "area_before_m2": "原面积（㎡）",
    "area_after_m2": "现面积（㎡）",
    "lost_m2": "减少面积（㎡）",
    "children_affected": "受影响儿童",
    "year": "起始年份",
    "reason": "说明",
    "reason_en": "reason",
}


def count_changes(changes: pd.DataFrame) -> dict[str, int]:
    """Rows per change, the gravest first; those there are none of left out."""
    counts = Counter(changes["change"].tolist())
    return {change: counts[change] for change in CHANGES if counts[change]}


def describe_changes(changes: gpd.GeoDataFrame, parameters: Parameters) -> dict[str, Any]:
    """Return changes as JSON-ready values, with the remark on the layout plan."""
    remark = parameters.layout_plan
    return {
        "counts": count_changes(changes),
        "lost_m2": round(float(changes["lost_m2"].sum()), 1),
        "changes": [
            {name: _plain(value) for name, value in row.items()}
            for row in changes[list(PARCEL_CHANGES)].to_dict("records")
        ],
        "remark": {
            "zh": remark.text.zh,
            "en": remark.text.en,
            "document": remark.source.document.title.zh,
            "document_en": remark.source.document.title.en,
            "source_status": remark.source.status,
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    return value


def write_changes(changes: gpd.GeoDataFrame, path: Path, parameters: Parameters) -> None:
    """Write changes to a workbook, a CSV file or GeoJSON (with the lost ground).

    Raises
    ------
    InvalidQuery
        The name ends in nothing known.
    CannotWrite
        The file cannot be written.
    """
    check_ending(path, ENDINGS)
    match path.suffix.lower():
        case ".geojson":
            content = (_build_geojson(changes) + "\n").encode()
        case ".csv":
            content = build_csv(_translate(changes, parameters))
        case _:
            content = build_workbook(_build_sheets(changes, parameters))
    replace_file(path, content)


def _build_geojson(changes: gpd.GeoDataFrame) -> str:
    """GeoJSON, WGS 84; changes without ground to show have no geometry."""
    collection = json.loads(changes.to_json(drop_id=True))
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def _translate(changes: gpd.GeoDataFrame, parameters: Parameters) -> pd.DataFrame:
    """Put codes in a planner's words."""
    table = pd.DataFrame(changes[list(PARCEL_CHANGES)])
    table["change"] = table["change"].map({code: word.zh for code, word in CHANGE_WORDS.items()})
    table["level"] = [name_level(level, parameters).zh for level in table["level"]]
    return table.rename(columns=_HEADS)


def _build_sheets(changes: gpd.GeoDataFrame, parameters: Parameters) -> list[Sheet]:
    remark = parameters.layout_plan
    title, status = remark.source.document.title.zh, STATUS_WORDS[remark.source.status].zh
    summary = pd.DataFrame(
        [
            *(
                {"项目": CHANGE_WORDS[change].zh, "说明": str(count)}
                for change, count in count_changes(changes).items()
            ),
            {"项目": "减少教育用地（㎡）", "说明": f"{changes['lost_m2'].sum():,.0f}"},
            {"项目": "提示", "说明": remark.text.zh},
            {"项目": "依据", "说明": f"{title}（{status}）" if status else title},
        ]
    )
    return [Sheet("变化", _translate(changes, parameters)), Sheet("汇总", summary)]
