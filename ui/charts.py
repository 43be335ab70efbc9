"""Plots where people would rather look than read; each stands beside its table."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from analysis.results import is_open_case, main_categories
from ui import tables
from ui.wording import Words

ACCENT = "#1f5f8b"
MUTED = "#c9d3dc"
SECOND = "#d95f0e"


def bars(table: pd.DataFrame, *, name: str, value: str, title: str, fmt: str) -> alt.Chart:
    """Return one horizontal bar a row, longest first, with its value written at the end.

    Parameters
    ----------
    table : DataFrame
        Columns ``name`` and ``value``; rows with an unknown value have no bar.
    name, value : str
        Columns.
    title : str
        Of the value axis, unit included.
    fmt : str
        A d3 number format.
    """
    base = alt.Chart(pd.DataFrame(table)[[name, value]]).encode(
        y=alt.Y(f"{name}:N", sort="-x", title=None),
        x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format=fmt)),
        tooltip=[alt.Tooltip(f"{name}:N"), alt.Tooltip(f"{value}:Q", format=fmt, title=title)],
    )
    labels = base.mark_text(align="left", dx=4, color="#334").encode(
        text=alt.Text(f"{value}:Q", format=fmt)
    )
    return (base.mark_bar(color=ACCENT) + labels).properties(height=alt.Step(26))


def lorenz(curve: pd.DataFrame, *, x: str, y: str, text: Words) -> alt.Chart:
    """Return a Lorenz curve beside the line of perfect evenness.

    Parameters
    ----------
    curve : DataFrame
        Columns ``x`` and ``y``, both 0–1, from (0, 0) to (1, 1).
    """
    axis = alt.Axis(format="%", tickCount=5)
    line = (
        alt.Chart(curve)
        .mark_line(color=ACCENT, point=alt.OverlayMarkDef(size=18))
        .encode(
            x=alt.X(f"{x}:Q", title=text("districts.lorenz_people"), axis=axis),
            y=alt.Y(f"{y}:Q", title=text("districts.lorenz_rooms"), axis=axis),
        )
    )
    even = pd.DataFrame({x: [0.0, 1.0], y: [0.0, 1.0]})
    equal = alt.Chart(even).mark_line(color=MUTED, strokeDash=[4, 4]).encode(x=f"{x}:Q", y=f"{y}:Q")
    return (equal + line).properties(height=300)


def stacked(
    counts: pd.DataFrame, *, words: tuple[str, str, str], order: Sequence[str]
) -> alt.Chart:
    """Return stacked horizontal bars of counts.

    Parameters
    ----------
    counts : DataFrame
        Columns named by ``words``: the row, the part, the count.
    words : (str, str, str)
    order : sequence of str
        The parts, first the one drawn nearest the axis.
    """
    row, part, count = words
    colours = alt.Scale(domain=list(order), range=[ACCENT, SECOND])
    return (
        alt.Chart(counts)
        .mark_bar()
        .encode(
            y=alt.Y(f"{row}:N", sort="-x", title=None),
            x=alt.X(f"sum({count}):Q", title=count, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                f"{part}:N", scale=colours, title=None, legend=alt.Legend(orient="top")
            ),
            tooltip=[f"{row}:N", f"{part}:N", f"{count}:Q"],
        )
        .properties(height=alt.Step(24))
    )


def cases_by_category(cases: pd.DataFrame, text: Words) -> alt.Chart:
    """Return how many cases each category has, resolved and unresolved."""
    solved, unsolved = text("cases.solved"), text("cases.unsolved")
    rows = pd.DataFrame(
        {
            text("cases.category"): main_categories(cases["categories"]),
            "status": is_open_case(cases).map({True: unsolved, False: solved}),
        }
    )
    counts = rows.value_counts().rename(text("cases.count")).reset_index()
    names = (text("cases.category"), "status", text("cases.count"))
    return stacked(counts, words=names, order=[solved, unsolved])


def by_month(counts: pd.Series, silent: pd.DataFrame, text: Words) -> alt.LayerChart:
    """Return how many cases came each month, long silences set off.

    Parameters
    ----------
    counts : Series
        From :func:`analysis.results.cases_by_month`.
    silent : DataFrame
        From :func:`analysis.results.silences`.
    """
    rows = pd.DataFrame({"month": counts.index.to_timestamp(), "count": counts.to_numpy()})
    bars = (
        alt.Chart(rows[rows["count"] > 0])
        .mark_bar(color=ACCENT)
        .encode(
            x=alt.X("month:T", title=None, axis=alt.Axis(format="%Y-%m")),
            y=alt.Y("count:Q", title=text("cases.count"), axis=alt.Axis(tickMinStep=1)),
            tooltip=[alt.Tooltip("month:T", format="%Y-%m"), alt.Tooltip("count:Q")],
        )
    )
    spans = pd.DataFrame(
        {
            "start": [month.start_time for month in silent["first"]],
            "end": [month.end_time for month in silent["last"]],
            "said": text("cases.silent"),
        }
    )
    spans["middle"] = spans["start"] + (spans["end"] - spans["start"]) / 2
    bands = alt.Chart(spans).mark_rect(color=MUTED, opacity=0.35).encode(x="start:T", x2="end:T")
    words = alt.Chart(spans).mark_text(color="#4a5560").encode(x="middle:T", text="said:N")
    return (bands + bars + words).properties(height=220)


def curve(points: pd.DataFrame, text: Words) -> alt.Chart:
    """Return people within reach against the number of new rooms, its elbow set off."""
    rows = points.reset_index()
    base = alt.Chart(rows).encode(
        x=alt.X("n_new:Q", title=text("sites.n_new"), axis=alt.Axis(tickMinStep=1)),
        y=alt.Y(
            "value:Q",
            title=text("column.people_covered"),
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=",.0f"),
        ),
        tooltip=[
            alt.Tooltip("n_new:Q", title=text("sites.n_new")),
            alt.Tooltip("value:Q", format=",.0f", title=text("column.people_covered")),
            alt.Tooltip("added:Q", format=",.0f", title=text("column.people_in_order")),
        ],
    )
    elbow = base.transform_filter("datum.elbow").mark_point(color=SECOND, size=120, filled=True)
    line = base.mark_line(color=ACCENT, point=alt.OverlayMarkDef(size=16))
    return (line + elbow).properties(height=280)


def stages(points: pd.DataFrame, text: Words, *, distance: str = "") -> alt.Chart:
    """Return what is reached by stage, beside the best plan of each size.

    Parameters
    ----------
    points : DataFrame
        Of :func:`analysis.stages.stages_of`: ``n_new``, ``value`` and ``best_of_size``.
    distance : str
        The column of metres that stands in place of ``value`` where the aim is a distance.
    """
    order = [text("stages.ordered"), text("stages.free")]
    shown = ("value", "best_of_size")
    title, fmt = text("stages.people"), ",.0f"
    if distance:
        shown, title, fmt = (distance, "best_of_size_m"), text(f"column.{distance}"), ",.2f"
        points = points.assign(**{name: points[name] / 1000 for name in shown})
    rows = points.rename(columns=dict(zip(shown, order, strict=True)))
    long = rows.melt("n_new", order, var_name="kind", value_name="amount")
    base = alt.Chart(long).encode(
        x=alt.X("n_new:Q", title=text("column.n_new"), axis=alt.Axis(tickMinStep=1)),
        y=alt.Y(
            "amount:Q",
            title=title,
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=fmt),
        ),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=order, range=[ACCENT, SECOND]),
            title=None,
            legend=alt.Legend(orient="top"),
        ),
        tooltip=["kind:N", "n_new:Q", alt.Tooltip("amount:Q", format=fmt, title=title)],
    )
    # Built rooms stand until the next stage ends: a line of steps, not a slope.
    line = base.transform_filter(alt.datum.kind == order[0]).mark_line(
        interpolate="step-after", point=True
    )
    free = base.transform_filter(alt.datum.kind == order[1]).mark_point(
        shape="diamond", size=70, filled=False
    )
    return (line + free).properties(height=280)


def ranges(table: pd.DataFrame, *, name: str, shares: Sequence[str], text: Words) -> alt.Chart:
    """Return one line a row from what is sure to what is possible, the best estimate on it.

    Parameters
    ----------
    table : DataFrame
        Column ``name``, and the ``shares`` of the surely, best known and possibly covered, 0-1.
    name : str
    shares : (str, str, str)
    """
    least, best, most = shares
    titles = {part: tables.title(part, text) for part in shares}
    base = alt.Chart(pd.DataFrame(table)[[name, *shares]]).encode(
        y=alt.Y(f"{name}:N", sort=None, title=None),
        tooltip=[
            alt.Tooltip(f"{name}:N", title=" "),
            *(alt.Tooltip(f"{part}:Q", format=".1%", title=titles[part]) for part in shares),
        ],
    )
    axis = alt.Axis(format="%", tickCount=5)
    title = " – ".join(titles.values())
    line = base.mark_rule(color=MUTED, strokeWidth=8).encode(
        x=alt.X(f"{least}:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, 1])),
        x2=f"{most}:Q",
    )
    point = base.mark_point(color=ACCENT, size=90, filled=True, opacity=1).encode(x=f"{best}:Q")
    label = base.mark_text(align="left", dx=8, color="#334").encode(
        x=f"{best}:Q", text=alt.Text(f"{best}:Q", format=".1%")
    )
    return (line + point + label).properties(height=alt.Step(34))
