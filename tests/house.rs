//! Holds the house to its plan: floors, the homes of foreign crates, and what docs/design.md says of files and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rowcast::model::problem::Code;

const DESIGN: &str = include_str!("../docs/design.md");

/// From the top down: a floor may name those that come after it.
const FLOORS: [&str; 5] = ["cli", "campaign", "engine", "adapters", "model"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its text; the name is relative to the repository and has `/` between its parts.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut folders = vec![root().join(folder)];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let name = |path: &Path| {
        let parts = path.strip_prefix(root()).expect("below").iter();
        parts.map(|part| part.to_str().expect("UTF-8")).collect::<Vec<_>>().join("/")
    };
    files
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).expect("readable")))
        .collect()
}

/// The text without comments at the starts of lines: what it says of other modules is no use of them.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The names that follow `prefix` in a text, such as `model` after `crate::`; also each one in braces.
fn names_after(text: &str, prefix: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = |text: &str| text.chars().take_while(|c| is_name(*c)).collect::<String>();
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        if text[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => names.extend([name(rest)]),
            Some(group) => {
                let (mut depth, mut start) = (0, true);
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && is_name(c) => {
                            names.insert(name(&group[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

/// The floor of a file of `src`, and its room there: `adapters` and `sheet` for `src/adapters/sheet/text.rs`.
fn place(file: &str) -> Option<(&str, &str)> {
    let mut parts = file.strip_prefix("src/")?.split('/');
    let floor = parts.next()?;
    Some((floor, parts.next()?.trim_end_matches(".rs")))
}

#[test]
fn a_module_names_only_floors_below_its_own() {
    let mut seen = 0;
    for (file, text) in sources("src") {
        let Some((floor, _)) = place(&file) else { continue };
        let height = FLOORS.iter().position(|name| *name == floor).expect("a floor");
        let code = code(&text);
        let mut named = names_after(&code, "crate::");
        named.extend(names_after(&code, "rowcast::"));
        for name in named.iter().filter_map(|name| FLOORS.iter().position(|floor| floor == name)) {
            assert!(name >= height, "{file} names {}", FLOORS[name]);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn no_adapter_names_another() {
    let files = sources("src");
    let adapters: BTreeSet<String> = files
        .iter()
        .filter_map(|(file, _)| place(file))
        .filter(|(floor, _)| *floor == "adapters")
        .map(|(_, room)| room.to_owned())
        .collect();
    assert!(adapters.len() > 8, "{adapters:?}");
    for (file, text) in files {
        let Some(("adapters", room)) = place(&file) else { continue };
        let code = code(&text);
        for other in names_after(&code, "crate::adapters::") {
            assert_eq!(other, room, "{file}");
        }
        assert!(!code.contains("crate::{"), "{file}: a path in braces would not be seen here");
        // From a file of a folder one `super` more leads to the other adapters; `mod.rs` stands for its folder.
        let floors_up = file.matches('/').count() - 1 - usize::from(file.ends_with("/mod.rs"));
        let ways = (floors_up > 0).then(|| names_after(&code, &"super::".repeat(floors_up)));
        for other in ways.into_iter().flatten() {
            assert!(other == room || !adapters.contains(&other), "{file} names {other}");
        }
    }
}

/// The names in backticks of a cell.
fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The rows of the table below a heading, each with its cells.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, below) = DESIGN.split_once(&format!("\n## {heading}\n")).expect("a heading");
    let lines = below.lines().take_while(|line| !line.starts_with("## "));
    let rows = lines.filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.skip(1)
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

#[test]
fn every_foreign_crate_stays_at_home() {
    let mut homes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in table("Foreign crates") {
        for name in ticked(row[0]) {
            homes.insert(name, ticked(row[1]));
        }
    }
    assert!(homes.len() > 10, "{homes:?}");
    let mut used = BTreeSet::new();
    for (file, text) in sources("src") {
        let Some((floor, room)) = place(&file) else { continue };
        let code = code(&text);
        for (name, homes) in &homes {
            if names_after(&code, &format!("{name}::")).is_empty() || is_local(&code, name) {
                continue;
            }
            let is_test = file.ends_with("tests.rs") || file.contains("/tests/") || (*name == "tempfile" && code.contains("#[cfg(test)]"));
            let here = format!("{floor}/{room}");
            let at_home = is_test || homes.iter().any(|home| *home == floor || *home == here);
            assert!(at_home, "{file} names {name}, whose home is {homes:?}");
            used.insert(*name);
        }
    }
    let unused: Vec<_> = homes.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "nothing names {unused:?}");
}

/// Whether the name is that of a module of our own in this file.
fn is_local(code: &str, name: &str) -> bool {
    ["super::", "crate::adapters::", "mod "]
        .iter()
        .any(|prefix| names_after(code, prefix).contains(name))
}

#[test]
fn the_model_knows_serde_and_thiserror_alone() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    let (_, dependencies) = manifest.split_once("\n[dependencies]\n").expect("dependencies");
    let (dependencies, _) = dependencies.split_once("\n\n").expect("an end");
    let names = dependencies
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| name.replace('-', "_"));
    let foreign: Vec<String> = names.filter(|name| name != "serde" && name != "thiserror").collect();
    assert!(foreign.len() > 20, "{foreign:?}");
    for (file, text) in sources("src/model") {
        let code = code(&text);
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for name in &foreign {
            assert!(names_after(code, &format!("{name}::")).is_empty(), "{file} names {name}");
        }
    }
}

#[test]
fn the_model_does_no_io_and_knows_no_clock() {
    for (file, text) in sources("src/model") {
        let code = code(&text);
        for word in [
            "std::fs",
            "std::io",
            "std::net",
            "std::thread",
            "std::process",
            "std::env",
            "SystemTime",
            "Instant",
            "async fn",
            ".await",
        ] {
            assert!(!code.contains(word), "{file} names {word}");
        }
    }
}

#[test]
fn only_the_command_line_and_the_progress_write_to_the_terminal() {
    for (file, text) in sources("src") {
        let code = code(&text);
        let may = |word: &str| match place(&file) {
            None | Some(("cli", _)) => true,
            Some(("adapters", "progress")) => word == "stderr()",
            Some(_) => false,
        };
        for word in ["println!", "print!", "eprintln!", "eprint!", "dbg!", "stdout()", "stderr()"] {
            assert!(may(word) || !code.contains(word), "{file} has {word}");
        }
    }
}

#[test]
fn what_the_design_says_is_there() {
    for row in table("Floors") {
        for name in ticked(row[0]) {
            let path = root().join("src").join(name);
            assert!(path.is_dir() || path.with_extension("rs").is_file(), "docs/design.md names {name}");
        }
    }
    let tests: String = ["tests", "src"].into_iter().flat_map(sources).map(|(_, text)| text).collect();
    for row in table("Promises, and the tests that hold them") {
        assert!(!ticked(row[1]).is_empty(), "{row:?}");
        for name in ticked(row[1]) {
            assert!(tests.contains(&format!("fn {name}()")), "docs/design.md names the test {name}");
        }
    }
}

#[test]
fn the_design_has_every_file_and_every_file_says_what_it_is() {
    let named: BTreeSet<&str> = table("Floors").iter().flat_map(|row| ticked(row[0])).collect();
    for (file, text) in sources("src") {
        assert!(text.starts_with("//! ") || file.contains("test"), "{file} does not say what it is");
        let Some((floor, room)) = place(&file) else { continue };
        assert!(
            room == "mod" || named.contains(format!("{floor}/{room}").as_str()),
            "docs/design.md lacks {floor}/{room}"
        );
    }
}

#[test]
fn the_page_of_problems_has_every_code_and_no_other() {
    const PAGE: &str = include_str!("../docs/preflight.md");
    let (_, below) = PAGE.split_once("| code | severity |").expect("a table of codes");
    let rows = below.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut listed = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [code, severity, meaning, remedy] = cells.as_slice() else {
            panic!("{row}")
        };
        let known = ["error", "warning", "note", "warning or note"];
        assert!(known.contains(severity) && !meaning.is_empty() && !remedy.is_empty(), "{row}");
        assert!(listed.insert(ticked(code)[0].to_owned()), "twice: {row}");
    }
    let codes: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    let (lacks, unknown): (Vec<_>, Vec<_>) = (codes.difference(&listed).collect(), listed.difference(&codes).collect());
    assert!(lacks.is_empty(), "docs/preflight.md lacks {lacks:?}");
    assert!(unknown.is_empty(), "docs/preflight.md has codes that there are not: {unknown:?}");
    // A code that nothing uses is none either.
    let code: String = sources("src")
        .into_iter()
        .filter(|(file, _)| !file.ends_with("problem/code.rs"))
        .map(|(_, text)| text)
        .collect();
    for one in Code::ALL {
        assert!(code.contains(&format!("Code::{one:?}")), "nothing uses {one}");
    }
}

/// The texts that a patch changes, file by file, as they have to stand there before it.
fn changed(patch: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut file = "";
    for line in patch.lines() {
        match (line.strip_prefix("--- a/"), line.get(..1)) {
            (Some(name), _) => file = name,
            (None, Some("@")) => found.push((file, String::new())),
            (None, Some(" " | "-")) => {
                if let Some((_, text)) = found.last_mut() {
                    text.push_str(&line[1..]);
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_mutation_still_finds_the_code_that_it_breaks_and_a_test_that_has_to_notice() {
    let tests: String = sources("tests/suite").into_iter().map(|(_, text)| text).collect();
    let patches = fs::read_dir(root().join("tests/mutations")).expect("readable");
    let mut seen = 0;
    for path in patches.map(|entry| entry.expect("an entry").path()) {
        let (name, patch) = (path.display(), fs::read_to_string(&path).expect("readable"));
        let line = |word: &str| patch.lines().find_map(|line| line.strip_prefix(word));
        assert!(
            line("What: ").is_some_and(|what| !what.is_empty()),
            "{name} does not say what it breaks"
        );
        let test = line("Test: ").and_then(|test| test.split("::").last()).unwrap_or_default();
        assert!(
            test.len() > 3 && tests.contains(&format!("fn {test}")),
            "{name}: no test of the suite begins with `{test}`"
        );
        for (file, text) in changed(&patch) {
            let code = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{name}: {file}: {error}"));
            // Once: where there were two places, nobody could say which of them is broken.
            let places = code.matches(&text).count();
            assert_eq!(
                places, 1,
                "{name} does not apply any more; what it changes in {file} is there {places} times:\n{text}"
            );
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

/// Whether a file is in one of the folders that a package of crates.io is without, and this is such a package.
fn left_out(file: &str) -> bool {
    let folder = file.split('/').next().unwrap_or_default();
    ["benches", "fuzz"].contains(&folder) && !root().join(folder).exists()
}

/// Every page of the repository, relative to it, with its text. What is generated is no page.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for folder in ["", "docs/", "benches/", "fuzz/"] {
        if left_out(folder) {
            continue;
        }
        for entry in fs::read_dir(root().join(folder)).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
                pages.insert(format!("{folder}{name}"), fs::read_to_string(&path).expect("readable"));
            }
        }
    }
    pages
}

/// Where the links of a page lead that stay in the repository: file and heading, each relative to the repository, or empty.
fn links(page: &str, text: &str) -> Vec<(String, String)> {
    // What stands in a block of code is no link.
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|prose| prose.split("](").skip(1)).map(|rest| {
        let (target, _) = rest.split_once(')').unwrap_or_else(|| panic!("{page}: a link without end: {rest}"));
        target
    });
    let local = targets.filter(|target| !target.contains("://"));
    local
        .map(|target| {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let mut parts: Vec<&str> = page.split('/').collect();
            if !path.is_empty() {
                parts.pop();
                for part in path.split('/') {
                    if part != ".." {
                        parts.push(part);
                    } else if parts.pop().is_none() {
                        panic!("{page}: {target} leads out of the repository");
                    }
                }
            }
            (parts.join("/"), heading.to_owned())
        })
        .collect()
}

/// What a heading is called in a link, as the places where repositories are shown call it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_found_from_the_readme() {
    let pages = pages();
    for (page, text) in &pages {
        for (file, heading) in links(page, text) {
            assert!(
                root().join(&file).exists() || left_out(&file),
                "{page} links to {file}, which there is not"
            );
            let headings = pages
                .get(&file)
                .map_or("", String::as_str)
                .lines()
                .filter(|line| line.starts_with('#'));
            assert!(
                heading.is_empty() || headings.map(anchor).any(|anchor| anchor == heading),
                "{page} links to {file}#{heading}, which there is not"
            );
        }
    }
    let mut found = BTreeSet::from(["README.md".to_owned()]);
    let mut unread = vec!["README.md".to_owned()];
    while let Some(page) = unread.pop() {
        let linked = links(&page, pages.get(&page).map_or("", String::as_str));
        unread.extend(linked.into_iter().map(|(file, _)| file).filter(|file| found.insert(file.clone())));
    }
    let lost: Vec<&String> = pages.keys().filter(|page| !found.contains(*page)).collect();
    assert!(lost.is_empty(), "no link leads from README.md to {lost:?}");
}
