//! The rules of templates, each by a small example.

use proptest::prelude::*;

use super::{Compiled, Rendered};
use crate::model::entry::Templates;
use crate::model::row::{Header, Place, Row, RowNumber, variable_name};

const HEADERS: [&str; 6] = ["First Name", "company", "Title", "zip", "Größe (cm)", "firstName2"];

fn header(names: &[&str]) -> Header {
    Header {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        variables: names.iter().map(|name| variable_name(name)).collect(),
        ..Header::default()
    }
}

fn row(cells: &[&str]) -> Row {
    let mut row = Row::new();
    row.start(RowNumber(7), Place(0));
    for cell in cells {
        row.push_text(cell);
        row.end_cell();
    }
    row
}

fn templates(files: &[(&str, &str)]) -> Templates {
    Templates {
        message: files[0].0.to_owned(),
        subject: files.iter().find(|file| file.0.starts_with('s')).map(|file| file.0.to_owned()),
        files: files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
    }
}

fn compiled(message: &str) -> Compiled {
    Compiled::new(&templates(&[("m.txt", message)]), &header(&HEADERS)).unwrap()
}

fn rendered(message: &str, cells: &[&str]) -> String {
    compiled(message).render(&row(cells)).unwrap().message
}

fn problems(message: &str, cells: &[&str]) -> Vec<String> {
    let problems = compiled(message).render(&row(cells)).unwrap_err();
    problems.into_iter().map(|problem| problem.text).collect()
}

/// The lines of the errors of templates.
fn refused(files: &[(&str, &str)]) -> Vec<String> {
    let errors = Compiled::new(&templates(files), &header(&HEADERS)).err();
    errors.map_or_else(Vec::new, |errors| errors.to_string().lines().map(ToOwned::to_owned).collect())
}

fn refusal(message: &str) -> String {
    refused(&[("m.txt", message)]).join("\n")
}

#[test]
fn a_column_has_all_its_names() {
    let cells = ["Zoë", "Acme", "Dr", "00123", "170", "two"];
    let template = "{{ first_name }}|{{ row[\"First Name\"] }}|{{ zip }}|{{ größe_cm }}|{{ row['Größe (cm)'] }}|{{ firstName2 }}|{{ first_name2 }}|{{ row.zip }}";
    assert_eq!(rendered(template, &cells), "Zoë|Zoë|00123|170|170|two|two|00123");
}

#[test]
fn cells_are_values_and_never_template_text_and_never_escaped() {
    for cell in [
        "{{ company }}",
        "{% if x %}",
        "a < b & \"c\" 'd'",
        "שלום",
        "👩‍👩‍👧 hi",
        "${x} %s \\n",
        "{# no #}",
    ] {
        assert_eq!(rendered("{{ first_name }}", &[cell]), cell);
        assert_eq!(rendered("<{{ first_name | safe }}>", &[cell]), format!("<{cell}>"));
    }
}

#[test]
fn nothing_is_escaped_whatever_the_file_is_called() {
    let files = templates(&[("m.html", "{{ company }} {% set x = company %}{{ x }}")]);
    let mut compiled = Compiled::new(&files, &header(&HEADERS)).unwrap();
    assert_eq!(compiled.render(&row(&["", "A&B <x>"])).unwrap().message, "A&B <x> A&B <x>");
}

#[test]
fn texts_are_trimmed_at_their_end_alone() {
    assert_eq!(rendered("  Hi\n\n\u{a0} \n", &[]), "  Hi");
    let files = templates(&[("m.txt", "x"), ("s.txt", "  {{ company | default(value=\"\") }} \n")]);
    let mut compiled = Compiled::new(&files, &header(&HEADERS)).unwrap();
    assert_eq!(compiled.render(&row(&["", "Acme"])).unwrap().subject.as_deref(), Some("  Acme"));
    let none = Rendered {
        message: "x".to_owned(),
        subject: None,
        defaults: 1,
    };
    assert_eq!(compiled.render(&row(&["", ""])), Ok(none));
}

