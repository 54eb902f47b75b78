//! Any text as a template, with cells from its own end: refused with a place, or rendered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowcast::adapters::template::Compiled;
use rowcast::model::entry::Templates;
use rowcast::model::row::{Header, Place, Row, RowNumber, variable_name};

fuzz_target!(|text: &str| {
    let names = ["First Name", "Company", "Ort"].map(str::to_owned).to_vec();
    let header = Header {
        variables: names.iter().map(|name| variable_name(name)).collect(),
        names,
        ..Header::default()
    };
    let templates = Templates {
        message: "m.txt".to_owned(),
        subject: None,
        files: vec![("m.txt".to_owned(), text.to_owned())],
    };
    let Ok(mut compiled) = Compiled::new(&templates, &header) else {
        return;
    };
    let mut row = Row::new();
    row.start(RowNumber(2), Place(0));
    for cell in ["{{ company }}", "", text] {
        row.push_text(cell);
        row.end_cell();
    }
    if let Ok(rendered) = compiled.render(&row) {
        assert!(!rendered.message.trim().is_empty());
    }
});
