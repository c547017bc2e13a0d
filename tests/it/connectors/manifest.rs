//! What holds for every connector, whichever CRM it speaks to.

use std::collections::HashSet;

use tandem::{
    connectors::{self, Endpoints, Extent, Stale},
    domain::{ActivityKind, ActivityType},
};

#[test]
fn every_manifest_is_whole_and_no_slug_is_used_twice() {
    let mut slugs = HashSet::new();
    for connector in connectors::all() {
        let manifest = connector.manifest();
        assert!(slugs.insert(manifest.slug));
        assert!(manifest.slug.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(manifest.custom_prefix.ends_with('_'));
        assert!(manifest.color.len() == 7 && manifest.color.starts_with('#'));
        assert!(manifest.scopes.iter().any(|scope| scope.required));
        assert!(manifest.scopes.iter().all(|scope| !scope.words.is_empty()));
        assert!(!manifest.never.is_empty());
        assert!(manifest.burst.requests > 0 && manifest.daily_tokens > 0);
        assert!(connectors::find(manifest.slug).is_some());
        // Panics on a malformed address.
        let endpoints = Endpoints::production(manifest);
        assert!(!endpoints.is_plain());
        let default = endpoints.default_api_base();
        assert_eq!(endpoints.api_base(default.as_str()).as_ref(), Ok(default));
    }
    assert!(connectors::find("unknown").is_none());
}

#[test]
fn whoever_can_be_written_to_has_a_price_and_a_kind_for_every_activity() {
    for connector in connectors::all() {
        let Some(writer) = connector.writer() else { continue };
        let costs = &connector.manifest().costs;
        assert!(costs.write > 0 && costs.delete > 0 && costs.record > 0 && costs.kinds > 0);
        assert!(writer.reference_name().is_none_or(|name| name.contains("Tandem")));
        let known =
            |active| [ActivityType { key: "own_kind".into(), name: "Own kind".into(), active }];
        for kind in ActivityKind::ALL {
            assert_eq!(writer.activity_type(*kind, &[]), None);
            assert_eq!(writer.activity_type(*kind, &known(false)), None);
            let any = writer.activity_type(*kind, &known(true));
            assert_eq!(any.as_deref(), Some("own_kind"), "{kind}");
        }
    }
}

#[test]
fn what_is_stale_is_said_by_the_code_of_a_refusal() {
    let refused = |code: &str| connectors::CrmError::Refused {
        reason: "",
        status: 400,
        code: Some(code.to_owned()),
        said: vec![],
    };
    for stale in [Stale::Reference, Stale::Label, Stale::Owner, Stale::Organization, Stale::Kind] {
        assert_eq!(refused(stale.word()).stale(), Some(stale));
    }
    assert_eq!(refused("ERR_SCHEMA_VALIDATION_FAILED").stale(), None);
    assert_eq!(connectors::CrmError::Missing.stale(), None);
}

#[test]
fn a_forecast_counts_whole_pages_of_each_kind() {
    let manifest = connectors::all()[0].manifest();
    let forecast = |persons, organizations, deals| {
        let [persons, organizations, deals] = [persons, organizations, deals].map(Some);
        connectors::forecast(manifest, Extent::Full { persons, organizations, deals })
    };
    let large = forecast(20_000, 4_000, 10_001);
    assert_eq!(large.requests, Some(40 + 8 + 21 + 2));
    assert_eq!(large.tokens, Some((40 + 8 + 21) * 10 + 20 + 10));
    // An empty list is asked for once.
    assert_eq!(forecast(0, 0, 0).requests, Some(3 + 2));
}

#[test]
fn a_wider_scope_covers_a_narrower_one() {
    let manifest = connectors::all()[0].manifest();
    let all: Vec<_> = manifest.scopes.iter().map(|scope| scope.name.to_owned()).collect();
    assert_eq!(connectors::missing_scopes(manifest, &all), [""; 0]);
    let wider: Vec<_> = all.iter().map(|name| name.replace(":read", ":full")).collect();
    assert_eq!(connectors::missing_scopes(manifest, &wider), [""; 0]);
    let narrower: Vec<_> = all.iter().map(|name| name.replace(":full", ":read")).collect();
    assert!(!connectors::missing_scopes(manifest, &narrower).is_empty());
    let required = manifest.scopes.iter().find(|scope| scope.required).unwrap().name;
    assert_eq!(connectors::missing_scopes(manifest, &[])[0], required);
}
