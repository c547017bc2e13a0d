//! Builds everything from `Config`; the only file that knows all rooms.
