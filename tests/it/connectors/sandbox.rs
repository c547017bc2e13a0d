//! The connector against the stand-in, which was written from the vendor's documents alone.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use chrono::Utc;
use secrecy::SecretString;
use serde_json::json;
use tandem::{
    connectors::{
        self, Credentials, CrmError, From, OAuthError, Revocable, Throttle, missing_scopes,
    },
    domain::RemoteId,
    sandbox::SandboxConfig,
};

use super::{
    rig::connector,
    stage::{Stage, callback, credentials, grant, small},
};

#[tokio::test]
async fn every_living_record_is_read_exactly_once_and_the_meter_agrees_with_the_truth() {
    let stage = Stage::new(small()).await;
    let truth = stage.control("GET", "/truth", json!({})).await;

    let persons = stage.persons().await.unwrap();
    let ids: BTreeSet<_> = persons.iter().map(|person| person.id.clone()).collect();
    assert_eq!((ids.len(), persons.len()), (1_200, 1_200));
    assert_eq!(json!(persons.len()), truth["persons"]);
    assert!(persons.iter().all(|person| person.updated_at.is_some()));
    assert!(persons.iter().any(|person| person.open_deals > Some(0)));
    assert!(persons.iter().any(|person| !person.custom.is_empty()));

    let organizations =
        connector().organizations(&stage.api, &From::default()).await.unwrap().items;
    assert_eq!(json!(organizations.len()), truth["organizations"]);
    let known: BTreeSet<_> = organizations.iter().map(|one| &one.id).collect();
    let linked: Vec<_> = persons.iter().filter_map(|one| one.organization.as_ref()).collect();
    assert!(!linked.is_empty() && linked.iter().any(|id| known.contains(id)));

    let first = connector().deals(&stage.api, &From::default()).await.unwrap();
    let from = From { cursor: first.next.clone(), ..From::default() };
    let second = connector().deals(&stage.api, &from).await.unwrap();
    assert_eq!(json!(first.items.len() + second.items.len()), truth["deals"]);
    assert!(first.items.iter().any(|deal| deal.value.is_some() && deal.person.is_some()));

    let spent = stage.meter.read();
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(counters["requests"]["GET /api/v2/persons"], json!(3));
    assert_eq!(counters["budgets"]["tokens_spent"]["7001"], json!(spent.tokens));
    assert_eq!((spent.requests, spent.tokens, spent.throttled), (6, 60, 0));
    let view = stage.budget.view().await;
    assert_eq!((view.spent_today, view.daily_limit), (60, Some(600_000)));
    assert_eq!((view.daily_remaining, view.burst_limit), (Some(599_940), 160));
}

#[tokio::test]
async fn account_users_and_fields_are_known() {
    let stage = Stage::new(small()).await;
    let account = connector().account(&stage.api).await.unwrap();
    assert_eq!(account.company_id.as_str(), "7001");
    assert_eq!(account.id, format!("7001:{}", account.user_id));
    assert!(account.admin && account.domain.is_some() && account.country.is_some());
    let link = connector().person_url(account.domain.as_deref(), &RemoteId("5".into()));
    assert!(link.unwrap().ends_with("/person/5"));

    let users = connector().users(&stage.api).await.unwrap();
    assert!(users.iter().any(|user| user.id == account.user_id && user.active));
    assert!(users.iter().any(|user| !user.active));

    let fields = connector().fields(&stage.api).await.unwrap();
    assert!(fields.labels.values().any(|label| label.to_lowercase() == "warm lead"));
    let persons = connector().persons(&stage.api, &From::default()).await.unwrap().items;
    let key = persons.iter().find_map(|person| person.custom.keys().next()).unwrap();
    assert!(!fields.custom[key].name.is_empty());
    let label = persons.iter().find_map(|person| person.labels.first()).unwrap();
    assert!(fields.labels.contains_key(label.as_str()));
}

