"""Locks, licences and declared dependencies agree with each other and with the code."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("geo", "layers", "maps", "services")
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-bench.lock",
    "requirements-bootstrap.lock",
)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def read_requirements(root: Path) -> dict[str, list[str]]:
    """Direct dependencies: of the product (`run`) and of each group of tools."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return {"run": pyproject["project"]["dependencies"], **pyproject["dependency-groups"]}


def read_pins(path: Path) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for name, version in PIN.findall(path.read_text("utf-8")):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def direct_names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def walk_runtime(requirements: list[str]) -> Iterator[importlib.metadata.Distribution]:
    """Every installed distribution the product needs, found through the metadata."""
    environment = default_environment() | {"extra": ""}
    waiting = [Requirement(line) for line in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen or (wanted.marker and not wanted.marker.evaluate(environment)):
            continue
        seen.add(key)
        found = importlib.metadata.distribution(wanted.name)
        yield found
        for line in found.requires or []:
            inner = Requirement(line)
            extras = wanted.extras or {""}
            if not inner.marker or any(
                inner.marker.evaluate(environment | {"extra": extra}) for extra in extras
            ):
                inner.marker = None
                waiting.append(inner)


def licence_of(distribution: importlib.metadata.Distribution) -> str:
    fields = distribution.metadata
    classifiers = [
        line.split("::")[-1].strip()
        for line in fields.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    said = (
        fields.get("License-Expression") or " OR ".join(classifiers) or fields.get("License") or ""
    )
    return said.strip().splitlines()[0] if said.strip() else ""


def is_allowed(licence: str) -> bool:
    """Permissive or LGPL; where a choice is offered, one allowed choice is enough."""
    choices = re.split(r"\s+OR\s+", licence)
    return any(
        choice and not re.search(r"AGPL|Affero|(?<!L)GPL|(?<!Lesser )General Public", choice)
        for choice in choices
    )


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("LGPL-3.0-or-later", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("GPL-2.0-only OR MIT", True),
        ("AGPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("GPLv3", False),
        ("GNU General Public License v2 (GPLv2)", False),
        ("", False),
    ],
)
def test_licence_rule(licence: str, allowed: bool) -> None:
    assert is_allowed(licence) is allowed


def test_every_runtime_licence_is_permissive_or_lgpl(root: Path) -> None:
    licences = {
        found.metadata["Name"]: licence_of(found)
        for found in walk_runtime(read_requirements(root)["run"])
    }
    assert len(licences) > 40
    refused = {name: licence for name, licence in licences.items() if not is_allowed(licence)}
    assert not refused


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_host_and_no_path(root: Path, lock: str) -> None:
    text = (root / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(
        r"^\s*(-|.*(index-url|find-links)|.*@ )", text.replace("--hash", ""), re.MULTILINE
    )
    assert not re.search(r"[ =](/|\.\.?/|~)", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_a_hash_for_every_pin(root: Path, lock: str) -> None:
    text = (root / lock).read_text("utf-8")
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    pinned = [block for block in blocks if PIN.match(block)]
    assert pinned
    assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_locks_hold_every_direct_dependency(root: Path) -> None:
    requirements = read_requirements(root)
    runtime = read_pins(root / "requirements.lock")
    assert direct_names(requirements["run"]) <= runtime.keys()
    for group in ("dev", "bench"):
        lock = f"requirements-{group}.lock"
        pins = read_pins(root / lock)
        assert direct_names(requirements[group]) <= pins.keys()
        differing = {name for name in runtime if pins.get(name) != runtime[name]}
        assert not differing, f"{lock} differs from requirements.lock: run `make lock`"
    assert (
        direct_names(requirements["build"])
        <= read_pins(root / "requirements-bootstrap.lock").keys()
    )


def test_npm_lock_names_no_host(root: Path) -> None:
    path = root / "maps" / "package-lock.json"
    assert '"resolved"' not in path.read_text("utf-8")


def test_imports_are_declared(root: Path) -> None:
    declared = direct_names(read_requirements(root)["run"])
    owners = importlib.metadata.packages_distributions()
    undeclared = set()
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for module in imported_modules(path):
                if module in sys.stdlib_module_names or module in PACKAGES:
                    continue
                names = {canonicalize_name(name) for name in owners.get(module, [module])}
                if not names & declared:
                    undeclared.add(f"{path.relative_to(root)}: {module}")
    assert not undeclared


def imported_modules(path: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    return modules
