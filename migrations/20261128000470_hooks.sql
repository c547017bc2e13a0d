-- Why: CRMs tell of changes by themselves. What they say is a hint to read a record again: it waits here,
-- once per event, until a job takes it up. And: what was agreed with a CRM so that it tells.
alter table connection
    -- Null: nothing was agreed yet, or the CRM tells nothing by itself.
    add column hooks_state text check (hooks_state in ('on', 'off', 'failing')),
    -- In words, for whoever looks at the connection.
    add column hooks_reason text,
    -- When the CRM stops telling unless it is asked again.
    add column hooks_until timestamptz,
    -- When somebody has to look after it next.
    add column hooks_due_at timestamptz,
    -- Changes may have happened that nobody told: what changed since the last run is to be read.
    add column hooks_missed boolean not null default false;

-- What a CRM was asked to tell, and where. Two for a moment, while one takes the other's place.
create table hook_channel (
    company_id    uuid not null,
    connection_id uuid not null,
    channel_id    uuid not null,
    -- SHA-256 of what stands in the address, and of the secret that each call shows. Both are 256 bits of
    -- chance and are only ever compared, so nothing here could be shown to anybody.
    token_hash    bytea not null check (length(token_hash) = 32),
    secret_hash   bytea not null check (length(secret_hash) = 32),
    -- The CRM's name of it; null until it has answered.
    remote_id     text,
    until         timestamptz,
    asked_at      timestamptz not null,
    primary key (company_id, connection_id, channel_id),
    foreign key (company_id, connection_id) references connection on delete cascade
);
-- A call names its token and no company. Not unique: across companies it would be an oracle, and of 256
-- random bits none is met twice.
create index hook_channel_of_token on hook_channel (token_hash);

-- The inbox.
create table hook_event (
    company_id    uuid not null,
    connection_id uuid not null,
    -- SHA-256 of what makes it this event at the CRM, so that a repetition is the same row.
    event_key     bytea not null check (length(event_key) = 32),
    -- The person to read again; null when it could not be read which one.
    remote_id     text,
    -- It tells that the person is gone: no list of changes would say so.
    gone          boolean not null default false,
    -- By the CRM's clock.
    happened_at   timestamptz,
    received_at   timestamptz not null,
    -- When a job took it up.
    taken_at      timestamptz,
    primary key (company_id, connection_id, event_key),
    foreign key (company_id, connection_id) references connection on delete cascade
);
create index hook_event_waiting on hook_event (company_id, connection_id, received_at) where taken_at is null;
create index hook_event_received on hook_event (company_id, connection_id, received_at);

-- Nobody asked for it: the CRM told of a change.
alter table sync_run add column by_hook boolean not null default false;
