//! What templates make of cells: placeholders that nobody fills, texts that are none, and what only all rows together show.

use super::cases::{Case, Said, error, error_of_all, message, named, refused, refused_below, sheet, warning, warning_of_all};
use crate::harness::workbook::{Row, Seen, Tab, text, xlsx};

/// A sheet of so many rows, each with a name of its own, and whatever `more` makes of its number.
fn crowd(count: usize, header: &str, more: impl Fn(usize) -> String) -> Case {
    let letters = |number: usize| {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
        format!("Q{}{}", letter(number / 26), letter(number))
    };
    let row = |row| format!("{},person-{row},{}", letters(row), more(row));
    let rows = (2..count + 2).map(row).collect::<Vec<_>>().join("\n");
    sheet(format!("First Name,LinkedIn,{header}\n{rows}\n"))
}

/// A sheet whose row 3 is hidden in the workbook.
fn hidden() -> Case {
    let mut tab = Tab::of(
        "People",
        [["First Name", "LinkedIn"], ["Anna", "anna-a"], ["Bert", "bert-b"]].map(|row| row.map(text).to_vec()),
    );
    if let Some(Row { seen, .. }) = tab.rows.get_mut(2) {
        *seen = Seen::Hidden;
    }
    sheet(xlsx(&[tab]))
}

/// A sheet whose row 3 names this file.
fn attached(file: &str) -> Case {
    sheet(format!("First Name,LinkedIn,Attachments\nAnna,anna-a,\nBert,bert-b,{file}\n"))
}

/// The template has a placeholder there that another tool would have filled in.
fn of_another_tool(place: &str, placeholder: &str, instead: &str) -> Said {
    let text = format!("{place}: `{placeholder}` is a placeholder of another tool, and would be sent as it stands; {instead}");
    error_of_all("foreign-placeholder", text)
}

/// The same, on the first line of the message, where a column has its name.
fn instead_of_first_name(placeholder: &str) -> Said {
    of_another_tool("message.txt line 1 column 4", placeholder, "write {{ first_name }}")
}

const NO_COLUMN: &str = "no column has this name; write {{ variable }} of a column, or {{ \"…\" }} around text that is meant";

/// An attachment of row 3 that cannot go.
fn cannot_go(why: &str) -> Said {
    let text = format!("attachment {why}; put the file there, or correct its name");
    error("attachment", 3, text).in_column("Attachments")
}

const NOTES: &str = "Hi {{ first_name }}, {{ note }}";

