"""What an explanation is about: the community, the rule's answers, and their verdicts in the run."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from layers.standards.model import Text
from services.errors import InvalidQuery, UnknownCommunity, UnknownRuleHere
from services.explain_names import Entry, Names

AREAS = ("district", "city")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is to be explained.

    Parameters
    ----------
    manifest, names
        The run's manifest, and what things are called by it.
    pack, answers
        The pack, and the answers of the rule asked about, as the manifest has them.
    community
        One row of the communities.
    rule
        Code that was asked for.
    """

    manifest: Entry
    names: Names
    pack: Entry
    answers: Sequence[Entry]
    community: gpd.GeoDataFrame
    rule: str

    @property
    def community_id(self) -> str:
        """Code of the community."""
        return str(self.community["community_id"].iloc[0])

    @property
    def called(self) -> Text:
        """What the community is called, its code in brackets."""
        name = str(self.community["name"].iloc[0])
        code = self.community_id
        text = f"{name}（{code}）" if name else code
        return Text(text, f"{name} ({code})" if name else code)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Tables of the run, columns as in `layers.results`; None where nobody handed them in."""

    gaps: pd.DataFrame
    communities: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    targets: pd.DataFrame | None
    coverage: pd.DataFrame | None
    access: pd.DataFrame | None


def find_answers(manifest: Entry, code: str) -> tuple[Entry, list[Entry]]:
    """Return the pack and the answers a code stands for.

    Raises
    ------
    UnknownRuleHere
        No rule of the run's packs has it.
    """
    for pack in manifest["packs"]:
        answers = [
            one for one in pack["rules"] if code in {one["code"], one.get("rule", one["code"])}
        ]
        if answers:
            return pack, answers
    known = [rule for pack in manifest["packs"] for rule in pack["rules"]]
    raise UnknownRuleHere(
        code, {name for one in known for name in (one["code"], one.get("rule", one["code"]))}
    )


def find_community(communities: pd.DataFrame, asked: str) -> int:
    """Return the row of the community of that code, or of that name where no other has it.

    Raises
    ------
    UnknownCommunity
        There is none.
    InvalidQuery
        Several communities have that name.
    """
    wanted = asked.strip()
    for column in ("community_id", "name"):
        rows = (communities[column] == wanted).to_numpy(dtype=bool).nonzero()[0]
        if len(rows) == 1:
            return int(rows[0])
        if len(rows):
            codes = [str(code) for code in communities["community_id"].iloc[rows]]
            raise InvalidQuery(
                "community",
                asked,
                f"a code: {len(codes)} communities have that name ({', '.join(codes)})",
                allowed=codes,
            )
    names = {name for name in communities["name"] if name}
    raise UnknownCommunity(asked, names | set(communities["community_id"]))


def name_area(asked: Question, unit: str) -> str:
    """Return the district or city a rule is judged of; empty where it is a community."""
    if unit == "district":
        return str(asked.community["district"].iloc[0])
    return str(asked.manifest["name"]) if unit == "city" else ""


def cut_area(asked: Question, tables: Tables, unit: str, area: str) -> gpd.GeoDataFrame:
    """Return the communities a rule is judged of."""
    if unit == "city":
        return tables.communities
    if unit == "district":
        return tables.communities[(tables.communities["district"] == area).to_numpy(dtype=bool)]
    return asked.community


def find_rows(asked: Question, tables: Tables, unit: str, area: str) -> dict[str, Entry]:
    """Return the verdicts by the code of their answers, as plain values.

    Raises
    ------
    UnknownRuleHere
        The rule was not judged in this run.
    """
    codes = [str(answer["code"]) for answer in asked.answers]
    if unit in AREAS:
        table = tables.targets
        if table is None:
            raise UnknownRuleHere(asked.rule, tables.gaps["rule"].unique())
        mine = (table["level"] == unit) & ((table["area"] == area) | (unit == "city"))
    else:
        table = tables.gaps
        mine = table["community_id"] == asked.community_id
    wanted = mine & (table["pack"] == asked.pack["code"]) & table["rule"].isin(codes)
    found = table[wanted.to_numpy(dtype=bool)]
    rows = {str(row["rule"]): row for row in found.to_dict("records")}
    if not rows:
        raise UnknownRuleHere(asked.rule, table["rule"].unique())
    return {code: rows[code] for code in codes if code in rows}
