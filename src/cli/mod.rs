//! What a person types, and what the terminal shows.

mod again;
#[expect(clippy::doc_markdown, reason = "the comments are the help text, where backticks are noise")]
mod args;
mod commands;
mod defect;
mod exit;
mod help;
mod init;
mod pages;
mod settings;
mod terminal;
mod watch;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use rowcast::adapters::suppress::SuppressError;
use rowcast::campaign::settings::Settings;

use args::{Arguments, Command, InitArgs};
use commands::sandbox::ServeError;
use exit::Exit;
use init::InitError;
use settings::{SettingsError, Surroundings, Typed};
use terminal::{OutError, Screen};

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Init(#[from] InitError),
    #[error(transparent)]
    Out(#[from] OutError),
    #[error("cannot make the manual page: {0}")]
    Manual(io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Suppress(#[from] SuppressError),
}

impl Failure {
    const fn exit(&self) -> Exit {
        match self {
            Self::Settings(error) => error.exit(),
            Self::Init(_) | Self::Serve(_) | Self::Suppress(_) => Exit::Refused,
            Self::Out(_) | Self::Manual(_) => Exit::Defect,
        }
    }
}

/// Parses the command line, does what it asks, and says how that ended.
pub fn run() -> ExitCode {
    defect::install();
    let parsed = Arguments::command()
        .try_get_matches()
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, again::words(&matches))));
    let (arguments, words) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error).into(),
    };
    let show = arguments.show.clone();
    let mut screen = Screen::of_process(show.color.unwrap_or_default(), show.level());
    let done = obey(arguments, words, &mut screen);
    let written = screen.finish().map_err(Failure::from);
    let exit = done.and_then(|exit| written.map(|()| exit)).unwrap_or_else(|failure| {
        screen.error(&failure);
        failure.exit()
    });
    exit.into()
}

/// Help and version go to stdout and are no error; whatever else clap refuses is one.
fn usage(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    // A reader that went away, as in `rowcast --help | head`, needs no help.
    let tame = terminal::block(&text);
    let _ = if tame == text {
        error.print()
    } else {
        // An argument that a script took from somewhere steers no terminal either.
        io::stderr().write_all(tame.as_bytes())
    };
    if error.exit_code() == 0 { Exit::Done } else { Exit::Usage }
}

fn obey(arguments: Arguments, words: Vec<String>, screen: &mut Screen) -> Result<Exit, Failure> {
    let Arguments { command, show } = arguments;
    let typed = |typed: Typed| typed.with(show, words);
    match command {
        Command::Init(args) => init(&args, screen),
        Command::Check(args) => campaign(typed(Typed::from(*args)), screen, commands::check::run),
        Command::Preview(args) => {
            let (html, order) = (args.html.clone(), args.order());
            campaign(typed(Typed::from(*args)), screen, |settings, screen| match &html {
                Some(target) => commands::preview::page(settings, order, target, screen),
                None => commands::preview::run(settings, order, screen),
            })
        }
        Command::Run(args) => campaign(typed(Typed::from(*args)), screen, commands::run::run),
        Command::Plan(args) => campaign(typed(Typed::from(*args)), screen, commands::plan::run),
        Command::Status(args) => campaign(typed(Typed::from(*args)), screen, commands::status::run),
        Command::Results(args) => campaign(typed(Typed::from(&*args)), screen, |settings, screen| {
            commands::results::run(settings, &args.status, args.output.as_deref(), screen)
        }),
        Command::Report(args) => campaign(typed(Typed::from(&*args)), screen, |settings, screen| {
            commands::report::run(settings, &args.html, screen)
        }),
        Command::Reconcile(args) => campaign(typed(Typed::from(&*args)), screen, |settings, screen| {
            commands::reconcile::run(settings, &args.orders(), screen)
        }),
        Command::Suppress(args) => {
            let folder = settings::data_folder(&Surroundings::of_process())?;
            Ok(commands::suppress::run(&args, folder.as_deref(), screen)?)
        }
        Command::History(args) => {
            let folder = settings::data_folder(&Surroundings::of_process())?;
            Ok(commands::history::run(&args, folder.as_deref(), screen))
        }
        Command::Accounts(args) => {
            let service = settings::resolve_service(&args, &Surroundings::of_process())?;
            Ok(commands::accounts::run(&service, screen))
        }
        Command::Sandbox(args) => Ok(commands::sandbox::run(&args, screen)?),
        Command::Completions(args) => {
            screen.data(&pages::completions(args.shell));
            Ok(Exit::Done)
        }
        Command::Man => {
            screen.data(&pages::manual().map_err(Failure::Manual)?);
            Ok(Exit::Done)
        }
    }
}

fn init(args: &InitArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let written = init::write(&args.folder)?;
    for path in &written {
        screen.say(&format!("wrote {}", terminal::one_line(&path.display().to_string())));
    }
    if let Some(kept) = init::kept(&written) {
        screen.say(&kept);
    }
    screen.say(&init::next_steps(&args.folder));
    Ok(Exit::Done)
}

/// Resolves the settings of a campaign and hands them to its use case.
fn campaign(typed: Typed, screen: &mut Screen, act: impl FnOnce(&Settings, &mut Screen) -> Exit) -> Result<Exit, Failure> {
    let settings = settings::resolve(typed, &Surroundings::of_process())?;
    screen.adjust(settings.show.color, settings.show.level);
    Ok(act(&settings, screen))
}
