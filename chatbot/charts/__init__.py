"""One file a kind of chart; the folder is the registry.

A chart file defines one constant `CHART`. The first kind, by rank, that fits a result's shape draws it. Files whose
name begins with an underscore are shared parts, not charts.
Layer: chatbot.
"""
