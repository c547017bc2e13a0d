//! Where addresses and numbers go. Pure.

use crate::domain::{PersonKind, RemoteValue};

/// Places for numbers, and the labels that belong into them.
pub(super) type Places = &'static [(&'static str, &'static [&'static str])];
const PLACES: Places = &[
    ("MobilePhone", &["mobile", "cell"]),
    ("HomePhone", &["home", "private"]),
    ("Phone", &[]),
    ("OtherPhone", &[]),
];
const LEAD_PLACES: Places = &[("MobilePhone", &["mobile", "cell"]), ("Phone", &[])];

pub(super) const fn places(kind: PersonKind) -> Places {
    match kind {
        PersonKind::Contact => PLACES,
        PersonKind::Lead => LEAD_PLACES,
    }
}

pub(super) fn primary_first(values: &[RemoteValue]) -> Vec<&RemoteValue> {
    let mut ordered: Vec<&RemoteValue> = values.iter().collect();
    ordered.sort_by_key(|value| !value.primary);
    ordered
}

/// Each number to the place of its label, to a free one, or to none.
pub(super) fn phones(
    values: &[RemoteValue],
    places: Places,
) -> (Vec<(&'static str, String)>, Vec<String>) {
    let (mut numbered, mut others) = (Vec::<(&'static str, String)>::new(), Vec::new());
    for value in primary_first(values) {
        let label = value.label.as_deref().unwrap_or_default().to_lowercase();
        let free = |place: &str| {
            places.iter().any(|(known, _)| *known == place)
                && numbered.iter().all(|(taken, _)| *taken != place)
        };
        let named = places.iter().find(|(_, labels)| labels.iter().any(|one| label.contains(one)));
        let plain = ["Phone", "OtherPhone"].into_iter().find(|place| free(place));
        let place = named.map(|(place, _)| *place).filter(|place| free(place)).or(plain);
        match place {
            Some(place) => numbered.push((place, value.value.trim().to_owned())),
            None => others.push(value.value.trim().to_owned()),
        }
    }
    (numbered, others)
}
