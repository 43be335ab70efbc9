"""The service standard in words: what within reach means on this page, in this file."""

from __future__ import annotations

from analysis.scenario import Scenario
from analysis.service import CHOICES, WHOLE, ServiceRule
from ui.wording import Words


def standard_text(scenario: Scenario, words: Words) -> str:
    """Return a scenario's service standard as a sentence or some.

    Parameters
    ----------
    scenario : Scenario
    words : Words
    """
    mode = words(f"mode.{scenario.mode}")
    if scenario.minutes:
        said = words("service.said_minutes", minutes=f"{scenario.minutes:g}", mode=mode)
    else:
        said = words(
            "service.said_metres",
            urban=f"{scenario.limit_urban_m:g}",
            rural=f"{scenario.limit_rural_m:g}",
            measure=words(f"measure.{scenario.measure}"),
        )
    if not scenario.rules:
        return said
    rules = words("service.comma").join(rule_text(rule, words) for rule in scenario.rules)
    return f"{said} {words('service.said_rules', rules=rules)}".strip()


def rule_text(rule: ServiceRule, words: Words) -> str:
    """Return a rule in words, such as ``园区 · 员工``."""
    named = [
        words.choice({"level": "room_level"}.get(name, name), getattr(rule, name))
        for name in CHOICES
        if getattr(rule, name) is not None
    ]
    amount, unit = rule.amount
    limit = (
        words("service.whole") if unit == WHOLE else words(f"service.in_{unit}", n=f"{amount:g}")
    )
    return words("service.rule", who=" · ".join(named) or words("service.all"), limit=limit)
