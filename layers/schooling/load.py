"""Read the figures schools and their land are judged by, strictly: mistakes carry file and line."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import yaml

from layers.errors import InvalidConfig
from layers.schooling.model import (
    LEVELS,
    Hazard,
    LandStandard,
    Level,
    LevelCode,
    Parameters,
    Remark,
    SiteRules,
)
from layers.standards.figures import read_documents, read_source, read_value
from layers.standards.model import Document, Unit, Value
from layers.standards.yaml_tree import (
    Entry,
    echo,
    name_choices,
    read_file,
    read_optional,
    read_tree,
)
from layers.tag_rules import RuleIndex, build_condition

PARAMETERS_FILE = "parameters.yaml"
HAZARDS_FILE = "hazards.yaml"
_SECTIONS = (
    "documents",
    "levels",
    "combined",
    "land",
    "min_width_m",
    "site",
    "in_step",
    "layout_plan",
)
_LEVEL_KEYS = ("title", "first_age", "years", "class_size", "limit")
_GEOMETRIES = ("line", "point", "any")
_MOST_YEARS = 25
_Documents = Mapping[str, Document]


@cache
def read_parameters(parameters: Path | None = None, hazards: Path | None = None) -> Parameters:
    """Read levels, land and hazards.

    Parameters
    ----------
    parameters, hazards
        Files in place of those that travel with the package.

    Raises
    ------
    InvalidPack
        A file cannot be read or says something impossible; with file and line.
    """
    return build_parameters(
        _read_text(parameters, PARAMETERS_FILE),
        _read_text(hazards, HAZARDS_FILE),
        str(parameters or PARAMETERS_FILE),
        str(hazards or HAZARDS_FILE),
    )


def read_figures() -> Mapping[str, str]:
    """Texts of the files that travel with the package, by name."""
    return {name: _read_text(None, name) for name in (PARAMETERS_FILE, HAZARDS_FILE)}


def _read_text(path: Path | None, name: str) -> str:
    if path is not None:
        return read_file(path, "the file of figures")
    return files("layers.schooling").joinpath(name).read_text(encoding="utf-8")


def build_parameters(
    parameters: str,
    hazards: str,
    parameters_file: str = PARAMETERS_FILE,
    hazards_file: str = HAZARDS_FILE,
) -> Parameters:
    """Build the figures from YAML texts; the file names are for messages.

    Raises
    ------
    InvalidPack
        Something is missing, unknown, of the wrong unit or said twice; with file and line.
    """
    head = read_tree(parameters, parameters_file, "figures of schools").keys(
        parameters_file, _SECTIONS
    )
    documents = read_documents(head["documents"])
    return Parameters(
        levels=_read_levels(head["levels"], documents),
        combined=_read_combined(head["combined"], documents),
        land=_read_land(head["land"], documents),
        min_width_m=_read_widths(head["min_width_m"], documents),
        hazards=_read_hazards(hazards, hazards_file),
        site=_read_site(head["site"], documents),
        in_step=_read_remark(head["in_step"], "in_step", documents),
        layout_plan=_read_remark(head["layout_plan"], "layout_plan", documents),
    )


def _read_levels(entry: Entry, documents: _Documents) -> Mapping[LevelCode, Level]:
    found = entry.keys("levels", LEVELS)
    return MappingProxyType({code: _read_level(code, found[code], documents) for code in LEVELS})


def _read_level(code: LevelCode, entry: Entry, documents: _Documents) -> Level:
    what = f"level {code}"
    head = entry.keys(what, _LEVEL_KEYS)
    return Level(
        code=code,
        title=head["title"].both(f"title of {what}"),
        first_age=_read_years(head["first_age"], f"first_age of {what}", least=0),
        years=_read_years(head["years"], f"years of {what}", least=1),
        class_size=read_value(head["class_size"], "class_size", what, ("places",), documents),
        limit=read_value(head["limit"], "limit", what, ("min", "m"), documents),
    )


def _read_years(entry: Entry, what: str, *, least: int) -> int:
    number = entry.number(what)
    if not number.is_integer() or not least <= number <= _MOST_YEARS:
        raise entry.fail(f"{what} is {number:g}; it must be a whole number of years")
    return int(number)


def _name_level(entry: Entry, what: str) -> LevelCode:
    return cast("LevelCode", entry.choice(what, LEVELS))


def _read_combined(entry: Entry, documents: _Documents) -> Mapping[str, Mapping[LevelCode, Value]]:
    return MappingProxyType(
        {
            code: _read_parts(code, part, documents)
            for code, part in entry.mapping("combined").items()
        }
    )


def _read_parts(code: str, entry: Entry, documents: _Documents) -> Mapping[LevelCode, Value]:
    what = f"school '{echo(code)}'"
    if code in LEVELS:
        raise entry.key.fail(f"{what} is a level itself; name schools that teach several here")
    head = entry.keys(what, ("parts", "source"))
    source = read_source(head["source"], what, documents)
    parts: dict[LevelCode, float] = {}
    for name, part in head["parts"].mapping(f"parts of {what}").items():
        if name not in LEVELS:
            raise part.key.fail(
                f"unknown level '{echo(name)}' in {what}; known are {name_choices(name, LEVELS)}"
            )
        parts[name] = _read_part(part, f"part {name} of {what}")
    if len(parts) < 2:
        raise head["parts"].fail(f"{what} must teach at least two levels")
    whole = sum(parts.values())
    return MappingProxyType(
        {level: Value(parts[level] / whole, "share", source) for level in LEVELS if level in parts}
    )


def _read_part(entry: Entry, what: str) -> float:
    number = entry.number(what)
    if number == 0:
        raise entry.fail(f"{what} is 0; leave the level out, or give its parts")
    return number


def _read_land(entry: Entry, documents: _Documents) -> tuple[LandStandard, ...]:
    found: dict[tuple[LevelCode, float | None], LandStandard] = {}
    for item in entry.items("land"):
        head = item.keys("a land standard", ("level", "area_m2"), ("classes",))
        level = _name_level(head["level"], "level of a land standard")
        classes = read_optional(head, "classes", _read_classes, None)
        what = f"land of {level}" + ("" if classes is None else f" of {classes:g} classes")
        if (level, classes) in found:
            raise item.fail(f"{what} stands twice; keep one of them")
        area = read_value(head["area_m2"], "area_m2", what, ("m2",), documents)
        found[level, classes] = LandStandard(level, classes, area)
    return tuple(found.values())


def _read_classes(entry: Entry) -> float:
    return _read_part(entry, "classes of a land standard")


def _read_widths(entry: Entry, documents: _Documents) -> Mapping[LevelCode, Value]:
    found = entry.keys("min_width_m", (), LEVELS)
    return MappingProxyType(
        {
            level: read_value(found[level], "min_width_m", level, ("m",), documents)
            for level in LEVELS
            if level in found
        }
    )


def _read_site(entry: Entry, documents: _Documents) -> SiteRules:
    names = tuple(one.name for one in fields(SiteRules))
    found = entry.keys("site", names)
    units: dict[str, Unit] = {name: "m" if name.endswith("_m") else "share" for name in names}
    return SiteRules(
        **{name: read_value(found[name], name, "site", (units[name],), documents) for name in names}
    )


def _read_remark(entry: Entry, what: str, documents: _Documents) -> Remark:
    head = entry.keys(what, ("text", "source"))
    return Remark(
        head["text"].both(f"text of {what}"), read_source(head["source"], what, documents)
    )


def _read_hazards(text: str, file: str) -> tuple[Hazard, ...]:
    head = read_tree(text, file, "hazards").keys(file, ("documents", "hazards"))
    documents = read_documents(head["documents"])
    found: dict[str, Hazard] = {}
    for item in head["hazards"].items("hazards"):
        hazard = _read_hazard(item, documents)
        if hazard.code in found:
            raise item.fail(f"hazard {hazard.code} stands twice; keep one of them")
        found[hazard.code] = hazard
    return tuple(found.values())


def _read_hazard(entry: Entry, documents: _Documents) -> Hazard:
    head = entry.keys("a hazard", ("code", "title", "geometry", "tags", "source"), ("distance_m",))
    code = head["code"].code("code of a hazard")
    what = f"hazard {code}"
    geometry: Any = head["geometry"].choice(f"geometry of {what}", _GEOMETRIES)
    return Hazard(
        code=code,
        title=head["title"].both(f"title of {what}"),
        tags=tuple(_read_tags(part, what) for part in head["tags"].items(f"tags of {what}")),
        geometry=geometry,
        distance_m=read_optional(
            head,
            "distance_m",
            lambda part: read_value(part, "distance_m", what, ("m",), documents),
            None,
        ),
        source=read_source(head["source"], what, documents),
    )


def _read_tags(entry: Entry, what: str) -> Mapping[str, object]:
    entry.mapping(f"tags of {what}")
    spec = yaml.safe_load(yaml.serialize(entry.node))
    try:
        RuleIndex([(code, build_condition(spec, where=what)) for code in (what,)], where=what)
    except (InvalidConfig, ValueError) as problem:
        raise entry.fail(str(problem)) from problem
    return MappingProxyType(spec)


def list_parts(level: str, parameters: Parameters) -> Mapping[LevelCode, float]:
    """Return the levels a school or parcel of this level teaches, with their share of its classes.

    Empty for `school` (any level) and for levels nobody knows.

    >>> dict(list_parts("nine_year_school", read_parameters()))["primary_school"]
    0.6666666666666666
    """
    if level in parameters.levels:
        return {cast("LevelCode", level): 1.0}
    return {code: part.value for code, part in parameters.combined.get(level, {}).items()}
