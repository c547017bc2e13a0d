//! What runs later.
