//! The only room that speaks Redis (or its in-process stand-in); losing it loses no data.