#[test]
fn a_blank_cell_that_is_printed_is_a_problem_of_its_row() {
    assert_eq!(
        problems("Hi {{ first_name }}", &[" ", "Acme"]),
        [
            "column `First Name` is blank, and m.txt line 1 column 7 prints it; fill the cell or write {{ first_name | default(value=\"…\") }}"
        ]
    );
    for (template, place, written) in [
        ("{{ row[\"Title\"] }}", 4, "row[\"Title\"]"),
        ("{{ title | upper }}", 4, "title"),
        ("{{ title | str }}", 4, "title"),
        ("{{ title | length }}", 4, "title"),
        ("{{ 'a' ~ title }}", 10, "title"),
        ("{{ title ~ 'a' }}", 4, "title"),
        ("{{ company ~ title ~ company }}", 14, "title"),
        ("{{ 'a' ~ row['Title'] }}", 10, "row['Title']"),
        ("{{ 'a' ~ (title) }}", 11, "title"),
        ("{{ [company, title] | join(sep=' ') }}", 14, "title"),
        ("{{ title[0] }}", 4, "title"),
        ("{{ company and title }}", 16, "title"),
        ("{{ größe_cm }}", 4, "größe_cm"),
    ] {
        let found = problems(template, &["", "Acme"]);
        assert_eq!(found.len(), 1, "{template}: {found:?}");
        let ending = format!("prints it; fill the cell or write {{{{ {written} | default(value=\"…\") }}}}");
        assert!(
            found[0].contains(&format!("m.txt line 1 column {place} ")) && found[0].ends_with(&ending),
            "{template}: {found:?}"
        );
    }
}

#[test]
fn every_blank_cell_of_a_row_is_told_at_once() {
    let found = problems("{{ first_name }} {{ company }}\n{{ title | upper }}", &["", "", ""]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[2].starts_with("column `Title` is blank, and m.txt line 2 column 4"),
        "{found:?}"
    );
}

#[test]
fn a_default_is_the_way_out_and_is_counted() {
    let mut compiled =
        compiled("{{ first_name | default(value=\"there\") }} {{ 'x' ~ row['Title'] | default(value='') }}{{ company or 'you' }}");
    let blank = compiled.render(&row(&["", ""])).unwrap();
    assert_eq!((blank.message.as_str(), blank.defaults), ("there xyou", 2));
    let filled = compiled.render(&row(&["Zoë", "Acme", "Dr"])).unwrap();
    assert_eq!((filled.message.as_str(), filled.defaults), ("Zoë xDrAcme", 0));
}

#[test]
fn a_blank_cell_is_false_in_a_condition() {
    for name in [
        "title",
        "row[\"Title\"]",
        "row.Title",
        "title and true",
        "title is defined",
        "title == 'Dr'",
    ] {
        let template = format!("{{% if {name} %}}yes{{% else %}}no{{% endif %}}");
        assert_eq!(rendered(&template, &["", "", "Dr"]), "yes", "{name}");
        assert_eq!(rendered(&template, &["", "", "  "]), "no", "{name}");
    }
}

#[test]
fn a_row_leaves_nothing_to_the_next() {
    let mut compiled = compiled("{% if title %}{{ title }}{% else %}none{% endif %}{% for k, v in row %} {{ k }}={{ v }}{% endfor %}");
    let first = compiled.render(&row(&["a", "b", "Dr"])).unwrap().message;
    assert_eq!(first, "Dr First Name=a company=b Title=Dr");
    assert_eq!(compiled.render(&row(&["c", ""])).unwrap().message, "none First Name=c");
}

#[test]
fn row_always_means_the_row() {
    let mut compiled = Compiled::new(&templates(&[("m.txt", "{{ row['row'] }}{{ row['a'] }}")]), &header(&["row", "a"])).unwrap();
    assert_eq!(compiled.render(&row(&["r", "x"])).unwrap().message, "rx");
    assert_eq!(
        refusal("{% set row = 1 %}"),
        "m.txt line 1 column 8: `row` always means the row of the sheet; choose another name than `row`"
    );
}

