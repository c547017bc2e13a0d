//! Why Stripe did not do it, named by what to do next.

/// No message of Stripe's is kept: they quote keys and what was sent.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// Nothing is known to have happened; the same request may be sent again.
    #[error("Stripe did not answer ({0}); try again later")]
    Away(&'static str),
    /// The account has no such customer: it is another account than before, or somebody deleted it.
    #[error("Stripe does not know the customer")]
    NoCustomer,
    /// Whoever operates Tandem has to look: keys, prices, settings of the account.
    #[error("Stripe refused ({status}, {code})")]
    Refused { status: u16, code: String },
    #[error("Stripe sent something that this version cannot read")]
    Unreadable,
}

impl StripeError {
    /// Whether trying again later may help by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}
