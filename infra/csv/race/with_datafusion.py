"""FILE AS_OF [CUSTOMERS_OUT]: the 27 counts by DataFusion, as JSON. Types are given; money is decimal."""

import json
import sys

import pyarrow as pa
from datafusion import SessionContext

file, as_of, out = sys.argv[1], sys.argv[2], (sys.argv[3:] or [None])[0]
db = SessionContext()
schema = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("order_id", pa.int64()),
        ("timestamp", pa.timestamp("s")),
        ("amount", pa.decimal128(12, 2)),
    ]
)
db.register_csv("rows", file, schema=schema, has_header=True)
rfm = db.sql(
    f"""
    select customer_id,
           cast(date '{as_of}' - cast(max(timestamp) as date) as bigint) as recency,
           count(distinct order_id) as frequency,
           cast(sum(amount) * 100 as bigint) as monetary
    from rows group by customer_id
    """
).cache()
db.register_view("rfm", rfm)
scored = db.sql(
    """
    with cuts as (
        select percentile_cont(1.0/3) within group (order by cast(recency as double)) as r1,
               percentile_cont(2.0/3) within group (order by cast(recency as double)) as r2,
               percentile_cont(1.0/3) within group (order by cast(frequency as double)) as f1,
               percentile_cont(2.0/3) within group (order by cast(frequency as double)) as f2,
               percentile_cont(1.0/3) within group (order by cast(monetary as double)) as m1,
               percentile_cont(2.0/3) within group (order by cast(monetary as double)) as m2
        from rfm
    )
    select customer_id, recency, frequency, monetary,
           3 - cast(recency > r1 as int) - cast(recency > r2 as int) as r,
           1 + cast(frequency > f1 as int) + cast(frequency > f2 as int) as f,
           1 + cast(monetary > m1 as int) + cast(monetary > m2 as int) as m
    from rfm cross join cuts
    """
).cache()
db.register_view("scored", scored)
counts = db.sql("select r, f, m, count(*) as n from scored group by r, f, m").to_pylist()
print(json.dumps({f"r{row['r']}f{row['f']}m{row['m']}": row["n"] for row in counts}))
if out:
    with open(out, "w", encoding="utf-8") as file:
        for row in db.sql("select * from scored order by customer_id").to_pylist():
            print(*row.values(), sep=",", file=file)
