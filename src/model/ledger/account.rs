//! What is known of one key.

use super::Standing;
use crate::model::entry::Position;

/// What is known of one key, in 8 bytes: the position in 44 bits, attempts in 16, whether the key is its recipient's name
/// too, and the standing in 3.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account(u64);

impl Account {
    pub(super) const NEW: Self = Self(Self::NOWHERE << 20);
    /// Stands for no position: a journal of 16 TiB would have it.
    const NOWHERE: u64 = (1 << 44) - 1;
    const ATTEMPTS: u64 = 0xFFFF;

    pub(super) const fn position(self) -> Option<Position> {
        match self.0 >> 20 {
            Self::NOWHERE => None,
            position => Some(Position(position)),
        }
    }

    pub(super) fn set_position(&mut self, position: Position) {
        self.0 = position.0.min(Self::NOWHERE) << 20 | self.0 & 0xF_FFFF;
    }

    pub(super) const fn attempts(self) -> u32 {
        (self.0 >> 4 & Self::ATTEMPTS) as u32
    }

    /// More than 65,535 are not counted.
    pub(super) fn set_attempts(&mut self, attempts: u32) {
        self.0 = self.0 & !(Self::ATTEMPTS << 4) | u64::from(attempts).min(Self::ATTEMPTS) << 4;
    }

    pub(super) const fn is_own_name(self) -> bool {
        self.0 & 8 != 0
    }

    pub(super) const fn set_own_name(&mut self) {
        self.0 |= 8;
    }

    pub(super) const fn standing(self) -> Standing {
        match self.0 & 7 {
            0 => Standing::Untried,
            1 => Standing::NotSent,
            2 => Standing::Sent,
            3 => Standing::Failed,
            _ => Standing::Unconfirmed,
        }
    }

    pub(super) fn set_standing(&mut self, standing: Standing) {
        let bits = match standing {
            Standing::Untried => 0,
            Standing::NotSent => 1,
            Standing::Sent => 2,
            Standing::Failed => 3,
            Standing::Unconfirmed => 4,
        };
        self.0 = self.0 & !7 | bits;
    }
}
