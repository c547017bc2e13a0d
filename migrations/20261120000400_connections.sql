-- Why: a company's link to one account at a provider, its sealed tokens, and what makes a refresh
-- happen once.
create table company_dek (
    company_id uuid not null references company on delete cascade,
    dek_id     uuid not null,
    -- The data key, sealed under the master key named beside it.
    wrapped    bytea not null,
    master_id  text not null,
    state      text not null default 'active' check (state in ('active', 'retired')),
    created_at timestamptz not null default now(),
    primary key (company_id, dek_id)
);
create unique index company_dek_one_active on company_dek (company_id) where state = 'active';

create table connection (
    company_id        uuid not null references company on delete cascade,
    connection_id     uuid not null,
    provider          text not null,
    state             text not null check (state in ('active', 'needs_reconnect', 'paused', 'disconnected')),
    state_reason      text,
    -- The account at the provider (its company), and the user who authorized us.
    account_id        text not null,
    account_name      text not null,
    account_domain    text,
    account_country   text,
    account_user_id   text not null,
    account_user      text,
    account_admin     boolean not null default false,
    api_base          text not null,
    granted_scopes    text[] not null default '{}',
    connected_by      uuid,
    connected_at      timestamptz not null default now(),
    -- Sealed by the vault; null when disconnected.
    access_token      bytea,
    refresh_token     bytea,
    token_gen         bigint not null default 0,
    token_expires_at  timestamptz,
    token_refreshed_at timestamptz,
    -- Fencing of the refresh: only the holder of the newest lease may store its answer.
    lease_gen         bigint not null default 0,
    lease_until       timestamptz,
    -- Budget as last reported; Redis holds the live one and may forget it.
    budget            jsonb,
    budget_at         timestamptz,
    -- Users and field names as last read.
    remote_users      jsonb,
    remote_fields     jsonb,
    -- Where the next incremental run starts.
    watermark         timestamptz,
    persons_estimate  bigint,
    primary key (company_id, connection_id),
    constraint connection_one_per_provider unique (company_id, provider),
    foreign key (company_id, connected_by) references member on delete set null (connected_by)
);

create table oauth_state (
    company_id   uuid not null references company on delete cascade,
    -- SHA-256 of the `state` parameter.
    state_hash   bytea not null,
    -- SHA-256 of the session that started.
    session_hash bytea not null,
    member_id    uuid not null,
    provider     text not null,
    -- PKCE verifier, sealed; null where the provider has no PKCE.
    verifier     bytea,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    used_at      timestamptz,
    primary key (company_id, state_hash),
    foreign key (company_id, member_id) references member on delete cascade
);

-- Written and committed before the bytes leave: what a crash leaves behind is `sent`, never unknown
-- to us.
create table refresh_attempt (
    company_id    uuid not null,
    connection_id uuid not null,
    lease_gen     bigint not null,
    token_gen     bigint not null,
    instance      text not null,
    started_at    timestamptz not null default now(),
    finished_at   timestamptz,
    outcome       text not null default 'sent'
        check (outcome in ('sent', 'stored', 'refused', 'unknown', 'fenced')),
    -- An answer that came after we were fenced: sealed, never dropped.
    orphan        bytea,
    primary key (company_id, connection_id, lease_gen),
    foreign key (company_id, connection_id) references connection on delete cascade
);

-- Which master keys this database was sealed with: a start with another one is refused. Holds no
-- key, only a known text sealed under it.
create table master_key (
    master_id  text primary key,
    canary     bytea not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz
);
