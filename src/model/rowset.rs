//! placeholder
use super::row::RowNumber;
/// Rows.
#[derive(Debug, Clone)]
pub struct RowSet;
impl RowSet {
    /// In.
    pub fn contains(&self, _: RowNumber) -> bool {
        true
    }
}
