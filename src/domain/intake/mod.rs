//! How remote persons become contacts: resolve names, compare with what we last took in, normalize,
//! judge, and plan the writes of a whole page. Pure, so that a page can be tried without a database.

mod merge;
mod normalize;
mod organizations;
mod plan;
mod resolve;

pub use merge::{ContactFields, MAY_EDIT};
pub use normalize::{
    Address, Identifier, IdentifierKind, Incoming, Number, identifiers, normalize, one_primary,
};
pub use organizations::{
    OrganizationMapping, OrganizationPlan, OrganizationRow, name_of, organization_fingerprint,
    plan_organizations,
};
pub use plan::{
    Candidate, Counts, Holders, Known, Outcome, PagePlan, PersonMapping, PlannedEntry,
    PlannedMapping, plan, unasked,
};
pub use resolve::{OrganizationRef, OwnerRef, Resolved, Source, resolve};

#[cfg(test)]
mod tests;
