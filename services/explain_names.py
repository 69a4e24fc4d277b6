"""What an explanation calls kinds, columns, rules, cards and places, in both languages."""

from collections.abc import Mapping
from typing import Any

from layers.attributes import read_attributes
from layers.standards.model import Text

Entry = Mapping[str, Any]
"""An entry of the manifest of a run, or a row of one of its tables."""


class Names:
    """What things are called in both languages.

    Parameters
    ----------
    manifest
        Manifest of the run: kinds, packs and cards have their titles from there.
    """

    def __init__(self, manifest: Entry) -> None:
        self._kinds = {str(kind["code"]): kind for kind in manifest.get("kinds", ())}
        self._titles: dict[str, Text] = {}
        for pack in manifest["packs"]:
            for card in pack.get("cards", ()):
                self._titles[card["code"]] = Text(card["title_zh"], card["title_en"])
            for rule in pack["rules"]:
                title = Text(rule["title_zh"], rule["title_en"])
                self._titles[rule["code"]] = title
                own = Text(rule.get("rule_title_zh", title.zh), rule.get("rule_title_en", title.en))
                self._titles.setdefault(rule.get("rule", rule["code"]), own)

    def name_kind(self, code: str) -> Text:
        """Return what a facility kind is called; its code where the run does not know it."""
        kind = self._kinds.get(code)
        return Text(str(kind["name_zh"]), str(kind["name_en"])) if kind else Text(code, code)

    def find_kind(self, code: str) -> Entry | None:
        """Return the run's entry of a kind, None where it has none."""
        return self._kinds.get(code)

    def name_code(self, code: str) -> Text:
        """Return the title of a rule, answer or card; its code where there is none."""
        return self._titles.get(code, Text(code, code))

    def name_attribute(self, code: str) -> Text:
        """Return what a column of the communities table is called."""
        attribute = read_attributes().get(code)
        return Text(attribute.name_zh, attribute.name_en) if attribute else Text(code, code)

    def name_facility(self, rule: Entry) -> Text:
        """Return what a rule calls the facilities it is about."""
        noun = Text(rule.get("noun_zh", ""), rule.get("noun_en", ""))
        name = noun if noun.zh else self.name_kind(str(rule["kind"]))
        if rule.get("inclusive"):
            return Text(f"普惠性{name.zh}", f"inclusive {name.en}")
        return name


def name_place(name: object, facility_id: object) -> str:
    """Return what a facility is called: its name in quotation marks, else its id."""
    return f"“{name}”" if name else str(facility_id)
