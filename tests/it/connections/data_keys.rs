//! Data keys are replaced while tokens are read and refreshed; a rotation that was killed goes on.

use std::{
    fs,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::RngExt as _;
use serde_json::Value;
use tandem::{
    connectors::{ApiBase, Grant, TokenSource as _},
    db::Scope,
    domain::{CompanyId, ConnectionId},
    flows::{
        self, ConnectionTokens,
        tokens::{
            ground::{Kept, Reach, TokenStore as _},
            stored::Stored,
        },
    },
    vault::{Place, WrappedKey},
};
use tokio::task::JoinSet;

use super::{Crm, Rig, crm::slug};
use crate::harness::{TestHub, long, report};

struct Held {
    company_id: CompanyId,
    connection_id: ConnectionId,
}

/// Companies with a connection each, their tokens sealed under data keys of their own.
async fn companies(hub: &TestHub, how_many: usize) -> Vec<Held> {
    let vault = &hub.hub.vault;
    flows::keys::check(&hub.db, vault).await.unwrap();
    let provider = hub.hub.providers.get(slug()).unwrap();
    let base: ApiBase = provider.endpoints.default_api_base().clone();
    let mut held = Vec::new();
    let (mut companies, mut deks, mut wrapped, mut connections, mut access, mut refresh) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..how_many {
        let (company_id, connection_id) = (CompanyId::fresh(), ConnectionId::fresh());
        let key: WrappedKey = vault.new_data_key(company_id).unwrap();
        let open = vault.open_data_key(company_id, &key).unwrap();
        let place = |column| Place { connection_id, provider: slug(), column, generation: 1 };
        let token = |what: &str| format!("{what} of {connection_id}");
        access.push(open.seal(place("connection.access_token"), &token("access")).unwrap());
        refresh.push(open.seal(place("connection.refresh_token"), &token("refresh")).unwrap());
        companies.push(company_id.uuid());
        connections.push(connection_id.uuid());
        deks.push(key.dek_id);
        wrapped.push(key.wrapped);
        held.push(Held { company_id, connection_id });
    }
    let master = hub.hub.vault.masters().active().to_owned();
    sqlx::query("insert into company (company_id, name, country, plan) select id, 'x', 'DE', 'business' from unnest($1::uuid[]) id")
        .bind(&companies).execute(&hub.owner).await.unwrap();
    sqlx::query("insert into company_dek (company_id, dek_id, wrapped, master_id) select c, d, w, $4 from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as t(c, d, w)")
        .bind(&companies).bind(&deks).bind(&wrapped).bind(&master).execute(&hub.owner).await.unwrap();
    sqlx::query(
        "insert into connection (company_id, connection_id, provider, state, account_id, account_name,
             account_user_id, api_base, access_token, refresh_token, token_gen, token_expires_at)
         select c, i, $5, 'active', '1', 'x', '1', $6, a, r, 1, now() + interval '1 day'
         from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) as t(c, i, a, r)",
    )
    .bind(&companies)
    .bind(&connections)
    .bind(&access)
    .bind(&refresh)
    .bind(slug())
    .bind(base.as_str())
    .execute(&hub.owner)
    .await
    .unwrap();
    sqlx::query("analyze").execute(&hub.owner).await.unwrap();
    held
}

