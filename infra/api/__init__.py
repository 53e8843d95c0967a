"""The API's document and what is answered, held against each other: what `infra/check-api` is made of.

`lint` reads the document, `faults` damages it, `shop` starts a server with a shop in it whose ids name something, `settings` says how
schemathesis is to send, `hooks` runs inside of it and writes down every answer, `tally` judges what was reached.
"""