#[test]
fn an_unknown_variable_is_an_error_wherever_it_stands() {
    let exist = "the columns give `first_name`, `company`, `title`, `zip`, `größe_cm`, `first_name2`";
    assert_eq!(
        refusal("Hi {{ first_nam }}"),
        format!("m.txt line 1 column 7: no column gives `first_nam` (did you mean `first_name`?); {exist}")
    );
    for template in [
        "{% if title %}{{ nmae }}{% endif %}",
        "{% if false %}a{% elif nmae %}b{% endif %}",
        "{{ nmae | default(value='x') }}",
        "{{ company | default(value=nmae) }}",
        "{{ title if nmae else company }}",
        "{{ [x for x in nmae] }}",
        "{{ [x for x in [1] if nmae] }}",
        "{% for x in nmae %}{% endfor %}",
        "{% for x in [1] %}{% else %}{{ nmae }}{% endfor %}",
        "{% set y = nmae %}",
        "{% set y %}{{ nmae }}{% endset %}",
        "{% filter replace(from='a', to=nmae) %}{% endfilter %}",
        "{{ {'a': nmae} }}",
        "{{ company[nmae] }}",
        "{{ row[nmae] }}",
        "{{ 'a' ~ nmae }}",
        "{{ nmae.x }}",
        "{{ range(end=nmae) }}",
        "{{ company is containing(nmae) }}",
        "{% block b %}{{ nmae }}{% endblock %}",
    ] {
        assert!(
            refusal(template).contains("no column gives `nmae`"),
            "{template}: {}",
            refusal(template)
        );
    }
    for template in [
        "{{ x }}{% for x in [1] %}{% endfor %}",
        "{% for x in [1] %}{% endfor %}{{ x }}",
        "{% for x in [1] %}{% else %}{{ x }}{% endfor %}",
        "{{ [x for x in x] }}",
        "{{ x }}{% set x = 1 %}",
    ] {
        assert!(
            refusal(template).contains("no column gives `x`"),
            "{template}: {}",
            refusal(template)
        );
    }
}

