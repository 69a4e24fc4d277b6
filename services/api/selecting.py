"""Rows of a table by what stands in their columns."""

import numpy as np
import pandas as pd


def select_rows(frame: pd.DataFrame, **wanted: str | None) -> pd.DataFrame:
    """Return the rows whose columns hold the texts given; None asks for any.

    >>> table = pd.DataFrame({"kind": ["shop", "clinic"], "status": ["met", "gap"]})
    >>> select_rows(table, kind="clinic", status=None)["status"].tolist()
    ['gap']
    """
    keep = np.ones(len(frame), dtype=np.bool_)
    for column, text in wanted.items():
        if text is not None:
            keep &= (frame[column] == text).to_numpy(dtype=np.bool_)
    return frame if keep.all() else frame[keep]
