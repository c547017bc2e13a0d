-- Why: what was used of an account's daily budget, by day and purpose. Redis counts and forgets; the
-- page shows the last days. A run says how much of its use is in here already, so that what a killed
-- worker used is neither lost nor counted twice.
create table budget_use (
    company_id    uuid not null,
    connection_id uuid not null,
    -- In UTC.
    day           date not null,
    purpose       text not null check (purpose in ('import', 'browse', 'connect')),
    requests      bigint not null default 0,
    tokens        bigint not null default 0,
    -- Answers that told us to slow down (429).
    throttled     bigint not null default 0,
    primary key (company_id, connection_id, day, purpose),
    foreign key (company_id, connection_id) references connection on delete cascade
);

alter table sync_run
    add column booked_requests bigint not null default 0,
    add column booked_tokens bigint not null default 0;

insert into budget_use (company_id, connection_id, day, purpose, requests, tokens)
select company_id, connection_id,
       (coalesce(finished_at, started_at, created_at) at time zone 'utc')::date, 'import',
       sum(requests), sum(tokens_spent)
from sync_run
where requests > 0
group by 1, 2, 3;
update sync_run set booked_requests = requests, booked_tokens = tokens_spent where requests > 0;
