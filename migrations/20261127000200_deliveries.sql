-- Why: what must happen at a CRM exactly once. A delivery is written in the transaction of the change
-- that causes it; each attempt is committed as `sending` before its bytes leave, and what a crash
-- leaves behind is `unknown`, never `queued`.
create table delivery (
    company_id      uuid not null,
    delivery_id     uuid not null,
    connection_id   uuid not null,
    provider        text not null,
    kind            text not null
        check (kind in ('warm_lead', 'activity_create', 'activity_update', 'activity_delete')),
    -- No references: the story stays when the contact or activity goes.
    contact_id      uuid not null,
    activity_id     uuid,
    -- Order among the deliveries of one contact at one connection.
    seq             bigint not null,
    -- What set it off: warmness, meeting, push, logged, edited, deleted, mapped.
    trigger         text not null,
    requested_by    uuid,
    state           text not null default 'queued' check (state in
        ('queued', 'held', 'sending', 'delivered', 'retrying', 'unknown', 'failed', 'dead')),
    -- Why it is not delivered: a word for machines, words for people, problems by field.
    cause           text,
    reason          text,
    fields          jsonb,
    -- People at the CRM between whom a person must choose, and the one chosen.
    candidates      jsonb,
    chosen          text,
    -- Attempts since it was written or replayed, and looks since the last attempt.
    attempts        int not null default 0,
    looks           int not null default 0,
    next_at         timestamptz,
    -- Outages are waited for until then.
    give_up_at      timestamptz not null,
    -- What it left at the CRM so far.
    remote_id              text,
    organization_remote_id text,
    -- What went otherwise than usual, as words for machines: `label_missing`, `owner_of_connection`.
    remarks         text[] not null default '{}',
    -- Our mark on the record at the CRM, where the CRM has a place for it.
    marker          uuid not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    delivered_at    timestamptz,
    primary key (company_id, delivery_id),
    foreign key (company_id, connection_id) references connection on delete cascade,
    foreign key (company_id, requested_by) references member on delete set null (requested_by),
    constraint delivery_in_order unique (company_id, connection_id, contact_id, seq)
);
-- One warm lead per contact and connection; a replay is a new attempt of the same delivery.
create unique index delivery_one_lead on delivery (company_id, connection_id, contact_id)
    where kind = 'warm_lead';
-- Edits that wait are one: the last state counts.
create unique index delivery_one_edit on delivery (company_id, connection_id, activity_id, kind)
    where kind <> 'warm_lead' and state in ('queued', 'held', 'retrying');
-- At most one effect of a contact is on its way.
create unique index delivery_one_sending on delivery (company_id, connection_id, contact_id)
    where state = 'sending';
create index delivery_open on delivery (company_id, connection_id, state, delivery_id)
    where state <> 'delivered';
create index delivery_of_activity on delivery (company_id, activity_id) where activity_id is not null;
create index delivery_of_contact on delivery (company_id, contact_id, delivery_id);
create index delivery_of_member on delivery (company_id, requested_by);

create table delivery_attempt (
    company_id   uuid not null,
    delivery_id  uuid not null,
    n            int not null,
    -- Which effect: organization, label, reference, person, person_labels, activity.
    step         text not null,
    -- What is to happen, as sent: an unknown outcome is looked for by it.
    effect       jsonb not null,
    outcome      text not null default 'sending' check (outcome in
        ('sending', 'done', 'found', 'absent', 'refused', 'not_sent', 'unknown')),
    -- HTTP status, where there was an answer.
    status       int,
    remote_id    text,
    reason       text,
    started_at   timestamptz not null,
    finished_at  timestamptz,
    primary key (company_id, delivery_id, n),
    foreign key (company_id, delivery_id) references delivery on delete cascade
);

-- Five failures in a row open the circuit of a connection; one read that succeeds closes it.
alter table connection
    add column circuit_failures int not null default 0,
    add column circuit_opened   int not null default 0,
    add column circuit_until    timestamptz,
    add column remote_types     jsonb;
-- A lane that waits as a whole: one row instead of each job in it.
alter table lane add column resumes_at timestamptz;
