//! One file or folder for each foreign thing; none names another.

pub mod api;
pub mod calendar;
pub mod data_folder;
pub mod database;
pub mod digest;
pub mod files;
pub mod journal;
pub mod pace;
pub mod pages;
pub mod progress;
pub mod results;
pub mod sandbox;
pub mod sheet;
pub mod suppress;
pub mod template;