#[test]
fn an_unknown_header_is_an_error_too() {
    assert_eq!(
        refusal("{{ row[\"Frist Name\"] }}"),
        "m.txt line 1 column 4: no column gives `row[\"Frist Name\"]` (did you mean `row[\"First Name\"]`?); the columns are `First Name`, `company`, `Title`, `zip`, `Größe (cm)`, `firstName2`"
    );
    for template in [
        "{{ row.Nmae }}",
        "{{ row?.Nmae | default(value='') }}",
        "{{ row?['Nmae'] }}",
        "{% if false %}{{ row['Nmae'] }}{% endif %}",
    ] {
        assert!(
            refusal(template).contains("no column gives `row[\"Nmae\"]`"),
            "{template}: {}",
            refusal(template)
        );
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let lines = refused(&[
        ("m.txt", "{{ a1 }}\n{{ b1 | uper }}\n{{ now() }}"),
        ("s.txt", "{{ c1 }}{{ company is ood }}"),
    ]);
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(
        lines[2].starts_with("m.txt line 2 column 9: there is no filter `uper` (did you mean `upper`?)"),
        "{lines:#?}"
    );
    assert_eq!(
        lines[3],
        "m.txt line 3 column 4: there is no function `now`: what is previewed must be what is sent, so templates read no clock, no environment and no chance; make it a column of the sheet"
    );
    assert_eq!(lines[5], "s.txt line 1 column 23: there is no test `ood` (did you mean `odd`?)");
}

#[test]
fn what_a_template_makes_itself_is_no_column() {
    let template = "{% set x = company | upper %}{{ x }}{% for y in [1, 2] %}{{ loop.index }}{{ y }}{% set_global z = y %}{% endfor %}{{ z }}{{ [a ~ '' for a in [3]] | join }}{% raw %}{{ nobody }}{% endraw %}{# {{ nobody }} #}";
    assert_eq!(rendered(template, &["", "Acme"]), "ACME112223{{ nobody }}");
    assert!(refusal("{{ __tera_context }}").contains("`__tera_context` is not for templates"));
    assert!(refusal("{{ loop.index }}").contains("no column gives `loop`"));
}

#[test]
fn includes_blocks_and_components_work_and_are_searched() {
    let files = [
        (
            "t/m.txt",
            "{% extends './base.txt' %}{% block b %}{{ company }}{% set x = 1 %}{% include 'i.txt' %}{% endblock %}",
        ),
        ("t/base.txt", "Hi {% block b %}{% endblock %}{{<sig name={first_name} />}}"),
        (
            "t/i.txt",
            "-{{ x }}{{ row['zip'] }}{% component sig(name) %} {{ name }}{% endcomponent %}",
        ),
    ];
    let mut compiled = Compiled::new(&templates(&files), &header(&HEADERS)).unwrap();
    assert_eq!(
        compiled.render(&row(&["Zoë", "Acme", "", "007"])).unwrap().message,
        "Hi Acme-1007 Zoë"
    );
    let bad = refused(&[("t/m.txt", "{% include 'i.txt' %}"), ("t/i.txt", "a\n {{ nmae }}")]);
    assert!(bad[0].starts_with("t/i.txt line 2 column 5: no column gives `nmae`"), "{bad:?}");
    let bad = refusal("{% component c(a) %}{{ a }}{{ company }}{% endcomponent %}{{<c a='x'/>}}");
    assert!(
        bad.starts_with("m.txt line 1 column 31: no column gives `company` here, since a component sees only its arguments"),
        "{bad}"
    );
    let bad = refused(&[("m.txt", "{% include 'i.txt' %}"), ("i.txt", "{% include 'm.txt' %}")]);
    assert!(!bad.is_empty());
}

#[test]
fn text_that_is_no_template_is_told_with_its_place() {
    assert_eq!(
        refusal("Hi\n{{ company"),
        "m.txt line 2 column 11: the template ends inside a tag or block; close it"
    );
    assert!(
        refusal("{% if company %}x").starts_with("m.txt line 1 column "),
        "{}",
        refusal("{% if company %}x")
    );
    assert!(
        refusal("{{ company + }}").starts_with("m.txt line 1 column 14: found `}}` but expected"),
        "{}",
        refusal("{{ company + }}")
    );
    assert!(
        refusal("{% nonsense %}").starts_with("m.txt line 1 column 4: unknown tag"),
        "{}",
        refusal("{% nonsense %}")
    );
    assert!(
        refusal("{{<nobody/>}}").starts_with("m.txt line 1 column 3: Unknown component `nobody`"),
        "{}",
        refusal("{{<nobody/>}}")
    );
    for template in ["{{ größe_cm ~ }}", "{{ row[\"Größe (cm)\"] + }}"] {
        let column = template.chars().count() - 1;
        assert!(
            refusal(template).starts_with(&format!("m.txt line 1 column {column}: ")),
            "{template}: {}",
            refusal(template)
        );
    }
}

#[test]
fn a_message_needs_text_and_a_subject_one_line() {
    assert_eq!(
        problems(" {# x #}\u{200b}\n", &[]),
        ["the message is empty: m.txt renders to nothing for this row"]
    );
    let files = templates(&[("m.txt", "x"), ("s.txt", "{{ company }}\n")]);
    let mut compiled = Compiled::new(&files, &header(&HEADERS)).unwrap();
    assert!(compiled.render(&row(&["", "a"])).is_ok());
    for line_break in ["\n", "\r\n", "\u{2028}", "\u{85}"] {
        let problems = compiled.render(&row(&["", &format!("a{line_break}b")])).unwrap_err();
        assert_eq!(problems[0].code.as_str(), "subject-line-break");
    }
}

#[test]
fn what_a_filter_cannot_use_is_told_in_one_line() {
    assert_eq!(
        problems("{{ company | int }}", &["", "ten"]),
        ["m.txt line 1 column 14: The string `ten` cannot be converted to an int in base 10"]
    );
    assert_eq!(
        problems("{{ throw(message=company) }}", &["", "a\n\u{1b}[1mb"]),
        ["m.txt line 1 column 4: a  [1mb"]
    );
    assert_eq!(
        problems("{% if title %}{% set x = 1 %}{% endif %}{{ x }}", &[]),
        ["m.txt line 1 column 44: `x` has no value in this row"]
    );
}

#[test]
fn rendering_is_bounded() {
    assert!(problems("{% for i in range(end=1000000000) %}x{% endfor %}", &[])[0].contains("`range` gives more than 1000 numbers"));
    let nested = "{% for i in range(end=1000) %}{% for j in range(end=1000) %}{{ company }}{% endfor %}{% endfor %}";
    assert_eq!(problems(nested, &["", "Acme"]), ["m.txt renders to more than 1 MiB"]);
    let doubling = "{% set x = company %}{% for i in range(end=1000) %}{% set_global x = x ~ x %}{% endfor %}";
    assert!(problems(doubling, &["", "Acme"])[0].contains("the text grows beyond 1 MiB"));
    let doubling = "{% set x = company %}{% for i in range(end=1000) %}{% set_global x = x | replace(from='A', to='AA') %}{% endfor %}";
    assert!(problems(doubling, &["", "Acme"])[0].contains("the text grows beyond 1 MiB"));
}

#[test]
fn the_columns_that_templates_use_are_known() {
    let compiled = compiled("{{ zip }}{% if false %}{{ row['First Name'] }}{% endif %}");
    assert_eq!(compiled.used_columns(), [0, 3]);
    let uses: Vec<String> = compiled
        .uses()
        .iter()
        .map(|one| format!("{} {} {}", one.column, one.written, one.place))
        .collect();
    assert_eq!(uses, ["3 zip m.txt line 1 column 4", "0 row['First Name'] m.txt line 1 column 27"]);
    let whole = super::tests::compiled("{{ row | length }}");
    assert_eq!(whole.used_columns().len(), 6);
    let places: Vec<String> = whole.whole_row_uses().iter().map(ToString::to_string).collect();
    assert_eq!(places, ["m.txt line 1 column 4"]);
    assert!(compiled.whole_row_uses().is_empty());
}

#[test]
fn every_filter_test_and_function_that_is_named_exists() {
    for filter in super::expression::FILTERS {
        let found = refusal(&format!("{{{{ company | {filter} }}}}"));
        assert_eq!(found, "", "{filter}");
    }
    for test in super::expression::TESTS {
        assert_eq!(refusal(&format!("{{{{ company is {test} }}}}")), "", "{test}");
    }
}

proptest! {
    #[test]
    fn a_cell_is_printed_as_it_is_and_changes_nothing_else(cell in "\\PC{0,40}|[{}%#\"'<>&\\\\\n a-z]{0,20}") {
        let row = row(&["", "Acme", &cell]);
        let mut alone = compiled("{{ title }}");
        let mut between = compiled("a{{ company }}{% if title %}[{{ title }}]{% else %}[]{% endif %}z");
        let trimmed = crate::model::row::trim(&cell);
        if trimmed.is_empty() {
            prop_assert!(alone.render(&row).is_err());
        } else {
            prop_assert_eq!(alone.render(&row).unwrap().message, trimmed);
        }
        prop_assert_eq!(between.render(&row).unwrap().message, format!("aAcme[{trimmed}]z"));
    }

    #[test]
    fn no_template_makes_it_panic(text in "([{]{2}|[}]{2}|[{]%|%[}]|[{]#|#[}]| |row|\\[|\\]|\"|'|~|for|in|if|endif|set|x|=|company|\\.|\\||default|\\(|\\)|<|/|>|ö|-|1){0,14}") {
        if let Ok(mut compiled) = Compiled::new(&templates(&[("m.txt", &text)]), &header(&HEADERS)) {
            let _ = compiled.render(&row(&["a", "b", "", "d"]));
        }
    }
}
