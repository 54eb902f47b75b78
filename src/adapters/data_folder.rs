//! The folder in which a user's machine keeps what all campaigns share (etcetera).

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// Our folder among those of other programs.
const OWN: &str = "rowcast";

/// The folder: the one that was said, else the system's place for a user's data. `None` where a user has no home.
///
/// It need not be there yet.
#[must_use]
pub fn data_folder(said: Option<&Path>) -> Option<PathBuf> {
    match said {
        Some(folder) => Some(folder.to_owned()),
        None => Some(etcetera::base_strategy::choose_native_strategy().ok()?.data_dir().join(OWN)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_beats_the_place_of_the_system() {
        assert_eq!(data_folder(Some(Path::new("there"))).as_deref(), Some(Path::new("there")));
        if let Some(folder) = data_folder(None) {
            assert!(folder.ends_with(OWN), "{}", folder.display());
        }
    }
}
