-- Why: what members did with contacts (calls, meetings, messages), and which of it stands at which
-- CRM. Texts are plain; a CRM gets them as safe HTML.
create table activity (
    company_id       uuid not null references company on delete cascade,
    activity_id      uuid not null,
    contact_id       uuid not null,
    -- Who logged it; its owner at a CRM.
    member_id        uuid,
    kind             text not null
        check (kind in ('CALL', 'EMAIL', 'MEETING', 'LINKEDIN', 'REFERRAL', 'CONFERENCE')),
    -- Empty means the default of the kind.
    subject          text not null default '' check (length(subject) <= 255),
    note             text not null default '',
    -- When it happened or is due.
    due_at           timestamptz not null,
    -- Without one, a day's activity has a date and no time of day.
    has_time         boolean not null default true,
    duration_minutes int check (duration_minutes between 1 and 1440),
    done             boolean not null default true,
    -- Grows with each edit: what a CRM was last told is compared with it.
    version          int not null default 1,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (company_id, activity_id),
    foreign key (company_id, contact_id) references contact on delete cascade,
    foreign key (company_id, member_id) references member on delete set null (member_id)
);
create index activity_of_contact on activity (company_id, contact_id, due_at desc, activity_id);
create index activity_feed on activity (company_id, due_at desc, activity_id);
create index activity_of_member on activity (company_id, member_id, due_at desc, activity_id);

-- Activity <-> record of one connection. It outlives the activity, which may have to be deleted there.
create table activity_mapping (
    company_id     uuid not null,
    connection_id  uuid not null,
    activity_id    uuid not null,
    remote_id      text not null,
    -- The version that the CRM has.
    version        int not null,
    last_synced_at timestamptz not null default now(),
    primary key (company_id, connection_id, activity_id),
    constraint activity_mapping_one_record unique (company_id, connection_id, remote_id),
    foreign key (company_id, connection_id) references connection on delete cascade
);

-- A member's user at a connection, as found by e-mail.
create table member_remote_user (
    company_id     uuid not null,
    connection_id  uuid not null,
    member_id      uuid not null,
    remote_user_id text not null,
    found_at       timestamptz not null default now(),
    primary key (company_id, connection_id, member_id),
    foreign key (company_id, connection_id) references connection on delete cascade,
    foreign key (company_id, member_id) references member on delete cascade
);
create index member_remote_user_of_member on member_remote_user (company_id, member_id);

-- Whether a contact that becomes mapped brings along what was logged before.
alter table company add column push_earlier boolean not null default false;
