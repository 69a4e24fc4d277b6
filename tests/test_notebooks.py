"""Every notebook runs from top to bottom on the sample city and is stored without outputs."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = ("01_sample_city.ipynb", "02_your_city.ipynb")
SAYS = {
    "01_sample_city.ipynb": ("synthetic: True", "severed", "kindergarten.html"),
    "02_your_city.ipynb": ("homes from:", "not_applicable", "report.xlsx"),
}


def test_every_notebook_is_run(root: Path) -> None:
    assert tuple(sorted(path.name for path in (root / "notebooks").glob("*.ipynb"))) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_stored_clean(root: Path, name: str) -> None:
    notebook = nbformat.read(root / "notebooks" / name, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.filterwarnings("default")
def test_notebook_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(root / "notebooks" / name, as_version=4)

    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    said = "".join(
        str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
        for output in outputs
    )
    assert [words for words in SAYS[name] if words not in said] == []
