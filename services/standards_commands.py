"""`lifecircle standards`: the rule packs there are, what they ask, and why a verdict is what it is."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.options import JsonFlag

standards = typer.Typer(help="Rule packs: the published standards as data.")

Language = Literal["zh", "en", "both"]
LanguageOption = Annotated[
    Language, typer.Option("--lang", metavar="zh|en|both", help="Language of the text.")
]
CityOption = Annotated[
    Path | None,
    typer.Option(
        "--city", metavar="CITY.TOML", help="Lay this city's own values over the standards'."
    ),
]


@standards.command("list")
def list_standards(*, lang: LanguageOption = "both", as_json: JsonFlag = False) -> None:
    """List the rule packs there are, and how well their figures are known."""
    from layers.standards.describe import describe_pack  # noqa: PLC0415
    from layers.standards.load import list_packs  # noqa: PLC0415
    from services.standards_facts import summarize_pack  # noqa: PLC0415
    from services.standards_terminal import print_packs  # noqa: PLC0415
    from services.terminal import print_json  # noqa: PLC0415

    packs = [summarize_pack(describe_pack(pack)) for pack in list_packs()]
    if as_json:
        print_json({"packs": packs})
    else:
        print_packs(packs, lang)


@standards.command("show")
def show_standard(
    *,
    pack: Annotated[str, typer.Argument(help="Code of a pack, or a YAML file of your own.")],
    city: CityOption = None,
    lang: LanguageOption = "both",
    as_json: JsonFlag = False,
) -> None:
    """Show a pack: every rule with its figures, their source and its status, and its cards."""
    from layers.standards.describe import describe_pack  # noqa: PLC0415
    from services.standards_facts import read_shown_pack  # noqa: PLC0415
    from services.standards_terminal import print_pack  # noqa: PLC0415
    from services.terminal import print_json  # noqa: PLC0415

    described = describe_pack(read_shown_pack(pack, city))
    if as_json:
        print_json(described)
    else:
        print_pack(described, lang)


@standards.command("explain")
def explain_standard(
    *,
    community: Annotated[
        str, typer.Argument(help="Code of a community, or its name if no other has it.")
    ],
    rule: Annotated[str, typer.Argument(help="Code of a rule, or of one of its answers.")],
    run: Annotated[Path, typer.Option("--run", metavar="OUT", help="Run folder.")],
    lang: LanguageOption = "both",
    as_json: JsonFlag = False,
) -> None:
    """Explain one verdict in full sentences: what is asked, what was found, and from which data."""
    from services.explain import read_explanation  # noqa: PLC0415
    from services.standards_terminal import print_explanation  # noqa: PLC0415
    from services.terminal import print_json  # noqa: PLC0415

    explanation = read_explanation(run, community, rule)
    if as_json:
        print_json(explanation.as_json())
    else:
        print_explanation(explanation, lang)
