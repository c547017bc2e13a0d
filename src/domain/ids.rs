//! Ids that cannot be swapped.

use uuid::Uuid;

/// Defines an id that is its own type in Rust, in SQL and in JSON.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            sqlx::Type, serde::Serialize, serde::Deserialize,
        )]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id; `UUIDv7`, so that ids made later sort later.
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// A tenant; owns every row below.
///
/// Not an API type and not deserializable: a caller cannot name a company, only be in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct CompanyId(Uuid);

impl CompanyId {
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for CompanyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

id!(
    /// A person who can sign in; global, unlike [`MemberId`].
    UserId
);
id!(
    /// A user in one company, with a role.
    MemberId
);
id!(
    /// A person in the company's book.
    ContactId
);
id!(
    /// An organization in the company's book.
    OrganizationId
);
id!(
    /// A company's link to one account at a provider.
    ConnectionId
);
id!(
    /// One import or sync.
    RunId
);
id!(
    /// A file of rows that a member brought.
    FileId
);
id!(
    /// A key that a script is let in with.
    ApiKeyId
);
id!(
    /// Somebody who was asked into a company.
    InvitationId
);
id!(
    /// Something a member did with a contact.
    ActivityId
);
id!(
    /// An undertaking of the team: whom it reaches out to, and who works on it.
    CampaignId
);
id!(
    /// A question to the book that a member keeps.
    SavedFilterId
);
id!(
    /// One outbound effect at one connection.
    DeliveryId
);
id!(
    /// An install that waits for somebody to say where it belongs.
    InstallationId
);
id!(
    /// A row of the queue.
    JobId
);
