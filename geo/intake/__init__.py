"""Files from outside: read in a sandbox, mapped to the tables, reported row by row.

The steps, each a plain function: :func:`geo.intake.raw.read_file` → :func:`geo.intake.mapping.
suggest_mapping` → :func:`geo.intake.judge.judge_datum` → :func:`geo.intake.apply.apply` →
:func:`geo.intake.report.preview`. Nothing is imported here, because the sandboxed child imports
this package too and must start fast.
"""
