"""A plan in sentences: what was asked, what is proven, what is not, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.scenario import Scenario, Study
from geo.errors import InfeasibleError
from ui.tables import kilometres, percent, whole
from ui.wording import Words

LIMITS = ("not_model", "not_only", "not_served", "not_site")


def proven(proposal: Proposal, text: Words) -> str:
    """Say what a plan achieves and what is proven of it."""
    plan = proposal.plan
    key = plan.objective if plan.gap == 0 else f"{plan.objective}_open"
    people = float(proposal.problem.weight.sum())
    said = text(
        f"proven.{key}",
        count=len(proposal.sites),
        before=whole(proposal.before),
        after=whole(proposal.after),
        gained=whole(proposal.gained),
        value=whole(plan.value),
        bound=whole(plan.bound),
        gap=percent(plan.gap, 3),
        share=percent(proposal.problem.share, 0),
        mean_km=kilometres(plan.value / people if people else float("nan")),
        mean_bound_km=kilometres(plan.bound / people if people else float("nan")),
        worst_km=kilometres(plan.value),
        worst_bound_km=kilometres(plan.bound),
    )
    bounds = text(
        "proven.bounds",
        certain=whole(proposal.after_certain),
        possible=whole(proposal.after_possible),
    )
    return f"{said} {bounds}"


def blame(error: InfeasibleError, study: Study, text: Words) -> str:
    """Say in one paragraph which demand is to blame, counties by their names."""
    demand = str(error.facts.get("demand", ""))
    label = demand.rpartition(" ")[2]
    if label not in study.units.index:
        return text.explain(error)
    named = f"{demand.removesuffix(label)}{study.units.loc[label, 'name']}"
    facts = {**error.facts, "demand": named}
    return text.explain(InfeasibleError(error.code, str(error).replace(demand, named), **facts))


def faults(scored: Proposal, study: Study, text: Words) -> list[str]:
    """Say which demands a planner's own choice breaks, one sentence each."""
    return [
        text(f"fault.{fault.code}", **_shown(fault.facts, study, text))
        for fault in scored.plan.faults
    ]


def _shown(facts: Mapping[str, Any], study: Study, text: Words) -> dict[str, object]:
    """Return the figures of a broken demand as they are shown, a county by its name."""
    shown: dict[str, object] = {}
    for name, value in facts.items():
        if name == "label":
            shown[name] = _label(value, study, text)
        elif name == "share":
            shown[name] = percent(value, 0)
        else:
            shown[name] = "∞" if value is None else whole(value)
    return shown


def sure(measured: Survey, proposal: Proposal, text: Words) -> str:
    """Say how sure it is that no plan is better."""
    plan = proposal.plan
    if plan.gap == 0:
        return text("plan.sure_optimal", bound=whole(plan.bound), value=whole(plan.value))
    return text(
        "plan.sure_gap",
        limit=f"{measured.scenario.time_limit_s:g}",
        value=whole(plan.value),
        bound=whole(plan.bound),
        gap=percent(plan.gap, 3),
    )


def not_proven(text: Words) -> list[str]:
    """Say what a plan does not certify."""
    return [text(f"plan.{name}") for name in LIMITS]


def demands(measured: Survey, proposal: Proposal, text: Words) -> list[str]:
    """Say what was asked of the plan, one sentence a demand."""
    scenario = measured.scenario
    own = [name for name, _, _ in scenario.own_sites]
    pinned = [one for one in scenario.required if one not in own]
    kinds = "、".join(text.choice("kind", kind) for kind in scenario.kinds)
    objective = text(f"objective.{scenario.objective}")
    said = [text("plan.d_n", n=len(proposal.sites), objective=objective, kinds=kinds)]
    names = measured.study.sites["name"]
    for key, ids in (("pin", pinned), ("ban", scenario.forbidden), ("own", own)):
        if ids:
            said.append(text(f"plan.d_{key}", names="、".join(names.get(one, one) for one in ids)))
    if scenario.quotas:
        said.append(text("plan.d_quota", quotas=_quotas(scenario, measured.study, text)))
    for key, value, shown in (
        ("budget", scenario.budget, {"budget": whole(scenario.budget)}),
        ("floor", scenario.floor_share, {"share": percent(scenario.floor_share, 0)}),
        ("case", scenario.case_weight, {"people": f"{scenario.case_weight:g}"}),
        ("capacity", scenario.room_capacity, {"people": whole(scenario.room_capacity)}),
        ("join", scenario.area_join_m, {"metres": whole(scenario.area_join_m)}),
        ("share", scenario.objective == "cover_all", {"share": percent(scenario.target_share, 0)}),
    ):
        if value:
            said.append(text(f"plan.d_{key}", **shown))
    return said


def _label(label: str, study: Study, text: Words) -> str:
    """Return what a quota or a floor is of: a county's name, or a kind of site in words."""
    return str(study.units["name"].get(label, text.choice("kind", label)))


def _quotas(scenario: Scenario, study: Study, text: Words) -> str:
    return "；".join(
        text(
            "plan.quota",
            label=_label(label, study, text),
            least="0" if least is None else least,
            most="∞" if most is None else most,
        )
        for label, least, most in scenario.quotas
    )


def reasons(proposal: Proposal, text: Words) -> list[str]:
    """Say of every chosen site what it adds and what would replace it."""
    return [
        text(
            "plan.gain",
            rank=rank,
            name=site["name"],
            county=_known(site["county"]),
            township=_known(site["township"]),
            people=whole(site["people_in_order"]),
            modelled=percent(site["people_modelled_share"], 0),
            lost=whole(site["people_lost"]),
            other=_known(site["runner_up_name"]) or text("plan.no_other"),
            loss=whole(site["runner_up_loss"]),
        )
        for rank, (_, site) in enumerate(proposal.sites.iterrows(), 1)
    ]


def _known(name: object) -> str:
    return "" if pd.isna(name) else str(name)
