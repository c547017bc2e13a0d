-- Why: who did what in the company. Rows are appended in the transaction that causes them; a
-- sealing job chains them in batches, so writers do not queue. Neither table grants update or
-- delete to anybody.
create table audit_log (
    company_id uuid not null references company on delete cascade,
    audit_id   uuid not null,
    -- Null: Tandem itself. No foreign key: the log outlives the member.
    member_id  uuid,
    action     text not null,
    -- Ids only, never values: what is erased must not live on here.
    subject    text,
    detail     jsonb not null default '{}',
    created_at timestamptz not null default now(),
    primary key (company_id, audit_id)
);

create table audit_seal (
    company_id uuid not null references company on delete cascade,
    position   bigint not null,
    audit_id   uuid not null,
    -- SHA-256 over the previous hash and the row's canonical JSON.
    hash       bytea not null check (length(hash) = 32),
    sealed_at  timestamptz not null default now(),
    primary key (company_id, position),
    constraint audit_seal_once unique (company_id, audit_id),
    foreign key (company_id, audit_id) references audit_log
);
