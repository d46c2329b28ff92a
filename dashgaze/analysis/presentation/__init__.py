"""One report: figures, tables, numbers."""
