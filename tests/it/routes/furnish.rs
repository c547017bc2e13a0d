//! A company with one of everything, written past the API.

use super::matrix::provider;
use crate::harness::{Company, TestHub};

/// A connection, a run and a contact of a company, all with the id that is returned.
pub(super) async fn furnish(hub: &TestHub, company: &Company) -> String {
    let id = uuid::Uuid::now_v7();
    for statement in [
        "insert into connection (company_id, connection_id, provider, state, account_id, account_name,
             account_user_id, api_base)
         values ($1, $2, $3, 'active', '1', 'Acme', '1', 'https://x.example')",
        "insert into contact (company_id, contact_id, full_name, source, search)
         values ($1, $2, 'Secret ' || $3, $3, 'secret')",
        "insert into activity (company_id, activity_id, contact_id, kind, subject, due_at)
         values ($1, $2, $2, 'CALL', 'Secret ' || $3, now())",
        "insert into contact_snooze (company_id, member_id, contact_id, until)
         select $1, member_id, $2, now() from member where company_id = $1 and $3 is not null",
        "insert into saved_filter (company_id, filter_id, member_id, name, filter)
         select $1, $2, member_id, 'Secret ' || $3, '{}' from member
         where company_id = $1 and role = 'owner'",
        "insert into campaign (company_id, campaign_id, name) values ($1, $2, 'Secret ' || $3)",
        "insert into campaign_contact (company_id, campaign_id, contact_id, note)
         values ($1, $2, $2, 'Secret ' || $3)",
        "insert into delivery
             (company_id, delivery_id, connection_id, provider, kind, contact_id, seq, trigger,
              state, give_up_at, marker, created_at, updated_at)
         values ($1, $2, $2, $3, 'warm_lead', $2, 1, 'push', 'failed', now(), $2, now(), now())",
        "insert into api_key (company_id, key_id, member_id, name, role, hint, secret_hash)
         select $1, $2, member_id, 'Secret ' || $3, 'consultant', 'tandem_live_0000',
                decode(repeat('00', 32), 'hex')
         from member where company_id = $1 and role = 'owner'",
        "insert into invitation
             (company_id, invitation_id, email, role, invited_by, created_at, expires_at)
         select $1, $2, 'Secret@' || $3 || '.example', 'consultant', member_id, now(), now()
         from member where company_id = $1 and role = 'owner'",
        "insert into sync_run (company_id, run_id, connection_id, provider, mode, dedup, state)
         values ($1, $2, $2, $3, 'full', 'full', 'failed')",
        "insert into csv_file (company_id, file_id, uploaded_by, state)
         select $1, $2, member_id, 'ready' from member
         where company_id = $1 and role = 'owner' and $3 is not null",
        "insert into sync_entry (company_id, run_id, outcome, page, seq, remote_ids, remote_name)
         values ($1, $2, 'created', 0, 0, '{}', $3)",
    ] {
        sqlx::query(statement)
            .bind(company.id)
            .bind(id)
            .bind(provider())
            .execute(&hub.owner)
            .await
            .unwrap();
    }
    id.to_string()
}
