"""The page: what an answer looks like to a person. `page` builds it, `view` decides what is shown, templates how.

Layer: chatbot.
"""
