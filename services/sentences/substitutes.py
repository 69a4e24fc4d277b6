"""Rules met through another as sentences."""

from layers.standards.model import Source, Text
from services.sentences.figures import STATUS_WORDS


def say_substituted(title: Text, source: Source) -> Text:
    """Return which rule stands in; what the rule's own measure says follows.

    Parameters
    ----------
    title
        Title of the rule that stands in.
    source
        Where it says that it may.
    """
    status = STATUS_WORDS[source.status]
    mark = Text(f"（{status.zh}）", f" ({status.en})") if status.zh else Text("", "")
    return Text(
        f"已由其他设施替代达到：“{title.zh}”已满足，可替代本规则{mark.zh}。就本规则自身而言，",
        f"Met through another rule: “{title.en}” is met and stands in for this one{mark.en}. "
        "By itself: ",
    )
