"""The deployment in an emulator of AWS: what `infra/deploy-locally` is made of.

`process` runs the emulator, `stack` deploys the template to it, `values` says what the template's expressions come to, `found`
reads back what was made, `api` calls the deployed API, `story` lives a shop's first days through it, `paths` sends ids that paths
cannot hold, `machines` executes the run's state machine where its function fails, `events` follows a move to the event bus.
"""
