"""Rules and sources beside the colours."""

from typing import Any

from maps.legend import UNFOLDED, find_summary, group_rules, list_rules


def rule(code: str, kind: str, **source: str) -> dict[str, Any]:
    return {"code": code, "title_zh": code, "title_en": "", "kind": kind, "source": source}


def manifest(*rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "packs": [{"code": "p", "title_zh": "标准包", "title_en": "pack", "rules": list(rules)}]
    }


def list_section(section: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for pack in section["packs"] for group in pack["groups"] for one in group]


def test_only_rules_on_the_kind() -> None:
    found = list_rules(manifest(rule("a", "shop"), rule("b", "clinic")), "shop")
    assert [(entry["pack"], entry["rule"]) for entry in found] == [("p", "a")]
    assert found[0]["title"] == {"zh": "a", "en": "a"}


def test_a_rule_may_name_several_kinds() -> None:
    several = rule("a", "") | {"kinds": ["shop", "market"]}
    assert list_rules(manifest(several), "market")


def test_source_without_known_status_counts_as_unverified() -> None:
    found = list_rules(
        manifest(rule("a", "shop", document="文件", status="hearsay"), rule("b", "shop")), "shop"
    )
    assert [entry["status"] for entry in found] == ["unverified", "unverified"]


def test_document_in_both_languages() -> None:
    found = list_rules(
        manifest(rule("a", "shop", document="文件", document_en="text", status="primary")), "shop"
    )
    assert found[0]["document"] == {"zh": "文件", "en": "text"}
    assert found[0]["status"] == "primary"


def test_rules_of_one_source_share_its_line() -> None:
    rules = list_rules(
        manifest(
            rule("a", "shop", document="甲"),
            rule("b", "shop", document="甲"),
            rule("c", "shop", document="乙"),
        ),
        "shop",
    )
    (section,) = group_rules(rules, "walk")
    assert section["title"] == "legend_rules"
    (pack,) = section["packs"]
    assert [[entry["rule"] for entry in group] for group in pack["groups"]] == [["a", "b"], ["c"]]
    assert (pack["count"], section["folds"]) == (3, False)


def test_many_rules_fold_up_by_pack() -> None:
    own = manifest(*(rule(f"p{n}", "shop", document="甲") for n in range(UNFOLDED)))
    other = {"code": "q", "title_zh": "另一个", "rules": [rule("q0", "shop", document="甲")]}
    few = group_rules(list_rules(own, "shop"), "walk")
    assert [section["folds"] for section in few] == [False]
    (section,) = group_rules(list_rules({"packs": [*own["packs"], other]}, "shop"), "walk")
    assert section["folds"]
    assert [(pack["title"]["zh"], pack["count"]) for pack in section["packs"]] == [
        ("标准包", UNFOLDED), ("另一个", 1),
    ]  # fmt: skip


def test_the_city_s_own_figures_are_marked() -> None:
    found = list_rules(manifest(rule("a", "shop") | {"overlaid": True}, rule("b", "shop")), "shop")
    assert [entry["overlaid"] for entry in found] == [True, False]


def test_rules_of_the_other_mode_stand_apart() -> None:
    rules = list_rules(
        manifest(
            rule("a", "shop") | {"mode": "walk"},
            rule("b", "shop") | {"mode": "walk_transit"},
            rule("c", "shop") | {"mode": ""},
        ),
        "shop",
    )

    def codes(mode: str) -> list[tuple[str, list[str]]]:
        return [
            (section["title"], [rule["rule"] for rule in list_section(section)])
            for section in group_rules(rules, mode)
        ]

    walked, ridden = ("legend_rules_walk", ["a"]), ("legend_rules_walk_transit", ["b"])
    assert codes("walk") == [walked, ridden, ("legend_rules_anyhow", ["c"])]
    assert codes("walk_transit") == [ridden, walked, ("legend_rules_anyhow", ["c"])]


def test_a_mode_without_a_rule_says_so() -> None:
    rules = list_rules(manifest(rule("a", "shop") | {"mode": "walk"}), "shop")
    (own, other) = group_rules(rules, "walk_transit")
    assert (own["empty"], own["packs"]) == ("legend_no_rules_walk_transit", [])
    assert other["title"] == "legend_rules_walk"
    for mode in ("walk", "walk_transit"):
        assert group_rules([], mode) == [
            {"title": "legend_rules", "empty": "legend_no_rules", "packs": [], "folds": False}
        ]


def test_summary_by_limit_in_whatever_form() -> None:
    figures = {"share": 0.5, "households": 10.0, "households_covered": 5.0, "status": "measured"}
    found = find_summary({"summary": {"shop": {"15.0": figures, "note": {}}}}, "shop")
    assert list(found) == ["15"]
    assert found["15"]["covered"] == 5.0
    assert find_summary({}, "shop") == {}


def test_each_mode_has_its_own_summary() -> None:
    figures = {"share": 0.5, "status": "measured"}
    run = {"summary": {"shop": {"15": figures}}, "summary_walk_transit": {"shop": {"10": figures}}}
    assert list(find_summary(run, "shop")) == ["15"]
    assert list(find_summary(run, "shop", "walk_transit")) == ["10"]
