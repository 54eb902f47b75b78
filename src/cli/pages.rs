//! What rowcast says about itself to shells and to `man`.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Arguments;
use super::help;

/// The completions of a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "rowcast", &mut text);
    text
}

/// The manual page: rowcast itself, then each command.
///
/// # Errors
/// None that a vector could give.
pub fn manual() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut command = Arguments::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        let name = format!("rowcast {}", part.get_name());
        text.extend_from_slice(format!(".SH \"{}\"\n", name.to_uppercase()).as_bytes());
        if let Some(about) = part.get_about() {
            text.extend_from_slice(format!("{about}.\n").as_bytes());
        }
        clap_mangen::Man::new(part.clone()).render_options_section(&mut text)?;
    }
    page.render_options_section(&mut text)?;
    for section in help::top_long().split("\n\n") {
        text.extend_from_slice(as_typed(section).as_bytes());
    }
    page.render_version_section(&mut text)?;
    Ok(text)
}

/// A section of the help under its own heading, its lines not filled, since columns carry its meaning.
fn as_typed(section: &str) -> String {
    let (heading, lines) = section.split_once('\n').unwrap_or((section, ""));
    let name = heading.split([':', '(']).next().unwrap_or(heading).trim();
    let escaped = |text: &str| text.replace('\\', "\\e").replace('-', "\\-");
    let mut page = format!(".SH {}\n.nf\n", escaped(&name.to_uppercase()));
    if heading.trim_end_matches(':') != name {
        page.push_str(&(escaped(heading) + "\n"));
    }
    for line in lines.lines() {
        // The empty escape keeps a line that begins with a dot from being an instruction.
        page.push_str(&("\\&".to_owned() + &escaped(line) + "\n"));
    }
    page.push_str(".fi\n");
    page
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_gets_completions_that_know_the_commands() {
        for shell in Shell::value_variants() {
            let text = String::from_utf8(completions(*shell)).expect("UTF-8");
            assert!(text.contains("preview") && text.contains("resend-unconfirmed"), "{shell}");
        }
    }

    #[test]
    fn the_manual_has_every_command_its_options_and_the_exit_statuses() {
        let text = String::from_utf8(manual().expect("a page")).expect("UTF-8");
        for part in [
            "ROWCAST RUN",
            "ROWCAST SANDBOX",
            ".SH EXIT STATUS",
            "CONNECTSAFELY_API_KEY",
            "max\\-failures",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
}
