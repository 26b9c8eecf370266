"""Who asks: persons, their passwords and tokens, the company's own sign-in, and the gate before every request.

Layer: chatbot. Decides who somebody is; what they may see is the access policy's to say.
"""
