//! Prints the cells of a sheet as rowcast reads them, for `tests/corpora/measure.py` to compare with what others read.
//!
//!     cells FILE RECIPIENT_HEADER [TAB]
//!
//! One JSON object: `{"read":"text, UTF-8, …","header":[…],"rows":[[2,["cell", …]], …]}`, or `{"refused":"why"}`.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::path::Path;

use rowcast::adapters::sheet::{Options, Sheet, SheetError};
use rowcast::model::row::Row;
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let at = |index: usize| arguments.get(index).filter(|argument| !argument.is_empty()).cloned();
    let options = Options {
        tab: at(2),
        columns: at(1).map(|header| ("recipient".to_owned(), header)).into_iter().collect(),
        ..Options::default()
    };
    let read = read(Path::new(&at(0).unwrap_or_default()), &options);
    println!("{}", read.unwrap_or_else(|error| json!({"refused": error.to_string()})));
}

/// Every cell with the white space around it, which rowcast takes off only where it uses the cell.
fn read(path: &Path, options: &Options) -> Result<Value, SheetError> {
    let sheet = Sheet::open(path, options)?;
    let (mut rows, mut row, mut all) = (sheet.rows(), Row::new(), Vec::new());
    while rows.next_into(&mut row)? {
        let cells: Vec<&str> = (0..row.len()).map(|column| row.raw(column)).collect();
        all.push(json!([row.number(), cells]));
    }
    Ok(json!({"read": sheet.description().to_string(), "header": sheet.header().names, "rows": all}))
}
