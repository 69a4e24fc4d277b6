"""The verdict and what would settle it: paragraphs of an explanation."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from layers.kinds import read_kinds
from layers.standards.model import Text, Unit
from services.explain_names import Entry, Names, name_place
from services.people import join
from services.score_sentences import say_settled, split_settled
from services.sentences.figures import write_amount
from services.standards_facts import STATUS, write_figure

VERDICT: Mapping[str, Text] = MappingProxyType(
    {
        "met": Text("达到", "met"),
        "gap": Text("缺口", "gap"),
        "unknown": Text("未知", "unknown"),
        "not_applicable": Text("不适用", "not applicable"),
    }
)


def say_verdict(row: Entry, names: Names, facilities: pd.DataFrame) -> Text:
    """Say a verdict with its reason, its figures, the nearest alternative and what it rests on."""
    verdict, status = VERDICT[row["status"]], STATUS[row["source_status"]]
    parts = [
        Text(f"{verdict.zh}。{row['reason']}", f"{verdict.en.capitalize()}. {row['reason_en']}"),
        _say_numbers(row),
        _say_alternative(row, facilities),
    ]
    if row.get("substituted_by"):
        title = names.name_code(row["substituted_by"])
        parts.append(
            Text(
                f"本规则由已达到的“{title.zh}”（{row['substituted_by']}）替代。",
                f" “{title.en}” ({row['substituted_by']}), which is met, stands in for it.",
            )
        )
    if row.get("overlaid"):
        parts.append(Text("结论用了本地取值。", " The verdict rests on local values."))
    parts.append(
        Text(
            f"所依据数值中可信程度最低的是：{status.zh}。",
            f" The least certain of the figures it rests on: {status.en}.",
        )
    )
    return join(*parts)


def _say_numbers(row: Entry) -> Text:
    """Say what was asked for and found; of areas between which bounds."""
    needed, found, unit = row["needed"], row["found"], row["unit"]
    if not np.isfinite(needed) or not np.isfinite(found):
        return Text("", "")
    asked, seen = write_figure(needed, unit), write_amount(found, unit)
    zh, en = f"要求{asked.zh}，测得{seen.zh}", f" Asked for {asked.en}, found {seen.en}"
    if unit == "groups" and row["status"] == "gap":  # those the data lack altogether are counted
        zh, en = f"要求{asked.zh}，最多{seen.zh}", f" Asked for {asked.en}, at most {seen.en}"
    most, missing = row.get("possible", np.nan), row.get("shortfall", np.nan)
    if np.isfinite(most) and most > found:
        bound = write_amount(most, unit)
        zh, en = f"{zh}至{bound.zh}", f"{en} to {bound.en}"
    elif row["status"] == "gap" and np.isfinite(missing) and missing > 0:
        lacking = _write_shortfall(missing, unit)
        zh, en = f"{zh}，差{lacking.zh}", f"{en}, short by {lacking.en}"
    affected = row.get("households_affected", np.nan)
    if row["status"] == "gap" and np.isfinite(affected):
        people = write_amount(round(affected), "households")
        zh, en = f"{zh}，涉及{people.zh}", f"{en}, for {people.en}"
    return Text(f"{zh}。", f"{en}.")


def _write_shortfall(missing: float, unit: Unit) -> Text:
    """Return what is missing; of a share in percentage points."""
    if unit != "share":
        return write_amount(missing, unit)
    points = f"{missing * 100.0:.1f}".removesuffix(".0")
    return Text(f"{points}个百分点", f"{points} percentage points")


def _say_alternative(row: Entry, facilities: pd.DataFrame) -> Text:
    code = str(row.get("nearest_facility_id") or "")
    if not code:
        return Text("", "")
    names = facilities.loc[(facilities["facility_id"] == code).to_numpy(dtype=bool), "name"]
    place = name_place(names.iloc[0] if len(names) else "", code)
    walk_m = row["nearest_m"]
    zh, en = (
        f"够不着的住户，最近的可选设施是{place}（{code}）",
        f" For those left out the nearest is {place} ({code})",
    )
    if np.isfinite(walk_m):
        zh, en = f"{zh}，步行中位数{walk_m:,.0f}米", f"{en}, a median walk of {walk_m:,.0f} m"
    return Text(f"{zh}。", f"{en}.")


def say_settling(row: Entry) -> Text:
    """Say what would settle an open verdict; empty where none is open."""
    entries = split_settled(str(row.get("settled_by") or ""))
    if row["status"] != "unknown" or not entries:
        return Text("", "")
    kinds = read_kinds()

    def name(code: str) -> Text:
        kind = kinds.get(code)
        return Text(kind.name_zh, kind.name_en) if kind else Text(code, code)

    settled = say_settled(entries, name)
    return Text(f"补充{settled.zh}后即可判定。", f"This would settle it: {settled.en}.")
