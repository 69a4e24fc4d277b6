"""One verdict, explained in full sentences: what is asked, what was found, and from which data."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from layers.errors import NotARun
from layers.standards.model import Text
from layers.store import find_run_folder, read_manifest
from services.explain_applies import say_applies
from services.explain_asks import say_asks
from services.explain_found import (
    say_attributes,
    say_facilities,
    say_homes,
    say_nearest,
    say_travel,
)
from services.explain_inputs import say_inputs
from services.explain_names import Entry, Names
from services.explain_question import (
    Question,
    Tables,
    cut_area,
    find_answers,
    find_community,
    find_rows,
    name_area,
)
from services.explain_source import say_source
from services.explain_verdict import say_settling, say_verdict
from services.explanation import Explanation, Paragraph, write_paragraph
from services.people import join

__all__ = ["Explanation", "Paragraph", "explain_verdict", "read_explanation"]


def read_explanation(out: Path, community: str, rule: str) -> Explanation:
    """Explain a verdict of a run in a folder; only the tables it needs are read.

    Parameters
    ----------
    out
        Run folder.
    community, rule
        As in `explain_verdict`.

    Raises
    ------
    NotARun
        There is no complete run in the folder, or a table of it cannot be read.
    UnknownCommunity, UnknownRuleHere, InvalidQuery
        As `explain_verdict`.
    """
    manifest = read_manifest(out)
    place = find_run_folder(out)
    try:
        spatial = {
            name: gpd.read_parquet(place / f"{name}.parquet")
            for name in ("communities", "facilities")
        }
        plain = {
            name: pd.read_parquet(place / f"{name}.parquet")
            for name in ("gaps", "targets", "coverage", "access")
        }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, pa.ArrowException) as error:
        raise NotARun(f"{out} is damaged ({error}): run again into the folder") from error
    return explain_verdict(
        manifest,
        plain["gaps"],
        spatial["communities"],
        spatial["facilities"],
        community,
        rule,
        targets=plain["targets"],
        coverage=plain["coverage"],
        access=plain["access"],
    )


def explain_verdict(
    manifest: Entry,
    gaps: pd.DataFrame,
    communities: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    community: str,
    rule: str,
    *,
    targets: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    access: pd.DataFrame | None = None,
) -> Explanation:
    """Explain the verdict of a community by a rule.

    Parameters
    ----------
    manifest
        The run's manifest.
    gaps, communities, facilities, targets, coverage, access
        The run's tables, columns as in `layers.results`. Without `targets` rules of districts and
        the city cannot be explained; without `coverage` and `access` less is said of homes.
    community
        Code of a community, or its name where no other has it. A rule judged of a district or the
        city is explained for the one it lies in.
    rule
        Code of a rule, or of one of its answers.

    Raises
    ------
    UnknownCommunity
        No community of that code or name.
    InvalidQuery
        Several communities have that name.
    UnknownRuleHere
        No rule of that code was judged in the run.
    """
    pack, answers = find_answers(manifest, rule)
    at = find_community(communities, community)
    own = communities.iloc[[at]]
    asked = Question(manifest, Names(manifest), pack, answers, own, rule)
    tables = Tables(gaps, communities, facilities, targets, coverage, access)
    unit = str(answers[0].get("unit", "community"))
    return _explain(asked, tables, unit)


def _explain(asked: Question, tables: Tables, unit: str) -> Explanation:
    area = name_area(asked, unit)
    inside = cut_area(asked, tables, unit, area)
    rows = find_rows(asked, tables, unit, area)
    title = asked.names.name_code(asked.rule)
    whom = Text(area, area) if area else asked.called
    paragraphs = [
        write_paragraph(
            "asks", "", say_asks(_pick_fullest(asked.answers), asked.pack, asked.names)
        ),
        write_paragraph("source", "", say_source(asked.answers, asked.pack, asked.names)),
        write_paragraph("applies", "", say_applies(asked, unit, area, inside)),
        *_explain_answers(asked, tables, inside, rows, whom),
        write_paragraph(
            "data",
            "",
            say_inputs(
                asked.manifest,
                asked.answers,
                overlaid=any(bool(row.get("overlaid")) for row in rows.values()),
            ),
        ),
    ]
    return Explanation(
        community_id=asked.community_id,
        name=str(asked.community["name"].iloc[0]),
        area=area,
        pack=str(asked.pack["code"]),
        rule=asked.rule,
        title=Text(f"{whom.zh}：{title.zh}", f"{whom.en}: {title.en}"),
        statuses={code: str(row["status"]) for code, row in rows.items()},
        paragraphs=tuple(one for one in paragraphs if one.text.zh),
    )


def _pick_fullest(answers: Sequence[Entry]) -> Entry:
    """Return the answer that rests on most figures: it says most about the rule."""
    return max(answers, key=lambda answer: len(answer["values"]))


def _explain_answers(
    asked: Question,
    tables: Tables,
    inside: gpd.GeoDataFrame,
    rows: Mapping[str, Entry],
    whom: Text,
) -> Iterator[Paragraph]:
    """What was looked at, the verdict, and what would settle it: for every answer."""
    names, several = asked.names, len(rows) > 1
    looked = _pick_fullest(asked.answers)
    yield write_paragraph(
        "found",
        "",
        join(
            say_facilities(looked, names, inside, tables.facilities, called=whom),
            say_attributes(looked, names, inside),
            say_travel(looked, asked.manifest, names),
            say_homes(tables.coverage, str(looked["kind"]), asked.community_id)
            if looked.get("mode")
            else Text("", ""),
            say_nearest(tables.access, looked, names, tables.facilities, asked.community_id),
        ),
    )
    for answer in asked.answers:
        row = rows.get(str(answer["code"]))
        if row is None:
            continue
        of = _name_answer(answer) if several else None
        yield write_paragraph(
            "verdict", str(answer["code"]), say_verdict(row, names, tables.facilities), of
        )
        yield write_paragraph("settled", str(answer["code"]), say_settling(row), of)


def _name_answer(answer: Entry) -> Text:
    """Return what an answer adds to its rule's title."""
    return Text(
        str(answer["title_zh"]).removeprefix(str(answer.get("rule_title_zh", ""))),
        str(answer["title_en"]).removeprefix(str(answer.get("rule_title_en", ""))),
    )
