"""One module for each group of commands: parse, call, print. No rule of the product lives here."""
