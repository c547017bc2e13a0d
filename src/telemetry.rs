//! Tracing, request ids, metrics; what is never logged.
