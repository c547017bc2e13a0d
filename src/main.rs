//! `tandem`: one binary, many commands.

fn main() {}
