"""The report of a run: what it was asked, on which machine, what came of it and what that means, as one file.

`build` gathers it, three writers put it into words; `REPORTS` names them.
"""

from __future__ import annotations

from retroml_edu.session.report.forms import REPORTS, make_report, report_name, write_report

__all__ = ["REPORTS", "make_report", "report_name", "write_report"]
