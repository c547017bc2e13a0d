-- Why: whoever planned a next step is told on its day, once, whatever the number of workers.
alter table member add column mails_reminders boolean not null default true;

-- What is still to do, of a member.
create index activity_open on activity (company_id, member_id, due_at) where not done;

-- One mail per member and day (UTC), written with the job that sends it.
create table reminder_mail (
    company_id  uuid not null,
    member_id   uuid not null,
    day         date not null,
    -- Until then somebody is sending it.
    lease_until timestamptz,
    sent_at     timestamptz,
    primary key (company_id, member_id, day),
    foreign key (company_id, member_id) references member on delete cascade
);

-- What stands in which mail. An activity that is put off is told again on its new day.
create table activity_reminder (
    company_id  uuid not null,
    activity_id uuid not null,
    due_at      timestamptz not null,
    member_id   uuid not null,
    day         date not null,
    primary key (company_id, activity_id, due_at),
    foreign key (company_id, activity_id) references activity on delete cascade,
    foreign key (company_id, member_id, day) references reminder_mail on delete cascade
);
create index activity_reminder_of_mail on activity_reminder (company_id, member_id, day);
