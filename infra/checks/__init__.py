"""What infra/check-template looks at beside routes, packages, tables and state machines; a module for each concern."""


def named(value):
    """The resource that `!Ref` or `!GetAtt` names, in either spelling; None: it is something else."""
    if not isinstance(value, dict):
        return None
    of = value.get("Ref") or value.get("Fn::GetAtt") or ""
    return (of[0] if isinstance(of, list) else of).split(".")[0] or None
