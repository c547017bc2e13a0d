//! Who may, and what a plan allows: the one place that decides.
