"""Every command, option, route, setting and result column is documented, and in both languages.

`layers/COLUMNS.md` is written from `layers.results`: `make docs` renews it.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layers.attributes import read_attributes
from layers.config import RunSettings, read_config
from layers.limits import Limits
from layers.results import TABLES
from layers.schooling.settings import SchoolSettings
from layers.transit.settings import TransitSettings
from services.settings import ServiceSettings

READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CONTRIBUTING.md", "CHANGELOG.md", "DECISIONS.md", "layers/COLUMNS.md")
CHINESE_TABLES = ("coverage", "gaps")


def build_columns_page() -> str:
    lines = [
        "# Columns of every table",
        "",
        "Written from `layers/results.py` by `make docs`. Spatial tables also have `geometry`, WGS 84.",
        "An empty number is unknown, never 0.",
    ]
    for table, columns in TABLES.items():
        lines += [
            "",
            f"## {table}.parquet",
            "",
            "| column | type | meaning |",
            "| --- | --- | --- |",
        ]
        lines += [f"| `{name}` | {col.dtype} | {col.meaning} |" for name, col in columns.items()]
        if table == "communities":
            lines += list_attributes()
        if table == "facilities":
            lines.append(
                "| `places_<level>` | float64 | places of that level (`kindergarten`, `primary_school`, "
                "`junior_school`, `senior_school`); only where some table of facilities has the column |"
            )
        if table == "streets":
            lines.append("| `min_<kind>` | float32 | walk to the nearest facility, minutes |")
            lines.append(
                "| `ride_min_<kind>` | float32 | the same on foot and by public transport; only where "
                "there is a timetable |"
            )
    return "\n".join(lines) + "\n"


def list_attributes() -> list[str]:
    """Lines on the further columns of communities, which only some tables have."""
    return [
        "",
        "Then, of the attributes rules may ask for (`layers/attributes.yaml`), those the table of",
        "communities had. Shares go from 0 to 1; in the table they may stand in percent.",
        "",
        "| column | in Chinese | meaning | unit |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{code}` | {attribute.name_zh} | {attribute.name_en} | {attribute.unit} |"
            for code, attribute in read_attributes().items()
        ),
    ]


def list_commands() -> Iterator[tuple[str, list[str]]]:
    """Every command with its options, as the user types them."""
    from services.cli import app

    def walk(command: object, words: list[str]) -> Iterator[tuple[str, list[str]]]:
        options = [
            name
            for parameter in getattr(command, "params", [])
            if not getattr(parameter, "hidden", False) and parameter.name != "help"
            for name in (*parameter.opts, *parameter.secondary_opts)
            if name.startswith("--") and name not in {"--install-completion", "--show-completion"}
        ]
        yield " ".join(words), options
        for name, inner in sorted(getattr(command, "commands", {}).items()):
            if not inner.hidden:
                yield from walk(inner, [*words, name])

    yield from walk(typer.main.get_command(app), ["lifecircle"])


@pytest.mark.parametrize("page", READMES)
def test_every_command_and_option_is_documented(root: Path, page: str) -> None:
    text = (root / page).read_text("utf-8")
    missing = []
    for command, options in list_commands():
        if not re.search(rf"`?{re.escape(command)}\b", text):
            missing.append(command)
        missing += [f"{command} {name}" for name in options if f"`{name}" not in text]
    assert not missing


@pytest.mark.parametrize("page", READMES)
def test_every_route_and_parameter_is_documented(root: Path, tmp_path: Path, page: str) -> None:
    from services.api.app import create_app

    text = (root / page).read_text("utf-8")
    spoken = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", strip_code(text)))))
    paths = create_app(ServiceSettings(run=tmp_path)).openapi()["paths"]
    assert {"/v1/coverage", "/v1/isochrone", "/collections/{name}/items"} <= paths.keys()
    missing = [path for path in ("/", "/maps/{kind}", "/docs", *paths) if f"`{path}`" not in text]
    missing += [
        f"{path}: {parameter['name']}"
        for path, methods in paths.items()
        for parameter in methods["get"].get("parameters", [])
        if parameter["in"] == "query" and parameter["name"] not in spoken
    ]
    assert not missing


@pytest.mark.parametrize("page", READMES)
def test_every_setting_is_documented(root: Path, page: str) -> None:
    text = (root / page).read_text("utf-8")
    prefix = ServiceSettings.model_config.get("env_prefix", "")
    names = [f"{prefix}{name}".upper() for name in ServiceSettings.model_fields]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("page", READMES)
def test_every_key_of_city_toml_is_documented(root: Path, page: str) -> None:
    text = (root / page).read_text("utf-8")
    tables = (RunSettings, TransitSettings, SchoolSettings, Limits)
    keys = [field.name for table in tables for field in fields(table)]
    assert [key for key in keys if f"`{key}`" not in text] == []


def test_columns_page_is_fresh(root: Path) -> None:
    path = root / "layers" / "COLUMNS.md"
    if os.environ.get("LIFECIRCLE_WRITE_DOCS"):
        path.write_text(build_columns_page(), "utf-8")
    assert path.read_text("utf-8") == build_columns_page(), "run `make docs`"


@pytest.mark.parametrize("table", CHINESE_TABLES)
def test_main_columns_are_explained_in_chinese(root: Path, table: str) -> None:
    text = (root / "README.zh-CN.md").read_text("utf-8")
    assert [name for name in TABLES[table] if f"`{name}`" not in text] == []


def outline(text: str) -> list[tuple[int, int]]:
    """Level of each heading, and how many table rows and code blocks stand under it."""
    shape: list[tuple[int, int]] = []
    for part in re.split(r"^(?=#{1,6} )", strip_code(text), flags=re.MULTILINE)[1:]:
        level = len(part) - len(part.lstrip("#"))
        shape.append((level, len(re.findall(r"^CODE$", part, re.MULTILINE))))
    return shape


def strip_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "CODE", text, flags=re.MULTILINE | re.DOTALL)


def test_both_readmes_have_the_same_structure(root: Path) -> None:
    english, chinese = (outline((root / page).read_text("utf-8")) for page in READMES)
    assert english == chinese


def test_both_readmes_show_the_same_code(root: Path) -> None:
    english, chinese = (
        [strip_comments(block) for block in code_blocks((root / page).read_text("utf-8"))]
        for page in READMES
    )
    assert english == chinese


def code_blocks(text: str, language: str = "") -> list[str]:
    return re.findall(rf"^```{language}[a-z]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def strip_comments(block: str) -> str:
    return "\n".join(re.sub(r"\s*#.*", "", line) for line in block.splitlines())


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(root: Path, page: str) -> None:
    makefile = (root / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = (root / page).read_text("utf-8")
    code = "\n".join([*code_blocks(text), *re.findall(r"`([^`\n]+)`", strip_code(text))])
    named = set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(root: Path, page: str) -> None:
    path = root / page
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_city_toml_of_the_readme_is_read(root: Path, tmp_path: Path) -> None:
    (block,) = code_blocks((root / "README.md").read_text("utf-8"), "toml")
    (tmp_path / "city.toml").write_text(block, "utf-8")
    for source in re.findall(r'"([\w.]+\.(?:pbf|gpkg|xlsx|zip|shp))"', block):
        (tmp_path / source).touch()
    city = read_config(tmp_path / "city.toml")
    assert city.name == "宝鸡市区"
    assert list(city.packs) == ["baoji-four-types", "shaanxi-school-planning-2019"]


def test_decisions_give_a_reason_for_every_dependency(root: Path) -> None:
    pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wanted = [
        *pyproject["project"]["dependencies"],
        *(line for group in pyproject["dependency-groups"].values() for line in group),
    ]
    text = (root / "DECISIONS.md").read_text("utf-8")
    named = {
        canonicalize_name(name) for name in re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)
    }
    assert {canonicalize_name(Requirement(line).name) for line in wanted} == named
