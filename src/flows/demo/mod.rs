//! The companies of `tandem demo`: one on each of three plans, with somebody in every role. Two begin
//! with an empty book, the one on the largest plan has half a year behind it.

mod past;

use crate::{
    db::{self, DbError, accounts::Signup},
    flows::{Hub, password::Password},
    policy::{Plan, Role},
};

/// The password of everybody in the demo; the demo listens on this machine only.
pub const PASSWORD: &str = "tandem-demo-2026";

/// Somebody who can sign in to the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoMember {
    pub email: &'static str,
    pub role: Role,
    pub company: &'static str,
    pub plan: Plan,
}

/// `(role, name, e-mail)`.
type Person = (Role, &'static str, &'static str);

/// `(company, plan, people)`; the first is the owner. The second company's people also sign in to
/// the sandbox CRM, so that remote owners become owners here.
const CAST: &[(&str, Plan, &[Person])] = &[
    ("Harbor Coffee", Plan::Free, &[(Role::Owner, "Frida Lind", "frida@harborcoffee.example")]),
    (
        "Nordwind Sales",
        Plan::Business,
        &[
            (Role::Owner, "Anna Albrecht", "anna@nordwind.example"),
            (Role::Admin, "Dmitri Dorn", "dmitri@nordwind.example"),
            (Role::Consultant, "Clara Çelik", "clara.celik@nordwind.example"),
        ],
    ),
    (
        "Atlas Machines",
        Plan::Teams,
        &[
            (Role::Owner, "Oskar Weiss", "oskar@atlas.example"),
            (Role::Admin, "Amara Diallo", "amara@atlas.example"),
            (Role::GoldenTicket, "Gita Rao", "gita@atlas.example"),
            (Role::Consultant, "Leo Martin", "leo@atlas.example"),
        ],
    ),
];

/// Everybody who can sign in.
pub fn members() -> Vec<DemoMember> {
    CAST.iter()
        .flat_map(|(company, plan, people)| {
            people.iter().map(move |(role, _, email)| DemoMember {
                email,
                role: *role,
                company,
                plan: *plan,
            })
        })
        .collect()
}

/// What is stored of [`PASSWORD`] for one more of these people; `tandem bench` signs in, too.
pub async fn hash(email: &str) -> String {
    let password = Password::parse(PASSWORD, email);
    password.expect("the demo's password is long enough").hash().await
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Past(#[from] past::PastError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes the companies that are not there yet; what somebody did in them stays.
pub async fn populate(hub: &Hub) -> Result<(), DemoError> {
    for (company, plan, people) in CAST {
        let (owner, others) = people.split_first().expect("every demo company has an owner");
        let mut tx = hub.db.door().await?;
        if db::accounts::credentials(&mut tx, owner.2).await?.is_some() {
            continue;
        }
        drop(tx);
        let mut hashes = Vec::new();
        for (_, _, email) in *people {
            hashes.push(hash(email).await);
        }
        let mut tx = hub.db.door().await?;
        let now = hub.clock.now();
        let signup = Signup {
            email: owner.2.to_owned(),
            name: owner.1.to_owned(),
            company_name: (*company).to_owned(),
            country: "DE".to_owned(),
            password_hash: hashes.remove(0),
        };
        let founded = db::accounts::found_company(&mut tx, &signup, *plan, now).await?;
        let mut members = vec![founded.member_id];
        for ((role, name, email), password_hash) in others.iter().zip(hashes) {
            let joined = db::accounts::NewMember {
                company_id: founded.company_id,
                role: *role,
                name,
                email,
                password_hash: &password_hash,
            };
            members.push(db::accounts::join(&mut tx, &joined, now).await?.1);
        }
        tx.commit().await?;
        if *plan == Plan::Teams {
            past::write(hub, founded.company_id, &members).await?;
        }
    }
    Ok(())
}
