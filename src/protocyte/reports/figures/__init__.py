"""One figure a module, each a function from results to a drawing."""