/// Stores a new pair as a refresh does, without a provider.
async fn refresh(store: &Stored, seen: i64) -> bool {
    let Some(begun) = store.begin(seen, Reach::Active).await.unwrap() else { return false };
    let grant = Grant {
        access_token: format!("access {}", seen + 1).into(),
        refresh_token: Some(format!("refresh {}", seen + 1).into()),
        expires_in: Duration::from_hours(5),
        scopes: vec![],
        api_domain: None,
    };
    let answer = store.seal(&begun, &grant, &begun.candidates[0].token).unwrap();
    // The provider's answer takes its time, and keys may change meanwhile.
    let a_while = rand::rng().random_range(0..30);
    tokio::time::sleep(Duration::from_millis(a_while)).await;
    assert_eq!(store.store(&answer).await.unwrap(), Kept::Stored);
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_keys_are_replaced_under_load_and_no_request_fails() {
    let tokens = if long() { 100_000 } else { 1_200 };
    let rig = Rig::of(Crm::start().await).await;
    let held = Arc::new(companies(&rig.hub, tokens / 2).await);
    let over = Arc::new(AtomicBool::new(false));
    let (reads, refreshes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut load = JoinSet::new();
    for reader in 0..6 {
        let (held, over) = (Arc::clone(&held), Arc::clone(&over));
        let (reads, refreshes) = (Arc::clone(&reads), Arc::clone(&refreshes));
        // A process of its own, as far as pools and mutexes go.
        let hub = rig.process().await;
        let provider = rig.provider();
        load.spawn(async move {
            let mut slowest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let at = rand::rng().random_range(0..held.len());
                let one = &held[at];
                let (company_id, connection_id) = (one.company_id, one.connection_id);
                let begun = Instant::now();
                let tokens = ConnectionTokens::new(
                    Arc::clone(&hub),
                    company_id,
                    connection_id,
                    provider.clone(),
                );
                let token = tokens.access_token().await.unwrap();
                slowest = slowest.max(begun.elapsed());
                reads.fetch_add(1, Ordering::Relaxed);
                if reader % 2 == 0 {
                    let hub = Arc::clone(&hub);
                    let store = Stored::new(hub, company_id, connection_id, provider.clone());
                    let done = refresh(&store, token.generation).await;
                    refreshes.fetch_add(u64::from(done), Ordering::Relaxed);
                }
            }
            slowest
        });
    }
    let begun = Instant::now();
    let done = flows::keys::replace(&rig.hub.hub, &mut |_| {}).await.unwrap();
    let took = begun.elapsed();
    over.store(true, Ordering::Relaxed);
    let slowest = load.join_all().await.into_iter().max().unwrap();
    println!(
        "{} companies, {} values in {took:?}; {} reads, {} refreshes, slowest {slowest:?}, {} overtaken",
        done.companies,
        done.sealed,
        reads.load(Ordering::Relaxed),
        refreshes.load(Ordering::Relaxed),
        done.overtaken,
    );
    report(
        "data_keys",
        &serde_json::json!({
            "rotation": done,
            "seconds": took.as_secs_f64(),
            "reads": reads.load(Ordering::Relaxed),
            "refreshes": refreshes.load(Ordering::Relaxed),
            "slowest_ms": slowest.as_millis(),
        }),
    );
    assert_eq!(done.failed, 0);
    assert_eq!(done.keys, held.len() as u64);
    // What a refresh under way sealed with the old key is caught by the next call.
    let again = flows::keys::replace(&rig.hub.hub, &mut |_| {}).await.unwrap();
    assert_eq!(again.keys, held.len() as u64, "each call is a rotation of its own");
    let status = flows::keys::status(&rig.hub.hub).await.unwrap();
    let keys = status.data_keys;
    let (tokens, companies) = (i64::try_from(tokens).unwrap(), i64::try_from(held.len()).unwrap());
    assert_eq!((keys.stale, keys.retiring, keys.sealed), (0, 0, tokens), "{status:?}");
    assert_eq!((keys.active, keys.retired), (companies, 2 * companies));
    assert!(status.rotating_since.is_none());
    for one in held.iter() {
        let hub = Arc::clone(&rig.hub.hub);
        let store = Stored::new(hub, one.company_id, one.connection_id, rig.provider());
        let seen = store.look().await.unwrap();
        let begun = store.begin(seen.token.generation, Reach::Active).await.unwrap();
        assert!(begun.is_some(), "both tokens open");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_was_killed_goes_on_where_it_was() {
    let rig = Rig::of(Crm::start().await).await;
    let held = companies(&rig.hub, 400).await;
    let folder = std::env::temp_dir().join(format!("tandem-keys-{}", uuid::Uuid::new_v4()));
    fs::create_dir(&folder).unwrap();
    let file = folder.join("master.keys");
    fs::write(&file, &rig.hub.master_keys).unwrap();
    let tandem = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command
            .arg("keys")
            .args(words)
            .env_clear()
            .env("TANDEM_WITHOUT_WEBHOOKS", "true")
            .env("TANDEM_ENV", "development")
            .env("TANDEM_PUBLIC_URL", "http://localhost:1")
            .env("DATABASE_URL", rig.hub.database.login_url())
            .env("TANDEM_MASTER_KEYS_FILE", &file)
            .stderr(Stdio::null())
            .stdout(Stdio::piped());
        command
    };
    let said = |words: &[&str]| -> Value {
        let output = tandem(words).output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let mut rotation = tandem(&["rotate", "--data"]).spawn().unwrap();
    let begun = Instant::now();
    let made = "select count(*) from company_dek where state <> 'active'";
    while rig.hub.value::<i64>(made).await < 20 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not begin");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rotation.kill().unwrap();
    rotation.wait().unwrap();
    let status = said(&["status"]);
    assert!(status["rotating_since"].is_string(), "{status}");
    let before = status["data_keys"]["retiring"].as_i64().unwrap()
        + status["data_keys"]["retired"].as_i64().unwrap();
    assert!((20..400).contains(&before), "{status}");

    let done = said(&["rotate", "--data"]);
    assert_eq!(done["data"]["keys"].as_i64().unwrap(), 400 - before, "only the others: {done}");
    assert!(done.get("master").is_none());
    let status = said(&["status"]);
    assert!(status["rotating_since"].is_null(), "{status}");
    let keys = &status["data_keys"];
    assert_eq!(
        (&keys["stale"], &keys["retiring"], &keys["retired"]),
        (&0.into(), &0.into(), &400.into())
    );
    for one in &held {
        let mut tx = rig.hub.db.tenant_reading(one.company_id, Scope::All).await.unwrap();
        let sealed = tandem::db::tokens::sealed(&mut tx, one.connection_id).await.unwrap().unwrap();
        drop(tx);
        assert_eq!(sealed.token_gen, 1, "a generation is the provider's, not the key's");
        let hub = Arc::clone(&rig.hub.hub);
        Stored::new(hub, one.company_id, one.connection_id, rig.provider()).look().await.unwrap();
    }
    fs::remove_dir_all(&folder).unwrap();
}
