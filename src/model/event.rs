//! What the engine tells while it works: facts, not words for a screen.
