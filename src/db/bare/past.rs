//! A long past for a company, written at once: for measurements of what reads it.

use super::Owner;
use crate::{
    db::DbError,
    domain::{CampaignId, CompanyId, ConnectionId, MemberId},
};

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    pub company_id: CompanyId,
    pub connection_id: ConnectionId,
    /// Over two years, ten with each contact, by eight members.
    pub activities: i64,
}

/// Campaigns; each contact is in one of them, and half of what is done with them names it.
const CAMPAIGNS: i64 = 20;

impl Past {
    /// `$1` is the company, `$2` the number of activities, `$3` the connection.
    const STATEMENTS: &[&str] = &[
        "insert into app_user (user_id, email, name, password_hash)
         select md5('user' || n)::uuid, 'past' || n || '@bench.example', 'Past ' || n, 'none'
         from generate_series(1, 7) n where $1::uuid is not null and $2::bigint > 0 and $3::uuid is not null",
        "insert into member (company_id, member_id, user_id, role, name, email)
         select $1, md5('member' || n)::uuid, md5('user' || n)::uuid,
                case when n < 7 then 'admin' else 'consultant' end, 'Past ' || n, 'past' || n || '@bench.example'
         from generate_series(1, 7) n where $2::bigint > 0 and $3::uuid is not null",
        "insert into contact (company_id, contact_id, full_name, owner_member_id, warmness, search)
         select $1, md5('contact' || n)::uuid, 'Contact ' || n,
                case when n % 8 > 0 then md5('member' || n % 8)::uuid end, (n % 11)::smallint, 'contact ' || n
         from generate_series(0, $2 / 10 - 1) n where $3::uuid is not null",
        "insert into campaign (company_id, campaign_id, name, starts_on)
         select $1, md5('campaign' || n)::uuid, 'Campaign ' || n,
                case when n % 2 = 0 then current_date - 730 end
         from generate_series(0, 19) n where $2::bigint > 0 and $3::uuid is not null",
        "insert into activity
             (company_id, activity_id, contact_id, member_id, kind, subject, due_at, done, booked, campaign_id)
         select $1, md5('activity' || n)::uuid, md5('contact' || n % ($2 / 10))::uuid,
                md5('member' || 1 + n % 7)::uuid,
                (array['CALL', 'EMAIL', 'MEETING', 'LINKEDIN', 'CALL', 'REFERRAL'])[1 + n / 7 % 6],
                'Past ' || n, now() - (n * 7919 % 63072000) * interval '1 s', true,
                n / 7 % 6 = 2 and n % 3 = 0,
                case when n % 2 = 0 then md5('campaign' || n % ($2 / 10) % 20)::uuid end
         from generate_series(0, $2 - 1) n where $3::uuid is not null",
        "insert into campaign_contact (company_id, campaign_id, contact_id, added_at)
         select $1, md5('campaign' || n % 20)::uuid, md5('contact' || n)::uuid, now() - interval '1 year'
         from generate_series(0, $2 / 10 - 1) n where $3::uuid is not null",
        "insert into delivery
             (company_id, delivery_id, connection_id, provider, kind, contact_id, activity_id, seq, trigger,
              requested_by, state, give_up_at, marker, created_at, updated_at, delivered_at)
         select $1, activity_id, $3, provider, 'activity_create', contact_id, activity_id,
                row_number() over (), 'logged', member_id,
                case when die < 0.97 then 'delivered' when die < 0.99 then 'failed' else 'dead' end,
                due_at, activity_id, due_at, due_at,
                case when die < 0.97 then due_at + die * die * die * interval '10 s' end
         from (select *, (hashtext(activity_id::text) & 65535) / 65536.0 as die from activity
               where company_id = $1) activity
         join connection using (company_id)
         where connection_id = $3 and $2::bigint > 0",
    ];

    pub async fn write(self, owner: &mut Owner) -> Result<(), DbError> {
        for statement in Self::STATEMENTS {
            sqlx::query(*statement)
                .bind(self.company_id)
                .bind(self.activities)
                .bind(self.connection_id)
                .execute(owner.connection())
                .await?;
        }
        owner.settle().await
    }

    /// Who sees the own contacts alone: an eighth of all.
    pub async fn consultant(self, owner: &mut Owner) -> Result<MemberId, DbError> {
        Ok(sqlx::query_scalar("select md5('member7')::uuid").fetch_one(owner.connection()).await?)
    }

    /// One of its campaigns.
    pub async fn campaign(self, owner: &mut Owner) -> Result<CampaignId, DbError> {
        Ok(sqlx::query_scalar("select md5('campaign' || $1)::uuid")
            .bind((CAMPAIGNS - 1).to_string())
            .fetch_one(owner.connection())
            .await?)
    }
}
