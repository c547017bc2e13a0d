//! Whose budget it is.

use sha2::{Digest, Sha256};

/// An account at a provider and the user there whose grant is used: the day belongs to the account,
/// windows to the grant. Whoever is connected to the same account shares them, whichever company of
/// ours it is; all that one sees of the other is what the provider itself tells of its account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BudgetKey {
    pub(super) account: String,
    pub(super) user: String,
}

impl BudgetKey {
    /// Hashed: whoever reads the cache learns of no account.
    pub fn of(provider: &str, account_id: &str, user_id: &str) -> Self {
        let hash = |text: &str| hex::encode(&Sha256::digest(text.as_bytes())[..16]);
        Self {
            account: hash(&format!("{provider}\n{account_id}")),
            user: hash(&format!("{provider}\n{account_id}\n{user_id}")),
        }
    }
}

/// A budget that nobody else has: for a grant whose account is not known yet.
impl From<&str> for BudgetKey {
    fn from(name: &str) -> Self {
        Self { account: name.to_owned(), user: String::new() }
    }
}
