//! The command line of rowcast: parse, run, exit code.

fn main() {}
