"""The MBG/NBD fit against ModifiedBetaGeoFitter of PyPI's lifetimes, on the same tables of histories.

    python against_lifetimes.py BEACON FILE.csv:DAY ...

BEACON is the built example `beacon` of orders-csv. lifetimes is tried as it comes: no penalizer, its own start. Its
likelihood is computed by its own formula, at its parameters and at ours, so that both are measured alike.
"""

import io
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
from lifetimes import ModifiedBetaGeoFitter

UNITS = {"days": 1.0, "weeks": 7.0}


def likelihood(parameters, table, unit):
    """The log-likelihood of all customers by lifetimes' formula, with days in `unit`."""
    mean = -ModifiedBetaGeoFitter._negative_log_likelihood(
        np.log(parameters),
        table.repeats.to_numpy(float),
        table.span.to_numpy() / unit,
        table.age.to_numpy() / unit,
        table.customers.to_numpy(float),
        0.0,
    )
    return mean * table.customers.sum()


def theirs(table, unit):
    """(parameters, None) where lifetimes says that it converged, else (None, what it said)."""
    fitter = ModifiedBetaGeoFitter(penalizer_coef=0.0)
    try:
        fitter.fit(table.repeats, table.span / unit, table.age / unit, weights=table.customers)
    except Exception as error:  # Its own exception types differ by release.
        return None, type(error).__name__
    parameters = fitter.params_.to_numpy()
    return (parameters, None) if np.isfinite(parameters).all() else (None, "not finite")


def main():
    warnings.simplefilter("ignore")
    beacon, *cases = sys.argv[1:]
    print("| data | day | customers | unit | ours | at their parameters | theirs less ours |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    worse = 0
    for case in cases:
        file, day = case.rsplit(":", 1)
        told = subprocess.run([beacon, "table", file, day], check=True, capture_output=True, text=True).stdout
        first, _, rest = told.partition("\n")
        r, alpha, a, b, reported = map(float, first[1:].split())
        table = pd.read_csv(io.StringIO(rest))
        name = file.rsplit("/", 1)[-1].removesuffix(".csv")
        for label, unit in UNITS.items():
            ours = likelihood([r, alpha / unit, a, b], table, unit)
            if unit == 1.0 and abs(ours - reported) > 1e-6 * abs(ours):
                sys.exit(f"{case}: the formulas disagree: {reported} and {ours}")
            found, said = theirs(table, unit)
            there = likelihood(found, table, unit) if found is not None else None
            worse += there is not None and there - ours > 0.001
            shown = f"{there:.3f} | {there - ours:+.4f}" if there is not None else f"{said} | "
            print(f"| {name} | {day} | {table.customers.sum()} | {label} | {ours:.3f} | {shown} |")
    sys.exit(f"{worse} fits are less likely than theirs" if worse else 0)


if __name__ == "__main__":
    main()
