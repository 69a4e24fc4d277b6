"""An explanation as plain data: paragraphs in both languages, for terminals, pages and JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from layers.standards.model import Text

_TITLES: Mapping[str, Text] = MappingProxyType(
    {
        "asks": Text("规则要求什么", "What the rule asks"),
        "source": Text("出处与效力", "Source and force"),
        "applies": Text("适用于谁", "Whom it applies to"),
        "found": Text("看了什么", "What was looked at"),
        "verdict": Text("结论", "Verdict"),
        "settled": Text("怎样才能判定", "What would settle it"),
        "data": Text("依据的数据", "Data it rests on"),
    }
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of an explanation.

    Parameters
    ----------
    topic
        `asks`, `source`, `applies`, `found`, `verdict`, `settled` or `data`.
    answer
        Code of the answer it is about; empty where it is about all of them.
    title, text
        Its heading and its sentences.
    """

    topic: str
    answer: str
    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasoning behind one verdict, or behind the separate answers of one rule.

    Parameters
    ----------
    community_id, name
        The community asked about.
    area
        District or city the rule is judged of, empty where it is the community itself.
    pack, rule
        Codes of the pack and of the rule (or answer) asked about.
    title
        Heading.
    statuses
        Verdict per answer.
    paragraphs
        In the order they are read.
    """

    community_id: str
    name: str
    area: str
    pack: str
    rule: str
    title: Text
    statuses: Mapping[str, str]
    paragraphs: tuple[Paragraph, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "community_id": self.community_id,
            "name": self.name,
            "area": self.area,
            "pack": self.pack,
            "rule": self.rule,
            "title_zh": self.title.zh,
            "title_en": self.title.en,
            "answers": [{"rule": code, "status": status} for code, status in self.statuses.items()],
            "paragraphs": [
                {
                    "topic": one.topic,
                    "rule": one.answer,
                    "title_zh": one.title.zh,
                    "title_en": one.title.en,
                    "text_zh": one.text.zh,
                    "text_en": one.text.en,
                }
                for one in self.paragraphs
            ],
        }


def write_paragraph(topic: str, answer: str, text: Text, of: Text | None = None) -> Paragraph:
    """Return a paragraph on a topic; `of` names the answer it is about behind its heading."""
    title = _TITLES[topic]
    if of is not None:
        title = Text(f"{title.zh}{of.zh}", f"{title.en}{of.en}")
    return Paragraph(topic, answer, title, Text(text.zh.strip(), text.en.strip()))
