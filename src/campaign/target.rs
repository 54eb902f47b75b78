//! Where somebody wants what a command makes.

use std::io::Write;
use std::path::Path;

/// A file, or whoever reads along.
pub enum Target<'p> {
    /// A file, which is whole at every instant.
    File(&'p Path),
    /// A stream, such as stdout.
    Stream(&'p mut dyn Write),
}
