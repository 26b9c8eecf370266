"""Tell lineage tools what each delivery read and wrote: OpenLineage events, in a file and, where asked, over HTTP.

    events   what the events of a delivery say: jobs, tables with versions, rows and columns; never a value of a row
    sender   writes them down, sends them, and gives up in time; a run never fails for them
    teller   follows one run and tells of it

Layer: pipeline.
"""
