-- Why: the sync log. A run carries its own cursor and counts, so that it resumes from the last
-- committed page; entries are compact: created and linked ones are one row per page.
create table sync_run (
    company_id      uuid not null,
    run_id          uuid not null,
    connection_id   uuid not null,
    provider        text not null,
    mode            text not null check (mode in ('full', 'selective', 'incremental')),
    direction       text not null default 'inbound' check (direction in ('inbound', 'outbound')),
    state           text not null default 'queued'
        check (state in ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
    state_reason    text,
    waiting_until   timestamptz,
    phase           text not null default 'users'
        check (phase in ('users', 'fields', 'organizations', 'deals', 'persons', 'reconcile')),
    cursor          text,
    -- Persons to fetch: the selection, or those whose deals changed.
    ids             text[],
    updated_since   timestamptz,
    -- Committed pages: the fence that keeps a page from being written twice.
    page            int not null default 0,
    requested_by    uuid,
    -- Two requests for the same import are one run.
    dedup           text not null,
    cancel_requested boolean not null default false,
    limit_reached   boolean not null default false,
    estimate        bigint,
    seen            bigint not null default 0,
    created         bigint not null default 0,
    updated         bigint not null default 0,
    linked          bigint not null default 0,
    unchanged       bigint not null default 0,
    skipped         bigint not null default 0,
    conflict        bigint not null default 0,
    quarantined     bigint not null default 0,
    organizations_seen      bigint not null default 0,
    organizations_created   bigint not null default 0,
    organizations_updated   bigint not null default 0,
    organizations_unchanged bigint not null default 0,
    deals_seen        bigint not null default 0,
    deals_written     bigint not null default 0,
    deals_unchanged   bigint not null default 0,
    deals_quarantined bigint not null default 0,
    requests        bigint not null default 0,
    tokens_spent    bigint not null default 0,
    attempts        int not null default 0,
    created_at      timestamptz not null default now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    primary key (company_id, run_id),
    foreign key (company_id, connection_id) references connection on delete cascade,
    foreign key (company_id, requested_by) references member on delete set null (requested_by)
);
create unique index sync_run_once on sync_run (company_id, connection_id, dedup)
    where state in ('queued', 'running', 'waiting');
create index sync_run_of_member on sync_run (company_id, requested_by);

create table sync_entry (
    company_id  uuid not null,
    run_id      uuid not null,
    outcome     text not null
        check (outcome in ('created', 'updated', 'linked', 'skipped', 'conflict', 'quarantined')),
    page        int not null,
    seq         int not null,
    -- One element, or one per record for the compact rows of a page.
    remote_ids  text[] not null,
    contact_ids uuid[] not null default '{}',
    remote_name text,
    before      jsonb,
    after       jsonb,
    reason      text,
    created_at  timestamptz not null default now(),
    primary key (company_id, run_id, outcome, page, seq),
    foreign key (company_id, run_id) references sync_run on delete cascade
);

-- Which records a full run has seen, a row per page, dropped when the run ends: what is mapped and
-- was not seen is gone at the provider.
create table sync_seen (
    company_id uuid not null,
    run_id     uuid not null,
    page       int not null,
    remote_ids text[] not null,
    primary key (company_id, run_id, page),
    foreign key (company_id, run_id) references sync_run on delete cascade
);
