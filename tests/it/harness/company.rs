//! Companies with a member of each role, signed in without the cost of a password.

use chrono::TimeDelta;
use tandem::{
    db::{Scope, TenantTx},
    domain::{CompanyId, MemberId, OpaqueToken, UserId},
    policy::{Plan, Role},
};

use super::{Browser, TestHub};

pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) owner: Member,
    pub(crate) admin: Member,
    pub(crate) golden_ticket: Member,
    pub(crate) consultant: Member,
}

pub(crate) struct Member {
    pub(crate) id: MemberId,
    pub(crate) user_id: UserId,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) browser: Browser,
}

impl Company {
    pub(crate) fn members(&self) -> [&Member; 4] {
        [&self.owner, &self.admin, &self.golden_ticket, &self.consultant]
    }

    pub(crate) fn member(&self, role: Role) -> &Member {
        self.members().into_iter().find(|member| member.role == role).unwrap()
    }
}

impl TestHub {
    /// A company in Germany with a member of each role, whatever the plan's seats.
    pub(crate) async fn company(&self, plan: Plan) -> Company {
        let id = CompanyId::fresh();
        sqlx::query(
            "insert into company (company_id, name, country, plan) values ($1, $2, 'DE', $3)",
        )
        .bind(id)
        .bind(format!("Company {id}"))
        .bind(plan.word())
        .execute(&self.owner)
        .await
        .unwrap();
        sqlx::query("insert into book (company_id) values ($1)")
            .bind(id)
            .execute(&self.owner)
            .await
            .unwrap();
        Company {
            id,
            owner: self.member(id, Role::Owner).await,
            admin: self.member(id, Role::Admin).await,
            golden_ticket: self.member(id, Role::GoldenTicket).await,
            consultant: self.member(id, Role::Consultant).await,
        }
    }

    /// Changes a company's plan past all checks.
    pub(crate) async fn plan(&self, company: &Company, plan: Plan) {
        sqlx::query("update company set plan = $2 where company_id = $1")
            .bind(company.id)
            .bind(plan.word())
            .execute(&self.owner)
            .await
            .unwrap();
    }

    /// One more member, of a user of their own.
    pub(crate) async fn member(&self, company: CompanyId, role: Role) -> Member {
        let user_id = UserId::fresh();
        let email = format!("{role}.{}@example.com", user_id.uuid().simple());
        sqlx::query(
            "insert into app_user (user_id, email, name, password_hash) values ($1, $2, $3, 'none')",
        )
        .bind(user_id)
        .bind(&email)
        .bind(format!("The {role}"))
        .execute(&self.owner)
        .await
        .unwrap();
        self.join(company, role, user_id, &email).await
    }

    /// Makes a user a member of (another) company, signed in there.
    pub(crate) async fn join(
        &self,
        company: CompanyId,
        role: Role,
        user_id: UserId,
        email: &str,
    ) -> Member {
        let id = MemberId::fresh();
        sqlx::query(
            "insert into member (company_id, member_id, user_id, role, name, email)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(company)
        .bind(id)
        .bind(user_id)
        .bind(role.word())
        .bind(format!("The {role}"))
        .bind(email)
        .execute(&self.owner)
        .await
        .unwrap();
        let token = OpaqueToken::fresh();
        let now = self.clock.now();
        sqlx::query(
            "insert into session
                 (token_hash, user_id, company_id, member_id, created_at, seen_at, expires_at)
             values ($1, $2, $3, $4, $5, $5, $6)",
        )
        .bind(token.hash().bytes())
        .bind(user_id)
        .bind(company)
        .bind(id)
        .bind(now)
        .bind(now + TimeDelta::days(7))
        .execute(&self.owner)
        .await
        .unwrap();
        let cookie = format!("tandem_session={}", token.reveal());
        let browser = Browser::new(&self.url, Some(cookie));
        Member { id, user_id, email: email.to_owned(), role, browser }
    }

    /// Lets time pass for everybody who is signed in and stays so, as if they had gone on working.
    pub(crate) async fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
        let now = self.clock.now();
        sqlx::query("update session set seen_at = $1, expires_at = greatest(expires_at, $2)")
            .bind(now)
            .bind(now + TimeDelta::days(7))
            .execute(&self.owner)
            .await
            .unwrap();
    }

    /// A key as a worker holds it.
    pub(crate) async fn tenant(&self, company: &Company) -> TenantTx {
        self.db.tenant(company.id, Scope::All).await.unwrap()
    }
}
