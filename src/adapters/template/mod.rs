//! Message and subject templates (tera): read from files, checked against the sheet's columns, rendered row by row.
//!
//! - `tokens` cuts a template as tera does, `names` and `expression` judge every name in it, in all branches.
//! - `part` hands the text to tera with small edits: `row["First Name"]` and names with letters beyond ASCII become names that
//!   tera reads, operands of `~` get a filter that refuses what is missing. Places are always those of the author's text.
//! - `placeholders` finds what other tools would have filled in.
//! - `compiled` renders rows. Cells are values, never template text, and nothing is escaped.

mod columns;
mod compiled;
mod error;
mod expression;
mod filters;
mod load;
mod names;
mod part;
mod place;
mod placeholders;
#[cfg(test)]
mod tests;
mod tokens;

pub use compiled::{Compiled, Rendered, Use};
pub use error::{TemplateError, TemplateErrors};
pub use load::{LONGEST_FILE, load};
pub use place::Place;
pub use placeholders::{Placeholder, placeholders};
