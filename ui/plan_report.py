"""The plan as one page to print: map, sites, reasons, stages, demands and what is not proven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real

import pandas as pd

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.stages import Stages
from ui import plan_views, report, still
from ui.escape import esc
from ui.plan_words import demands, not_proven, proven, reasons, sure
from ui.tables import present
from ui.wording import Words

COLUMNS = (
    "rank", "stage", "name", "kind", "county", "township", "people_in_order",
    "people_modelled_share", "people_lost", "runner_up_name", "runner_up_loss", "location_basis",
)  # fmt: skip
STAGES = (
    "stage", "n_new", "names", "value", "added", "best_of_size", "price",
    "mean_m", "worst_m", "shorter_m", "best_of_size_m", "price_m",
)  # fmt: skip
# The page asks nobody for anything, whatever stands in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
STYLE = """
body{font:14px/1.6 "Noto Sans SC","Microsoft YaHei","PingFang SC",sans-serif;color:#1f2933;
max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.4rem 0 .4rem}
.result{border-left:4px solid #1f5f8b;padding:.4rem .9rem;background:#f5f6f8}
.warning{border:1px solid #d9a400;padding:.3rem .9rem;background:#fff8e1}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:12.5px}
th,td{border:1px solid #d9dee4;padding:.2rem .45rem;text-align:left}th{background:#eef2f5}
td.n{text-align:right}figure{margin:0}svg{width:100%;height:auto;max-height:24cm}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;font-size:12.5px}
.box{display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 .6em;border:1px solid #667}
button{float:right;padding:.4rem 1rem}
@media print{button{display:none}body{margin:0;max-width:none}h2{break-after:avoid}
tr,figure{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""


def plan_report(
    measured: Survey, proposal: Proposal, text: Words, *, stages: Stages | None = None
) -> str:
    """Return the plan as one HTML page that opens from disk and prints as it stands.

    Parameters
    ----------
    measured : Survey
    proposal : Proposal
    text : Words
    stages : Stages, optional

    Returns
    -------
    str
        The map is drawn in the page; nothing is fetched, and a content policy forbids it.
    """
    drawn = still.picture(plan_views.sites(measured, proposal, text))
    notes = report.notes(measured, text, text("plan.title"))
    least = report.suppress_below(measured)

    def table(frame: pd.DataFrame, columns: Sequence[str]) -> str:
        return _table(present(frame, columns, text, suppress_below=least))

    sections = [
        ("result", f'<p class="result">{esc(proven(proposal, text).replace("**", ""))}</p>'),
        ("demands", _list(demands(measured, proposal, text))),
        ("map", f"<figure>{still.svg(drawn)}{_legend(drawn, text)}</figure>"),
        ("sites", table(report.sites_list(proposal, stages), COLUMNS)),
        ("why", _list(reasons(proposal, text))),
        ("sure", f"<p>{esc(sure(measured, proposal, text))}</p>"),
        ("not_sure", _list(not_proven(text))),
        ("assumptions", _list(notes[1:])),
    ]
    parts = [f"<h2>{esc(text(f'plan.{name}'))}</h2>{body}" for name, body in sections]
    if stages is not None:
        parts.insert(5, f"<h2>{esc(text('stages.title'))}</h2>{table(stages.table, STAGES)}")
    if measured.study.is_demonstration:
        parts.insert(0, f'<p class="warning">{esc(text("notes.demonstration"))}</p>')
    return _page(notes[0], parts, text)


def _page(title: str, parts: Iterable[str], text: Words) -> str:
    return (
        f'<!doctype html><html lang="{esc(text.lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{esc(title)}</title><style>{STYLE}</style></head><body>"
        f'<button type="button" onclick="print()">{esc(text("plan.print"))}</button>'
        f"<h1>{esc(title)}</h1>{''.join(parts)}</body></html>"
    )


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{esc(line)}</li>' for line in lines)}</ul>"


def _legend(drawn: still.Picture, text: Words) -> str:
    rows = []
    for name, classes in drawn.legend:
        boxes = (
            f'<span><i class="box" style="background:{colour}"></i>{esc(word)}</span>'
            for colour, word in classes
        )
        rows.append(f"<div>{esc(name)}{''.join(boxes)}</div>")
    said = f"{text('plan.rooms_legend')}；{text('plan.pins_legend')}"
    return f'<div class="legend">{"".join(rows)}<div>{esc(said)}</div></div>'


def _table(frame: pd.DataFrame) -> str:
    head = "".join(f"<th>{esc(name)}</th>" for name in frame.columns)
    rows = (
        "<tr>" + "".join(_cell(value) for value in row) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: object) -> str:
    if pd.isna(value):
        return "<td>—</td>"
    if isinstance(value, Real):
        shown = f"{float(value):,.2f}".rstrip("0").rstrip(".")
        return f'<td class="n">{shown}</td>'
    return f"<td>{esc(value)}</td>"
