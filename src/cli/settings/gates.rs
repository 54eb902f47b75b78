//! What is asked about people before they are written to.

use rowcast::campaign::settings::{GATE_AGE, Gate, Gates, Requirement, Resolve, SkipWhen};
use rowcast::model::time::Span;

use super::error::SettingsError;
use super::keys;
use super::layers::Layers;
use crate::cli::args::GateArgs;

/// Puts the gates together.
///
/// # Errors
/// Where a layer says something that is no gate.
pub fn gates(flags: &GateArgs, layers: &Layers<'_>) -> Result<Gates, SettingsError> {
    let required: Vec<Requirement> = layers.pick_all(flags.require.clone(), &keys::REQUIRE)?;
    let skipped: Vec<SkipWhen> = layers.pick_all(flags.skip.clone(), &keys::SKIP)?;
    let required = required.into_iter().map(|Requirement::Connected| Gate::Unconnected);
    let skipped = skipped.into_iter().map(|when| match when {
        SkipWhen::InConversation => Gate::InConversation,
        SkipWhen::Replied => Gate::Replied,
    });
    let mut held_by: Vec<Gate> = required.chain(skipped).collect();
    held_by.sort_unstable();
    held_by.dedup();
    let age: Option<Span> = layers.pick(flags.gate_age, &keys::GATE_AGE)?;
    Ok(Gates {
        held_by,
        resolve: layers.switch(flags.resolve.into(), &keys::RESOLVE, Resolve::Wanted)?,
        age: age.map_or(GATE_AGE, |Span(age)| age),
    })
}
