//! Sends what a plan says: pace, then intent, then request, then outcome. Tells events and prints nothing.

pub mod pace;
