//! The companies of `tandem demo`: one on each of three plans, with somebody in every role.

use crate::{
    db::{self, accounts::Signup},
    flows::{FlowError, Hub, password::Password},
    policy::{Plan, Role},
};

/// The password of everybody in the demo; the demo listens on this machine only.
pub const PASSWORD: &str = "tandem-demo-2026";

/// Somebody who can sign in to the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoMember {
    pub email: String,
    pub role: Role,
    pub company: &'static str,
    pub plan: Plan,
}

/// `(company, plan, e-mail domain, [(role, name)])`; the first is the owner.
type Cast = (&'static str, Plan, &'static str, &'static [(Role, &'static str)]);

const CAST: &[Cast] = &[
    ("Harbor Coffee", Plan::Free, "harbor.example", &[(Role::Owner, "Frida Lind")]),
    (
        "Northwind Sales",
        Plan::Business,
        "northwind.example",
        &[
            (Role::Owner, "Ines Haddad"),
            (Role::Admin, "Tomas Berg"),
            (Role::Consultant, "Mira Sato"),
        ],
    ),
    (
        "Atlas Machines",
        Plan::Teams,
        "atlas.example",
        &[
            (Role::Owner, "Oskar Weiss"),
            (Role::Admin, "Amara Diallo"),
            (Role::GoldenTicket, "Gita Rao"),
            (Role::Consultant, "Leo Martin"),
        ],
    ),
];

/// Everybody who can sign in.
pub fn members() -> Vec<DemoMember> {
    CAST.iter()
        .flat_map(|(company, plan, domain, people)| {
            people.iter().map(move |(role, _)| DemoMember {
                email: format!("{}@{domain}", role.word().replace('_', ".")),
                role: *role,
                company,
                plan: *plan,
            })
        })
        .collect()
}

/// Makes the companies that are not there yet; what somebody did in them stays.
pub async fn populate(hub: &Hub) -> Result<(), FlowError> {
    for (company, plan, domain, people) in CAST {
        let email = |role: Role| format!("{}@{domain}", role.word().replace('_', "."));
        let (owner, others) = people.split_first().expect("every demo company has an owner");
        let mut tx = hub.db.door().await?;
        if db::accounts::credentials(&mut tx, &email(owner.0)).await?.is_some() {
            continue;
        }
        drop(tx);
        let mut hashes = Vec::new();
        for (role, _) in *people {
            let password = Password::parse(PASSWORD, &email(*role));
            hashes.push(password.expect("the demo's password is long enough").hash().await);
        }
        let mut tx = hub.db.door().await?;
        let now = hub.clock.now();
        let signup = Signup {
            email: email(owner.0),
            name: owner.1.to_owned(),
            company_name: (*company).to_owned(),
            country: "DE".to_owned(),
            password_hash: hashes.remove(0),
        };
        let founded = db::accounts::found_company(&mut tx, &signup, *plan, now).await?;
        for ((role, name), password_hash) in others.iter().zip(hashes) {
            let joined = db::accounts::NewMember {
                company_id: founded.company_id,
                role: *role,
                name,
                email: &email(*role),
                password_hash: &password_hash,
            };
            db::accounts::join(&mut tx, &joined, now).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
