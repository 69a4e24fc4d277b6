"""Pages rendered from templates; names are text and are escaped."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

Words = dict[str, dict[str, str]]


@cache
def read_words() -> Words:
    """Words of the planner's page by key and language."""
    text = files("services.api").joinpath("text.yaml").read_text(encoding="utf-8")
    words: Words = yaml.safe_load(text)
    return words


def render_page(template: str, **values: Any) -> str:
    """Return the text of one of the templates."""
    return _build_environment().get_template(template).render(**values)


@cache
def _build_environment() -> Environment:
    return Environment(
        loader=PackageLoader("services.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
