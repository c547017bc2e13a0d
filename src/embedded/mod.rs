//! The private Postgres of `tandem demo` and of the tests.
