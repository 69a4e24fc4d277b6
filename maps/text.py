"""The words of the pages in Chinese and English: data in `text.yaml`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from maps.errors import InvalidPalette

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")

SCHOOL_WORDS = "schools_"
"""How the keys of words begin that only the map of schools uses."""


@cache
def read_text() -> MappingProxyType[str, MappingProxyType[str, str]]:
    """All words: key → language → text; `{name}` marks what is filled in.

    Raises
    ------
    InvalidPalette
        A text lacks one of the languages.
    """
    source = Path(__file__).parent / "text.yaml"
    raw = yaml.safe_load(source.read_text(encoding="utf-8"))
    for key, texts in raw.items():
        missing = [lang for lang in LANGS if not texts.get(lang)]
        if missing:
            raise InvalidPalette(f"text {key}: no {missing[0]} version")
    return MappingProxyType({key: MappingProxyType(texts) for key, texts in raw.items()})


def find_text(value: Any, *, zh: str = "", en: str = "") -> dict[str, str]:
    """Both languages of a manifest entry.

    Parameters
    ----------
    value
        `{"zh": …, "en": …}`, plain text (both languages), or nothing.
    zh, en
        What to fall back on.
    """
    if isinstance(value, Mapping):
        first, second = str(value.get("zh") or ""), str(value.get("en") or "")
        return {"zh": first or second or zh, "en": second or first or en}
    plain = str(value or "")
    return {"zh": plain or zh, "en": plain or en}


def get_titles(entry: Mapping[str, Any], stem: str) -> dict[str, str]:
    """Both languages of `<stem>_zh` and `<stem>_en`, each standing in for the other."""
    zh, en = str(entry.get(f"{stem}_zh") or ""), str(entry.get(f"{stem}_en") or "")
    return {"zh": zh or en, "en": en or zh}
