"""What the files of a report are called."""

REPORT_NAME = "report.html"
FIGURES_NAME = "report.json"
