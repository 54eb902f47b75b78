//! What happens when rowcast itself is wrong.

use std::io::Write;
use std::panic::PanicHookInfo;

use rowcast::model::contained::is_contained;

use super::exit::Exit;

/// From here on a panic, on whatever thread, says one line and ends the process with 70, unless it is that of a parser which
/// gave up on what a person wrote: the reader then says what is wrong with the file.
///
/// Going on after a panic could only lose track of what was sent; what was sent is in the journal. The panic's own
/// text is not shown, since it may have a cell or the key in it.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        if is_contained() {
            return;
        }
        // There is nobody left to tell where stderr cannot be written.
        let _ = writeln!(std::io::stderr(), "{}", line(info));
        std::process::exit(Exit::Defect.status().into());
    }));
}

fn line(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |place| {
        format!(" at {}:{}", place.file().replace('\\', "/"), place.line())
    });
    format!(
        "error: a defect of rowcast {}{place}; what was sent is in the journal, and running the same command again sends nothing twice",
        env!("CARGO_PKG_VERSION")
    )
}
