-- Why: the book (contacts, organizations, their identifiers) and how its rows map to records at
-- the provider. Every key starts with the company: foreign-key checks bypass row security.
create table organization (
    company_id      uuid not null references company on delete cascade,
    organization_id uuid not null,
    name            text not null,
    name_norm       text not null generated always as (left(lower(name), 200)) stored,
    website         text,
    country         text,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (company_id, organization_id)
);
create index organization_by_name on organization (company_id, name_norm);

create table contact (
    company_id        uuid not null references company on delete cascade,
    contact_id        uuid not null,
    full_name         text not null,
    first_name        text,
    last_name         text,
    -- [{"value","label","primary"}], at most one primary; phones also carry "e164".
    emails            jsonb not null default '[]',
    phones            jsonb not null default '[]',
    organization_id   uuid,
    -- The name as last written, so that a list needs no join.
    organization_name text,
    owner_member_id   uuid,
    warmness          smallint not null default 0 check (warmness between 0 and 10),
    source            text,
    tags              text[] not null default '{}',
    custom_fields     jsonb not null default '{}',
    -- Names of the fields that a member edited: a sync leaves them alone.
    edited            text[] not null default '{}',
    last_contacted_at timestamptz,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    -- Lower-cased name, e-mails, phones and organization: what the search looks in.
    search            text not null,
    sort_name         text not null generated always as (left(lower(full_name), 100)) stored,
    primary key (company_id, contact_id),
    foreign key (company_id, organization_id) references organization
        on delete set null (organization_id),
    foreign key (company_id, owner_member_id) references member
        on delete set null (owner_member_id)
);
create index contact_by_name on contact (company_id, sort_name, contact_id);
create index contact_by_update on contact (company_id, updated_at, contact_id);
create index contact_by_owner on contact (company_id, owner_member_id, contact_id);
create index contact_by_organization on contact (company_id, organization_id)
    where organization_id is not null;
create index contact_warm on contact (company_id, warmness, contact_id) where warmness > 0;
create index contact_search on contact using gin (company_id, search gin_trgm_ops);

-- Who is reached by what. An e-mail belongs to one contact (holder is the nil uuid, so the primary
-- key refuses a second); a phone may be shared (holder is the contact).
create table identifier (
    -- The contact's key holds the company: a foreign key of its own would be paid for every row.
    company_id uuid not null,
    kind       text not null check (kind in ('email', 'phone')),
    -- A normalized address, or a number in E.164; never empty.
    value      text not null check (value <> ''),
    holder     uuid not null,
    contact_id uuid not null,
    primary key (company_id, kind, value, holder),
    foreign key (company_id, contact_id) references contact on delete cascade
);
create index identifier_of_contact on identifier (company_id, contact_id);

create table mapping (
    company_id        uuid not null,
    connection_id     uuid not null,
    kind              text not null check (kind in ('person', 'organization')),
    remote_id         text not null,
    contact_id        uuid,
    organization_id   uuid,
    state             text not null default 'linked' check (state in ('linked', 'gone')),
    sync_direction    text not null default 'inbound'
        check (sync_direction in ('inbound', 'outbound', 'bidirectional')),
    -- Several remote persons may map to one contact; the primary one writes its fields.
    is_primary        boolean not null default true,
    -- Hash of the record as we last took it in: equal means nothing to do.
    fingerprint       bigint not null,
    remote_updated_at timestamptz,
    last_synced_at    timestamptz not null default now(),
    -- One row per remote record: a second contact for it cannot be written.
    primary key (company_id, connection_id, kind, remote_id),
    foreign key (company_id, connection_id) references connection on delete cascade,
    foreign key (company_id, contact_id) references contact on delete cascade,
    foreign key (company_id, organization_id) references organization on delete cascade,
    check (num_nonnulls(contact_id, organization_id) = 1)
);
create index mapping_of_contact on mapping (company_id, contact_id) where contact_id is not null;
create index mapping_of_organization on mapping (company_id, organization_id)
    where organization_id is not null;

create table remote_deal (
    company_id          uuid not null,
    connection_id       uuid not null,
    remote_id           text not null,
    person_remote_id    text,
    organization_remote_id text,
    owner_remote_id     text,
    title               text,
    value               double precision,
    currency            text,
    status              text,
    stage               text,
    pipeline            text,
    remote_updated_at   timestamptz,
    fingerprint         bigint not null,
    primary key (company_id, connection_id, remote_id),
    foreign key (company_id, connection_id) references connection on delete cascade
);
create index remote_deal_of_person on remote_deal (company_id, connection_id, person_remote_id)
    where person_remote_id is not null;
