"""The rules that a catalog must keep or should keep, by what they look at. Listed in `semantic.validation`."""
