//! What goes wrong on a write is told apart by whether it may have been done.
