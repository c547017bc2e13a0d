-- Why: a CRM that does not tell of changes is asked for them by the clock, and one that does is asked now
-- and then, because hints get lost. A row per connection whose people were taken in: when it is its turn.
-- Workers read these rows of all companies, so nothing of a CRM's is in the columns that they may read.
create table poll (
    company_id    uuid not null,
    connection_id uuid not null,
    due_at        timestamptz not null,
    -- When what has changed was last read to its end, whoever asked for it.
    looked_at     timestamptz,
    -- Runs of the clock that failed, in a row.
    failures      int not null default 0,
    -- Why the last turn was passed over, in words.
    reason        text,
    primary key (company_id, connection_id),
    foreign key (company_id, connection_id) references connection on delete cascade
);
create index poll_due on poll (due_at);

-- Nobody asked for it: it was its turn.
alter table sync_run add column by_clock boolean not null default false;
create index sync_run_by_clock on sync_run (company_id, connection_id) where by_clock;
