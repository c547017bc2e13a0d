-- Why: work that runs later. A lane is one company's queue for one subject with a cap, so that a
-- backlog never delays another company. Rows hold no payload: workers read them across companies.
create table lane (
    company_id uuid not null references company on delete cascade,
    lane_key   text not null,
    cap        int not null default 1 check (cap > 0),
    inflight   int not null default 0 check (inflight >= 0),
    served_at  timestamptz not null default '-infinity',
    primary key (company_id, lane_key)
) with (fillfactor = 50);

create table job (
    company_id   uuid not null,
    job_id       uuid not null,
    lane_key     text not null,
    kind         text not null,
    -- What the job is about, a row of the company; which table depends on the kind.
    subject      uuid,
    state        text not null default 'ready' check (state in ('ready', 'leased', 'dead')),
    run_at       timestamptz not null default now(),
    attempts     int not null default 0,
    max_attempts int not null default 20,
    -- At most one waiting job of a kind and key.
    dedup        text,
    lease_until  timestamptz,
    -- Which lease this is: a worker that lost its lease cannot finish the job of its successor.
    lease_gen    bigint not null default 0,
    last_error   text,
    created_at   timestamptz not null default now(),
    primary key (company_id, job_id),
    foreign key (company_id, lane_key) references lane on delete cascade
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
create index job_ready on job (company_id, lane_key, run_at, job_id) where state = 'ready';
create index job_leased on job (lease_until) where state = 'leased';
create unique index job_dedup on job (company_id, kind, dedup)
    where dedup is not null and state = 'ready';

create function tandem_wake_workers() returns trigger language plpgsql
    set search_path = pg_catalog as $$
begin
    perform pg_notify('tandem_jobs', '');
    return null;
end
$$;
create trigger job_wakes_workers after insert on job
    for each statement execute function tandem_wake_workers();
