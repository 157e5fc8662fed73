"""How are the models made and measured? Not part of the package that is installed."""
