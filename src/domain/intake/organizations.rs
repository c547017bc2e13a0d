//! What a page of remote organizations does to the book: by mapping, then by name, then new.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::domain::{OrganizationId, RemoteId, RemoteOrganization};

/// An organization to write.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganizationRow {
    pub organization_id: OrganizationId,
    pub name: String,
    pub website: Option<String>,
    pub country: Option<String>,
}

/// How a remote organization is mapped already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrganizationMapping {
    pub organization_id: OrganizationId,
    pub fingerprint: i64,
}

/// All writes of a page of organizations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrganizationPlan {
    pub inserts: Vec<OrganizationRow>,
    pub updates: Vec<OrganizationRow>,
    /// remote id, organization, fingerprint
    pub mappings: Vec<(RemoteId, OrganizationId, i64)>,
    pub seen: i64,
    pub unchanged: i64,
}

/// Equal fingerprints: nothing that we would store has changed.
pub fn organization_fingerprint(organization: &RemoteOrganization) -> i64 {
    let text = format!(
        "1\n{:?}\n{:?}\n{:?}\n{}",
        organization.name, organization.website, organization.country, organization.deleted
    );
    let hash = Sha256::digest(text.as_bytes());
    let (head, _) = hash.split_at(8);
    i64::from_le_bytes(head.try_into().unwrap_or_default())
}

/// The name as the book writes it.
pub fn name_of(organization: &RemoteOrganization) -> String {
    let name = organization.name.as_deref().unwrap_or_default().replace('\0', "");
    let name: String = name.trim().chars().take(500).collect();
    if name.is_empty() { format!("Organization {}", organization.id) } else { name }
}

/// Plans the writes of a page. `unmapped` holds organizations of the book that no remote one is
/// mapped to, by lower-cased name.
#[expect(clippy::implicit_hasher, reason = "the maps are ours")]
pub fn plan_organizations(
    page: &[RemoteOrganization],
    known: &HashMap<RemoteId, OrganizationMapping>,
    mut unmapped: HashMap<String, OrganizationId>,
    fresh: &mut dyn FnMut() -> OrganizationId,
) -> OrganizationPlan {
    let mut plan = OrganizationPlan::default();
    let mut handled = std::collections::HashSet::new();
    for remote in page {
        plan.seen += 1;
        let print = organization_fingerprint(remote);
        let mapped = known.get(&remote.id);
        let same = mapped.is_some_and(|mapping| mapping.fingerprint == print);
        if same || !handled.insert(remote.id.clone()) || (remote.deleted && mapped.is_none()) {
            plan.unchanged += 1;
            continue;
        }
        let name = name_of(remote);
        let row = |organization_id| OrganizationRow {
            organization_id,
            name: name.clone(),
            website: remote.website.clone(),
            country: remote.country.clone(),
        };
        let id = match (mapped, unmapped.remove(&name.to_lowercase())) {
            (Some(mapping), _) => {
                plan.updates.push(row(mapping.organization_id));
                mapping.organization_id
            }
            (None, Some(same_name)) => {
                plan.updates.push(row(same_name));
                same_name
            }
            (None, None) => {
                let id = fresh();
                plan.inserts.push(row(id));
                id
            }
        };
        plan.mappings.push((remote.id.clone(), id, print));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(id: &str, name: &str) -> RemoteOrganization {
        RemoteOrganization {
            id: RemoteId(id.into()),
            name: Some(name.into()),
            ..Default::default()
        }
    }

    #[test]
    fn an_organization_of_the_same_name_is_taken_over_once() {
        let ours = OrganizationId::fresh();
        let unmapped = HashMap::from([("acme".to_owned(), ours)]);
        let page = [remote("1", "ACME"), remote("2", "Acme")];

        let plan = plan_organizations(&page, &HashMap::new(), unmapped, &mut OrganizationId::fresh);

        assert_eq!(plan.mappings[0].1, ours);
        assert_ne!(plan.mappings[1].1, ours);
        assert_eq!((plan.inserts.len(), plan.updates.len()), (1, 1));
    }

    #[test]
    fn an_unchanged_organization_writes_nothing() {
        let ours = OrganizationId::fresh();
        let acme = remote("1", "Acme");
        let mapping = OrganizationMapping {
            organization_id: ours,
            fingerprint: organization_fingerprint(&acme),
        };
        let known = HashMap::from([(acme.id.clone(), mapping)]);

        let plan = plan_organizations(&[acme], &known, HashMap::new(), &mut OrganizationId::fresh);

        assert_eq!((plan.seen, plan.unchanged), (1, 1));
        assert!(plan.inserts.is_empty() && plan.updates.is_empty() && plan.mappings.is_empty());
    }
}
