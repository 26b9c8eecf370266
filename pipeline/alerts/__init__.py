"""Tell people what a run met: each alert is written to a log first, then sent to Slack beside the run.

    model    what an alert says; counts and names of sources and rules, never a value of a row
    log      every alert and what became of it; says which are still open
    slack    one message to one incoming webhook
    sender   sends beside the run, tries again, gives up in time, remembers what it could not send
    watch    decides what of a run is worth an alert

Layer: pipeline.
"""
