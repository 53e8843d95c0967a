"""FILE AS_OF [CUSTOMERS_OUT]: the 27 counts by Polars, as JSON. Lazy and streaming; dates are compared as text and parsed once per customer."""

import json
import sys
from datetime import date

import polars as pl

file, as_of, out = sys.argv[1], date.fromisoformat(sys.argv[2]), (sys.argv[3:] or [None])[0]
schema = {"customer_id": pl.UInt32, "order_id": pl.UInt32, "timestamp": pl.String, "amount": pl.Float64}
# n_unique took half the time of two levels of grouping, and streaming less than the in-memory engine.
rows = pl.scan_csv(file, schema=schema)
cents = (pl.col("amount") * 100).round().cast(pl.Int64)
rfm = (
    rows.group_by("customer_id")
    .agg(pl.col("timestamp").max(), pl.col("order_id").n_unique().cast(pl.Int64).alias("frequency"), cents.sum().alias("monetary"))
    .select(
        "customer_id",
        (pl.lit(as_of) - pl.col("timestamp").str.slice(0, 10).str.to_date("%Y-%m-%d")).dt.total_days().alias("recency"),
        "frequency",
        "monetary",
    )
    .collect(engine="streaming")
)


def classes(axis: str) -> pl.Expr:
    cuts = [rfm[axis].quantile(q, interpolation="linear") for q in (1 / 3, 2 / 3)]
    return 1 + (pl.col(axis) > cuts[0]).cast(pl.Int8) + (pl.col(axis) > cuts[1]).cast(pl.Int8)


scored = rfm.with_columns(
    (4 - classes("recency")).alias("r"), classes("frequency").alias("f"), classes("monetary").alias("m")
)
print(json.dumps({f"r{r}f{f}m{m}": n for r, f, m, n in scored.group_by("r", "f", "m").len().rows()}))
if out:
    scored.sort("customer_id").write_csv(out, include_header=False)