#[tokio::test]
async fn a_delta_brings_what_changed_and_nothing_else() {
    let stage = Stage::new(small()).await;
    #[expect(clippy::disallowed_methods, reason = "the stand-in lives by the wall clock")]
    let since = Utc::now();
    let done = json!({"change": 7, "create": 2, "delete": 3});
    stage.control("POST", "/persons/mutate", done).await;
    let from = From { updated_since: Some(since), ..From::default() };
    let page = connector().persons(&stage.api, &from).await.unwrap();
    let living = page.items.iter().filter(|person| !person.deleted).count();
    assert_eq!((living, page.next), (9, None));
    assert!(page.items.is_sorted_by_key(|person| person.updated_at));
}

#[tokio::test]
async fn people_are_found_by_id_and_by_search() {
    let stage = Stage::new(small()).await;
    let all = stage.persons().await.unwrap();
    let mut wanted: Vec<_> = all.iter().take(130).map(|person| person.id.clone()).collect();
    wanted.push(RemoteId("999999999".to_owned()));
    let found = connector().persons_by_id(&stage.api, &wanted).await.unwrap();
    assert_eq!(found.items.len(), 130);
    assert_eq!(found.items.iter().find(|one| one.id == all[7].id), Some(&all[7]));

    let somebody = all.iter().find(|person| person.emails.len() == 1).unwrap();
    let hits =
        connector().search_persons(&stage.api, &somebody.emails[0].value, None).await.unwrap();
    assert!(hits.items.iter().any(|person| person == somebody));
    let organization = all.iter().find_map(|person| person.organization.clone()).unwrap();
    let found = connector().organizations_by_id(&stage.api, &[organization]).await.unwrap();
    assert_eq!(found.items.len(), 1);
}

#[tokio::test]
async fn an_expired_token_is_refreshed_in_the_middle_and_a_revoked_one_says_so() {
    let stage = Stage::new(small()).await;
    stage.control("POST", "/tokens/expire", json!({})).await;
    assert_eq!(stage.persons().await.unwrap().len(), 1_200);
    assert_eq!(stage.tokens.refreshes.load(SeqCst), 1);
    stage.control("POST", "/tokens/revoke", json!({})).await;
    assert_eq!(stage.persons().await.unwrap_err(), CrmError::Revoked);
}

#[tokio::test]
async fn every_passing_fault_costs_a_retry_and_loses_nobody() {
    let stage = Stage::patient(small(), Duration::from_secs(2)).await;
    for kind in [
        "status_5xx",
        "half_answer",
        "wrong_length",
        "html_200",
        "empty_json",
        "invalid_utf8",
        "redirect",
        "duplicate_keys",
        "timeout",
    ] {
        stage.fault(json!({"kind": kind, "path": "/api/v2/persons", "after": 1})).await;
        assert_eq!(stage.persons().await.map(|all| all.len()), Ok(1_200), "{kind}");
    }
    let counters = stage.control("GET", "/counters", json!({})).await;
    assert_eq!(json!(stage.meter.read().requests), counters["requests"]["GET /api/v2/persons"]);
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "gzip_bomb", "path": "/api/v2/persons"})).await;
    let error = stage.persons().await.unwrap_err();
    assert!(matches!(error, CrmError::Unreadable { .. }), "{error:?}");
}

#[tokio::test]
async fn slowing_down_is_told_from_a_used_up_day_and_from_being_shut_out() {
    let scope = |error: CrmError| match error {
        CrmError::Throttled { scope, .. } => scope,
        other => panic!("{other:?}"),
    };
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "burst_429", "path": "/api/v2/persons", "after": 1})).await;
    assert_eq!(stage.persons().await.unwrap().len(), 1_200);
    assert_eq!(stage.meter.read().throttled, 1);

    stage.fault(json!({"kind": "burst_429", "retry_after": 60})).await;
    assert_eq!(scope(stage.persons().await.unwrap_err()), Throttle::Burst);
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "daily_429", "retry_after": 3})).await;
    assert_eq!(scope(stage.persons().await.unwrap_err()), Throttle::Daily);
    let stage = Stage::new(small()).await;
    stage.fault(json!({"kind": "html_403"})).await;
    assert_eq!(scope(stage.persons().await.unwrap_err()), Throttle::Blocked);
}