cases! {
    // Placeholders of other tools.
    fn a_placeholder_in_braces(): message("Hi {first_name},"), instead_of_first_name("{first_name}");
    fn a_placeholder_in_brackets(): message("Hi [First Name],"), instead_of_first_name("[First Name]");
    fn a_placeholder_in_percent_signs(): message("Hi %FIRST_NAME%,"), instead_of_first_name("%FIRST_NAME%");
    fn a_placeholder_in_two_percent_signs(): message("Hi %%First Name%%,"), instead_of_first_name("%%First Name%%");
    fn a_placeholder_in_angles(): message("Hi <<first name>>,"), instead_of_first_name("<<first name>>");
    fn a_placeholder_with_a_dollar(): message("Hi ${firstName},"), instead_of_first_name("${firstName}");
    fn a_placeholder_in_three_braces(): message("Hi {{{first_name}}},"),
        refused_below("message.txt line 1 column 4: `{{{first_name}}}` is a placeholder of another tool, and would be sent as it stands; \
            write {{ first_name }}");
    fn a_merge_tag(): message("Hi *|FNAME|*,"), of_another_tool("message.txt line 1 column 4", "*|FNAME|*", NO_COLUMN);
    fn a_merge_field(): message("Hi «First Name»,"), instead_of_first_name("«First Name»");
    fn a_placeholder_without_a_column(): message("Hi {{ first_name }} of [Company],"),
        of_another_tool("message.txt line 1 column 24", "[Company]", NO_COLUMN);
    fn a_placeholder_on_another_line(): message("Hi {{ first_name }},\n\nas I said, {firstName}: hello."),
        of_another_tool("message.txt line 3 column 12", "{firstName}", "write {{ first_name }}");
    fn a_placeholder_in_the_subject(): message("Hi {{ first_name }}").subject("For {first_name}"),
        of_another_tool("subject.txt line 1 column 5", "{first_name}", "write {{ first_name }}");

    // Variables that no column has.
    fn a_variable_with_a_slip(): message("Hi {{ frist_name }}"),
        refused("message.txt line 1 column 7: no column gives `frist_name` (did you mean `first_name`?); the columns give `first_name`, `linkedin`");
    fn a_variable_that_nobody_has(): message("Hi {{ first_name }} of {{ nobody }}"),
        refused("message.txt line 1 column 27: no column gives `nobody`; the columns give `first_name`, `linkedin`");
    fn a_variable_in_a_branch_that_is_not_taken(): message("Hi {% if first_name == \"x\" %}{{ nobody }}{% endif %}"),
        refused("message.txt line 1 column 33: no column gives `nobody`; the columns give `first_name`, `linkedin`");
    fn a_variable_with_a_slip_in_the_subject(): message("Hi").subject("For {{ frist_name }}"),
        refused("subject.txt line 1 column 8: no column gives `frist_name` (did you mean `first_name`?); the columns give `first_name`, `linkedin`");
    fn a_column_with_a_slip(): message("Hi {{ row[\"Frist Name\"] }}"),
        refused("message.txt line 1 column 7: no column gives `row[\"Frist Name\"]` (did you mean `row[\"First Name\"]`?); \
            the columns are `First Name`, `LinkedIn`");

    // Texts that cannot be meant.
    fn an_empty_message(): message("{% if first_name == \"Anna\" %}Hi{% endif %}"),
        error("empty-message", 3, "the message is empty: message.txt renders to nothing for this row");
    fn a_message_of_white_space(): message("{% if first_name == \"Anna\" %}Hi{% else %} \n\t \u{a0}{% endif %}"),
        error("empty-message", 3, "the message is empty: message.txt renders to nothing for this row");
    fn a_line_break_in_the_subject():
        message("Hi {{ first_name }}").subject("For {% if first_name == \"Bert\" %}{{ first_name }}\nand me{% else %}you{% endif %}"),
        error("subject-line-break", 3, "the subject has a line break: subject.txt must render to one line; look at the cells that it prints");
    fn a_line_break_of_a_cell_in_the_subject(): named("Bert\nPeter").subject("For {{ first_name }}"),
        error("subject-line-break", 3, "the subject has a line break: subject.txt must render to one line; look at the cells that it prints");
    fn a_message_that_is_too_long(): named("Bertold").with(&["--max-message", "25"]),
        error("message-too-long", 3, "the message has 26 characters, more than the 25 of --max-message; shorten it, or raise --max-message");
    fn a_message_longer_than_any_may_be(): named(&"long ".repeat(1700)),
        error("message-too-long", 3, "the message has 8518 characters, more than the 8000 of --max-message; shorten it, or raise --max-message");
    fn a_subject_that_is_too_long(): named("Bertold").subject("For {{ first_name }}").with(&["--max-subject", "10"]),
        error("subject-too-long", 3, "the subject has 11 characters, more than the 10 of --max-subject; shorten it, or raise --max-subject");
    fn a_subject_longer_than_any_may_be(): named(&"b".repeat(201)).subject("{{ first_name }}"),
        error("subject-too-long", 3, "the subject has 201 characters, more than the 200 of --max-subject; shorten it, or raise --max-subject");
    fn a_subject_that_the_inbox_does_not_carry():
        sheet("First Name,LinkedIn,Messaging Channel\nAnna,anna-a,\nBert,bert-b,linkedin_inbox\n").subject("Hello"),
        warning("subject-not-carried", 3, "the channel linkedin_inbox carries no subject; it is sent along and nobody will see it");

    // Files that cannot go with a message.
    fn an_attachment_that_is_missing(): attached("gone.pdf"),
        cannot_go("`gone.pdf`: cannot read gone.pdf: No such file or directory (os error 2)");
    fn an_attachment_that_is_a_folder(): attached("files").file("files/one.pdf", "%PDF"), cannot_go("`files`: files is no file");
    fn an_attachment_in_what_is_no_folder(): attached("one.pdf/two.pdf").file("one.pdf", "%PDF"),
        cannot_go("`one.pdf/two.pdf`: cannot read one.pdf/two.pdf: Not a directory (os error 20)");
    fn an_attachment_that_is_empty(): attached("empty.pdf").file("empty.pdf", ""), cannot_go("`empty.pdf`: empty.pdf is empty");
    fn an_attachment_that_is_too_large(): attached("large.pdf").file("large.pdf", vec![b'x'; 3000]).with(&["--max-attachment", "2kB"]),
        error("attachment-too-large", 3, "attachment `large.pdf` has 2.9 kB, more than the 2 kB of --max-attachment; make it smaller, or raise --max-attachment")
            .in_column("Attachments");

    // What all rows show together.
    fn the_same_message_to_everybody(): message("Hi there, hello from us."),
        warning_of_all("same-message", "all 2 messages are the same, though the sheet has names; does the template lack {{ first_name }} or the like?");
    fn a_greeting_that_differs_by_a_default(): named("").message("Hi {{ first_name | default(value=\"there\") }}"),
        warning_of_all("greeting-default", "1 of 2 messages greet without a name, by a default (row 3), while the others have one; \
            fill the cells, or look at these rows");
    fn many_people_of_one_company(): crowd(20, "Company", |row| if row < 7 { "Acme".to_owned() } else { format!("Firm {row}") }),
        warning_of_all("company-share", "5 of 20 messages go to people of `Acme`, who may compare them; send fewer, or over several days");
    fn a_message_far_longer_than_the_others():
        crowd(12, "Note", |row| if row == 5 { "long ".repeat(60) } else { "short".to_owned() }).message(NOTES),
        warning("odd-length", 5, "the message has 307 bytes, far longer than the others (the middle one has 13); look at it with preview");
    fn a_message_far_shorter_than_the_others():
        crowd(12, "Note", |row| if row == 5 { "x".to_owned() } else { "long ".repeat(60) }).message(NOTES),
        warning("odd-length", 5, "the message has 9 bytes, far shorter than the others (the middle one has 307); look at it with preview");
    fn a_row_that_is_hidden(): hidden(),
        warning_of_all("hidden-rows", "1 row is hidden in the workbook, perhaps by a filter (row 3), and would get messages like the others; \
            show it, or take it out of the sheet");
    fn a_recipient_twice(): sheet("First Name,LinkedIn\nAnna,anna-a\nAnna,anna-a\n"),
        warning("duplicate", 3, "duplicate: row 2 has the same key or recipient, and the first counts");
    fn a_recipient_twice_in_another_form():
        sheet("First Name,LinkedIn\nAnna,anna-a\nBert,bert-b\nAnna,https://de.linkedin.com/in/Anna-A/?trk=x\n"),
        warning("duplicate", 4, "duplicate: row 2 has the same key or recipient, and the first counts");
    fn a_key_twice(): sheet("First Name,LinkedIn,Id\nAnna,anna-a,1\nBert,bert-b,1\n").with(&["--key", "Id"]),
        warning("duplicate", 3, "duplicate: row 2 has the same key or recipient, and the first counts");
}
