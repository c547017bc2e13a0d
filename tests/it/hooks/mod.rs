//! CRMs that tell of changes by themselves: who is believed, what is kept of it, what follows, and that the
//! CRM goes on telling.

mod arriving;
mod calls;
mod channels;
mod hints;
mod lost;
pub(crate) mod stage;