#[tokio::test]
async fn a_job_leaves_a_part_of_the_day_without_a_single_429() {
    let stage = Stage::new(SandboxConfig { daily: 125, ..small() }).await;
    // 30 tokens a pass: four passes, then five are left, which are people's.
    for _ in 0..4 {
        stage.persons().await.unwrap();
    }
    let error = stage.persons().await.unwrap_err();
    assert!(matches!(error, CrmError::Throttled { scope: Throttle::Daily, .. }), "{error:?}");
    let budgets = stage.control("GET", "/counters", json!({})).await["budgets"].clone();
    assert_eq!(budgets["tokens_spent"]["7001"], json!(120));
    assert_eq!(budgets["refused"], json!({"burst": 0, "search": 0, "daily": 0}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_calls_is_never_told_to_slow_down() {
    let stage = Arc::new(Stage::new(SandboxConfig { burst: 40, ..small() }).await);
    // The first answer tells the size of the window.
    connector().account(&stage.api).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let stage = Arc::clone(&stage);
        tasks.spawn(async move {
            for _ in 0..12 {
                connector().account(&stage.api).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let budgets = stage.control("GET", "/counters", json!({})).await["budgets"].clone();
    assert_eq!(budgets["refused"]["burst"], json!(0));
    assert!(budgets["max_in_burst_window"].as_u64().unwrap() <= 40, "{budgets}");
    assert_eq!(stage.meter.read().requests, 97);
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named() {
    let stage = Stage::new(small()).await;
    stage.control("POST", "/scopes", json!({"scope": "base,contacts:full"})).await;
    let grant = grant(&stage.crm, &stage.endpoints, &stage.http).await.unwrap();
    let missing = missing_scopes(connector().manifest(), &grant.scopes);
    assert!(missing.contains(&"deals:read") && missing.contains(&"webhooks:full"));
    *stage.tokens.access.lock().unwrap() = grant.access_token;
    let error = connector().deals(&stage.api, &From::default()).await.unwrap_err();
    assert_eq!(error, CrmError::MissingScope { needed: "deals:read" });
    connector().persons(&stage.api, &From::default()).await.unwrap();
}

#[tokio::test]
async fn a_hostile_host_in_a_grant_is_refused() {
    let stage = Stage::new(small()).await;
    for domain in ["https://evil.example", "http://127.0.0.1:1", "https://u@127.0.0.1"] {
        stage.control("POST", "/api_domain", json!({"api_domain": domain})).await;
        let answer = grant(&stage.crm, &stage.endpoints, &stage.http).await;
        assert!(matches!(answer.err(), Some(OAuthError::ForbiddenHost { .. })), "{domain}");
    }
}

#[tokio::test]
async fn codes_and_credentials_are_refused_by_name_and_a_revoked_install_is_dead() {
    let stage = Stage::new(small()).await;
    let (http, endpoints) = (&stage.http, &stage.endpoints);
    let code = SecretString::from("123.456.0000");
    let answer =
        connectors::exchange(http, endpoints, &stage.credentials, &code, &callback(), None).await;
    assert_eq!(answer.err(), Some(OAuthError::CodeRefused));

    let wrong = Credentials { client_secret: "wrong".into(), ..credentials() };
    let refresh = &stage.tokens.refresh.lock().unwrap().clone();
    let answer = connectors::refresh(http, endpoints, &wrong, refresh).await;
    assert_eq!(answer.err(), Some(OAuthError::InvalidClient));

    let back = Revocable::Refresh(refresh);
    connectors::revoke(http, endpoints, &stage.credentials, back).await.unwrap();
    let answer = connectors::refresh(http, endpoints, &stage.credentials, refresh).await;
    assert_eq!(answer.err(), Some(OAuthError::InvalidGrant));
}

#[tokio::test]
async fn a_cursor_that_is_none_is_refused_as_such() {
    let stage = Stage::new(small()).await;
    let from = From { cursor: connectors::Cursor::parse("nonsense"), ..From::default() };
    let error = connector().persons(&stage.api, &from).await.unwrap_err();
    assert_eq!(error, CrmError::CursorRefused);
}
