"""Progress bars on standard error, one per stage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Report = Callable[[str, float], None]
"""Called with a stage's name and the part of it that is done, 0 to 1."""


def no_progress(stage: str, part: float) -> None:
    """Report to nobody."""
    del stage, part


@contextmanager
def show_progress(console: Console, *, quiet: bool) -> Iterator[Report]:
    """Draw a bar per stage while the block runs; nothing where no one looks on (no terminal)."""
    if quiet or not console.is_terminal:
        yield no_progress
        return
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        stages: dict[str, TaskID] = {}

        def end_stages() -> None:
            for task in stages.values():
                bars.update(task, completed=1.0)
                bars.stop_task(task)

        def report(stage: str, part: float) -> None:
            if stage not in stages:
                end_stages()
                stages[stage] = bars.add_task(stage, total=1.0)
            bars.update(stages[stage], completed=min(max(part, 0.0), 1.0))

        yield report
        end_stages()
