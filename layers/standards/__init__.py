"""Published standards as data: one YAML file per document, every figure with its source."""
