-- Why: whoever asks the same of the book every morning keeps the question. It is the member's own.
create table saved_filter (
    company_id uuid not null,
    filter_id  uuid not null,
    member_id  uuid not null,
    name       text not null check (length(name) between 1 and 60),
    -- The conditions by the names of the API's parameters; nothing looks inside but the API.
    filter     jsonb not null,
    sort       text,
    created_at timestamptz not null default now(),
    primary key (company_id, filter_id),
    constraint saved_filter_one_name unique (company_id, member_id, name),
    foreign key (company_id, member_id) references member on delete cascade
);
