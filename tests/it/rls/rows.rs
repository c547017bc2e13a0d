//! Two companies with a row in every table: each sees its own.

use serde_json::json;
use tandem::{domain::CompanyId, policy::Plan};

use super::Raw;
use crate::harness::{Company, TestHub};

/// A row in every tenant table; `$1` is the company, `$2` its owner. Ids are the company's own, so
/// that both companies have the same: only the company tells rows apart.
const SEED: &[&str] = &[
    "insert into lane (company_id, lane_key) values ($1, 'x')",
    "insert into job (company_id, job_id, lane_key, kind) values ($1, $3, 'x', 'x')",
    "insert into company_dek (company_id, dek_id, wrapped, master_id) values ($1, $3, 'x', 'x')",
    "insert into api_key (company_id, key_id, member_id, name, role, hint, secret_hash)
     values ($1, $3, $2, 'x', 'owner', 'x', sha256('x'))",
    "insert into invitation
         (company_id, invitation_id, email, role, invited_by, token_hash, created_at, expires_at)
     values ($1, $3, 'x@x.example', 'owner', $2, sha256('x'), now(), now())",
    "insert into idempotency_key
         (company_id, caller, operation, key_hash, request_hash, claim_id, claimed_until, created_at)
     values ($1, $2, 'POST /x', sha256('x'), sha256('x'), $3, now(), now())",
    "insert into connection (company_id, connection_id, provider, state, account_id, account_name,
         account_user_id, api_base)
     values ($1, $3, 'acme', 'active', '1', 'x', '1', 'x')",
    "insert into oauth_state (company_id, state_hash, session_hash, member_id, provider, expires_at)
     values ($1, 'x', 'x', $2, 'acme', now())",
    "insert into connection_installer (company_id, connection_id, account_user_id, installed_at)
     values ($1, $3, '2', now())",
    "insert into hook_channel
         (company_id, connection_id, channel_id, token_hash, secret_hash, asked_at)
     values ($1, $3, $3, sha256('x'), sha256('x'), now())",
    "insert into poll (company_id, connection_id, due_at)
     values ($1, $3, now())",
    "insert into hook_event (company_id, connection_id, event_key, remote_id, received_at)
     values ($1, $3, sha256('x'), '1', now())",
    "insert into refresh_attempt (company_id, connection_id, lease_gen, token_gen, instance)
     values ($1, $3, 1, 1, 'x')",
    "insert into organization (company_id, organization_id, name) values ($1, $3, 'Secret Ltd')",
    "insert into contact (company_id, contact_id, full_name, owner_member_id, search)
     values ($1, $3, 'Secret', $2, 'secret')",
    "insert into identifier (company_id, kind, value, holder, contact_id)
     values ($1, 'email', 'a@b.example', $3, $3)",
    "insert into mapping (company_id, connection_id, kind, remote_id, contact_id, fingerprint)
     values ($1, $3, 'person', '1', $3, 1)",
    "insert into remote_deal (company_id, connection_id, remote_id, fingerprint)
     values ($1, $3, '1', 1)",
    "insert into sync_run (company_id, run_id, connection_id, provider, mode, requested_by, dedup)
     values ($1, $3, $3, 'acme', 'full', $2, 'x')",
    "insert into sync_entry (company_id, run_id, outcome, page, seq, remote_ids)
     values ($1, $3, 'created', 0, 0, '{}')",
    "insert into budget_use (company_id, connection_id, day, purpose)
     values ($1, $3, '2026-11-20', 'import')",
    "insert into csv_file (company_id, file_id, uploaded_by) values ($1, $3, $2)",
    "insert into csv_chunk (company_id, file_id, seq, bytes) values ($1, $3, 0, 'x')",
    "insert into csv_bad_row (company_id, file_id, row_number, cells, reason)
     values ($1, $3, 2, '[\"Secret\"]', 'x')",
    "insert into csv_print (company_id, print, contact_id) values ($1, $3, $3)",
    "insert into sync_seen (company_id, run_id, page, remote_ids) values ($1, $3, 0, '{}')",
    "insert into activity (company_id, activity_id, contact_id, member_id, kind, due_at)
     values ($1, $3, $3, $2, 'CALL', now())",
    "insert into reminder_mail (company_id, member_id, day) values ($1, $2, '2026-11-20')",
    "insert into activity_reminder (company_id, activity_id, due_at, member_id, day)
     values ($1, $3, now(), $2, '2026-11-20')",
    "insert into activity_mapping (company_id, connection_id, activity_id, remote_id, version)
     values ($1, $3, $3, '1', 1)",
    "insert into member_remote_user (company_id, connection_id, member_id, remote_user_id)
     values ($1, $3, $2, '1')",
    "insert into campaign (company_id, campaign_id, name) values ($1, $3, 'Secret')",
    "insert into campaign_member (company_id, campaign_id, member_id) values ($1, $3, $2)",
    "insert into campaign_contact (company_id, campaign_id, contact_id) values ($1, $3, $3)",
    "insert into contact_snooze (company_id, member_id, contact_id, until)
     values ($1, $2, $3, now())",
    "insert into billing_account (company_id, livemode, customer_id, created_at)
     values ($1, false, 'cus_1', now())",
    "insert into billing_subscription (company_id, livemode, subscription_id, status, started_at)
     values ($1, false, 'sub_1', 'active', now())",
    "insert into billing_event (company_id, livemode, event_id, kind, made_at, received_at)
     values ($1, false, 'evt_1', 'x', now(), now())",
    "insert into saved_filter (company_id, filter_id, member_id, name, filter)
     values ($1, $3, $2, 'Secret', '{}')",
    "insert into delivery
         (company_id, delivery_id, connection_id, provider, kind, contact_id, seq, trigger,
          requested_by, give_up_at, marker, created_at, updated_at)
     values ($1, $3, $3, 'acme', 'warm_lead', $3, 1, 'push', $2, now(), $3, now(), now())",
    "insert into delivery_attempt (company_id, delivery_id, n, step, effect, started_at)
     values ($1, $3, 1, 'person', '{}', now())",
    "insert into audit_log (company_id, audit_id, action) values ($1, $3, 'x')",
    "insert into audit_seal (company_id, position, audit_id, hash)
     values ($1, 1, $3, sha256('x'))",
];

