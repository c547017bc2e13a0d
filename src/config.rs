//! Environment -> `Config`, once, with a sentence per variable.
