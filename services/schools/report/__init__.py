"""School places and reserved land as sheets of the report, a workbook."""
