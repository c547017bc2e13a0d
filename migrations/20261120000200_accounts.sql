-- Why: companies, the people who sign in, and what lets them in. Users are global, members are
-- per company; sessions, resets and sign-ups are reachable through the door key only.
create table company (
    company_id     uuid primary key,
    name           text not null check (length(name) between 1 and 200),
    -- ISO 3166 alpha-2: the region of phone numbers without a country code.
    country        text not null check (country ~ '^[A-Z]{2}$'),
    plan           text not null,
    warm_threshold smallint not null default 4 check (warm_threshold between 0 and 10),
    created_at     timestamptz not null default now()
);

-- One row per company, locked while a page of contacts is written: it settles races between two
-- imports and holds the count that the plan limits.
create table book (
    company_id uuid primary key references company on delete cascade,
    contacts   bigint not null default 0 check (contacts >= 0)
);

create table app_user (
    user_id       uuid primary key,
    email         text not null check (length(email) between 3 and 254),
    email_norm    text not null generated always as (lower(email)) stored,
    name          text not null check (length(name) between 1 and 200),
    -- PHC string of argon2id.
    password_hash text not null,
    created_at    timestamptz not null default now(),
    constraint app_user_email_unique unique (email_norm)
);

create table member (
    company_id uuid not null references company on delete cascade,
    member_id  uuid not null,
    user_id    uuid not null references app_user on delete cascade,
    role       text not null check (role in ('owner', 'admin', 'golden_ticket', 'consultant')),
    -- Copies of the user's, so that a tenant never reads the table of all users.
    name       text not null,
    email      text not null,
    email_norm text not null generated always as (lower(email)) stored,
    created_at timestamptz not null default now(),
    primary key (company_id, member_id),
    constraint member_user_unique unique (company_id, user_id)
);
create index member_of_user on member (user_id);

create table session (
    -- SHA-256 of the cookie's 256 random bits; the cookie itself is never stored.
    token_hash bytea primary key check (length(token_hash) = 32),
    user_id    uuid not null references app_user on delete cascade,
    company_id uuid not null,
    member_id  uuid not null,
    created_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    expires_at timestamptz not null,
    -- Removing a member ends the sessions at once.
    foreign key (company_id, member_id) references member on delete cascade
);
create index session_of_member on session (company_id, member_id);
create index session_of_user on session (user_id);
create index session_expiry on session (expires_at);

-- A sign-up that waits for its e-mail to be confirmed.
create table signup (
    signup_id     uuid primary key,
    token_hash    bytea,
    email         text not null,
    name          text not null,
    company_name  text not null,
    country       text not null check (country ~ '^[A-Z]{2}$'),
    password_hash text not null,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz not null
);
create unique index signup_token on signup (token_hash) where token_hash is not null;

create table password_reset (
    token_hash bytea primary key,
    user_id    uuid not null references app_user on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);

-- Mail that belongs to no company. A token is made when the mail is sent, and only its hash is
-- ever written.
create table door_mail (
    mail_id     uuid primary key,
    kind        text not null check (kind in ('confirm_signup', 'account_exists', 'reset_password')),
    signup_id   uuid references signup on delete cascade,
    user_id     uuid references app_user on delete cascade,
    created_at  timestamptz not null default now(),
    run_at      timestamptz not null default now(),
    attempts    int not null default 0,
    lease_until timestamptz
);
create index door_mail_due on door_mail (run_at);