/// The id of everything in [`SEED`].
const ID: uuid::Uuid = uuid::Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

async fn seeded(hub: &TestHub) -> Company {
    let company = hub.company(Plan::Business).await;
    for &statement in SEED {
        // Only what a statement names may be bound.
        let text = statement.replace("$3", &format!("'{ID}'"));
        let sql = format!("{text} returning $2::uuid is null");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(company.id)
            .bind(company.owner.id)
            .execute(&hub.owner)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    company
}

/// Tables that tenants touch, from Postgres itself.
async fn tenant_tables(hub: &TestHub) -> Vec<String> {
    sqlx::query_scalar(
        "select relname::text from pg_class
         where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
           and has_table_privilege('tandem_tenant', oid, 'select') order by 1",
    )
    .fetch_all(&hub.owner)
    .await
    .unwrap()
}

async fn others(raw: &mut Raw, table: &str, mine: CompanyId) -> i64 {
    raw.count(&format!("select count(*) from {table} where company_id <> '{mine}'")).await
}

#[tokio::test]
async fn in_every_table_a_company_reads_and_changes_its_own_rows_alone() {
    let hub = TestHub::new().await;
    let acme = seeded(&hub).await;
    let globex = seeded(&hub).await;
    let mut raw = Raw::new(&hub).await;
    let before: i64 = hub.value("select sum(length(contact::text)) from contact").await;
    for table in tenant_tables(&hub).await {
        raw.tenant(acme.id).await;
        assert_eq!(others(&mut raw, &table, acme.id).await, 0, "{table}");
        let own = raw.count(&format!("select count(*) from {table}")).await;
        assert!(own > 0, "UNCOVERED: {table} has no row in this test");
        for sql in [
            format!(
                "update {table} set company_id = company_id where company_id = '{}'",
                globex.id
            ),
            format!("delete from {table} where company_id = '{}'", globex.id),
        ] {
            match raw.attempt(&sql).await {
                Ok(touched) => assert_eq!(touched, 0, "{sql}"),
                Err(refused) => assert!(refused.contains("permission denied"), "{sql}: {refused}"),
            }
        }
        // Nor can a row be handed over.
        let sql = format!("update {table} set company_id = '{}'", globex.id);
        let refused = raw.attempt(&sql).await.unwrap_err();
        let refusals = ["row-level security", "permission denied", "the key of a row"];
        assert!(refusals.iter().any(|words| refused.contains(words)), "{sql}: {refused}");
        raw.rollback().await;
    }
    assert_eq!(hub.value::<i64>("select sum(length(contact::text)) from contact").await, before);
}

#[tokio::test]
async fn no_row_is_written_for_another_company() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    let globex = seeded(&hub).await;
    let mut raw = Raw::new(&hub).await;
    raw.tenant(acme.id).await;
    for &statement in SEED {
        let sql = statement
            .replace("$1", &format!("'{}'", globex.id))
            .replace("$2", &format!("'{}'", globex.owner.id))
            .replace("$3", "gen_random_uuid()");
        let refused = raw.attempt(&sql).await.unwrap_err();
        // Keys are judged before policies only for rows that the policies let pass.
        assert!(refused.contains("row-level security"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn a_reference_to_another_companys_row_fails_like_one_to_nothing() {
    let hub = TestHub::new().await;
    let acme = seeded(&hub).await;
    let globex = hub.company(Plan::Business).await;
    sqlx::query(
        "insert into contact (company_id, contact_id, full_name, search) values ($1, $2, 'x', 'x')",
    )
    .bind(globex.id)
    .bind(uuid::Uuid::from_u128(7))
    .execute(&hub.owner)
    .await
    .unwrap();
    let mut raw = Raw::new(&hub).await;
    raw.tenant(acme.id).await;
    let mut refusals = Vec::new();
    for contact in [uuid::Uuid::from_u128(7), uuid::Uuid::from_u128(8)] {
        let sql = format!(
            "insert into mapping (company_id, connection_id, kind, remote_id, contact_id, fingerprint)
             values ('{}', '{ID}', 'person', '9', '{contact}', 1)",
            acme.id
        );
        refusals.push(raw.attempt(&sql).await.unwrap_err());
    }
    assert!(refusals[0].contains("foreign key"), "{}", refusals[0]);
    assert_eq!(refusals[0], refusals[1]);
    // The same identifiers in both companies disturb nobody.
    seeded(&hub).await;
}

#[tokio::test]
async fn own_only_holds_below_the_handlers() {
    let hub = TestHub::new().await;
    let acme = seeded(&hub).await;
    let me = acme.consultant.id;
    acme.consultant
        .browser
        .post("/api/contacts", json!({ "full_name": "Secret of mine" }))
        .await
        .expect(201);
    let mut raw = Raw::new(&hub).await;
    raw.begin("tandem_tenant", Some(acme.id), Some(me)).await;
    for (table, seen) in [
        ("contact", 1),
        ("identifier", 0),
        ("mapping", 0),
        ("sync_run", 0),
        ("sync_entry", 0),
        ("csv_file", 0),
        ("csv_chunk", 0),
        ("csv_bad_row", 0),
        ("csv_print", 0),
        ("activity", 0),
        // The campaign is everybody's; whom it reaches is not.
        ("campaign", 1),
        ("campaign_contact", 0),
        ("contact_snooze", 0),
        ("saved_filter", 0),
    ] {
        let count = raw.count(&format!("select count(*) from {table}")).await;
        assert_eq!(count, seen, "{table}");
    }
    let found = raw.count("select count(*) from tandem_search_contacts('%secret%', 10)").await;
    assert_eq!(found, 1, "the search looks past the policy");
    for sql in [
        "update contact set full_name = 'x' where full_name = 'Secret'".to_owned(),
        format!("delete from contact where contact_id = '{ID}'"),
        format!("update sync_run set state = 'cancelled' where run_id = '{ID}'"),
    ] {
        assert_eq!(raw.attempt(&sql).await, Ok(0), "{sql}");
    }
    for sql in [
        format!("update contact set owner_member_id = '{}'", acme.owner.id),
        format!(
            "insert into contact (company_id, contact_id, full_name, owner_member_id, search)
             values ('{}', gen_random_uuid(), 'x', '{}', 'x')",
            acme.id, acme.owner.id
        ),
        format!(
            "insert into identifier (company_id, kind, value, holder, contact_id)
             values ('{}', 'phone', '+49', '{ID}', '{ID}')",
            acme.id
        ),
    ] {
        let refused = raw.attempt(&sql).await.unwrap_err();
        assert!(refused.contains("row-level security"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn the_search_stays_in_its_company() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    seeded(&hub).await;
    let mut raw = Raw::new(&hub).await;
    raw.tenant(acme.id).await;
    assert_eq!(raw.count("select count(*) from tandem_search_contacts('%', 10)").await, 0);
    raw.rollback().await;
    raw.begin("tandem_tenant", None, None).await;
    let unset = raw.attempt("select * from tandem_search_contacts('%', 10)").await.unwrap_err();
    assert!(unset.contains("invalid input syntax for type uuid"), "{unset}");
}
