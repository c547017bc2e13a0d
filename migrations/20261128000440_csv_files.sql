-- Why: contacts from a file of rows. A file waits in pieces where every worker can read it, until the
-- run that reads it has ended; rows that could not be read stay until somebody corrects them or their
-- time is over (decision 38).
create table csv_file (
    company_id  uuid not null references company on delete cascade,
    file_id     uuid not null,
    uploaded_by uuid,
    state       text not null default 'arriving' check (state in ('arriving', 'ready', 'started')),
    bytes       bigint not null default 0,
    -- Line breaks: about as many as rows.
    lines       bigint not null default 0,
    -- What its bytes look like.
    charset     text not null default 'utf-8',
    -- How it is read and which column means what, in JSON; chosen at the start.
    settings    text,
    created_at  timestamptz not null default now(),
    primary key (company_id, file_id),
    foreign key (company_id, uploaded_by) references member on delete set null (uploaded_by)
);
create index csv_file_of_member on csv_file (company_id, uploaded_by);

create table csv_chunk (
    company_id uuid not null,
    file_id    uuid not null,
    seq        int not null,
    bytes      bytea not null,
    primary key (company_id, file_id, seq),
    foreign key (company_id, file_id) references csv_file on delete cascade
);

create table csv_bad_row (
    company_id uuid not null,
    file_id    uuid not null,
    -- Counted from 1, a header included: as a spreadsheet shows it.
    row_number bigint not null,
    -- A list of texts.
    cells      jsonb not null,
    reason     text not null,
    -- The run that takes it up as it was corrected.
    fixing     uuid,
    created_at timestamptz not null default now(),
    primary key (company_id, file_id, row_number),
    foreign key (company_id, file_id) references csv_file on delete cascade
);

-- What became of rows with neither an e-mail nor a phone: nothing else tells that they come again.
create table csv_print (
    company_id uuid not null,
    -- Half of a SHA-256 of the row.
    print      uuid not null,
    contact_id uuid not null,
    primary key (company_id, print),
    foreign key (company_id, contact_id) references contact on delete cascade
);
create index csv_print_of_contact on csv_print (company_id, contact_id);

-- A run belongs to a connection or to a file; the file goes before the run does.
alter table sync_run
    alter column connection_id drop not null,
    add column file_id uuid,
    -- The run whose rows were corrected for this one.
    add column fixes uuid,
    add constraint sync_run_of_file foreign key (company_id, file_id) references csv_file
        on delete set null (file_id),
    add constraint sync_run_of_one check (connection_id is null or file_id is null),
    add constraint sync_run_fixes foreign key (company_id, fixes) references sync_run
        on delete set null (fixes);
create index sync_run_by_file on sync_run (company_id, file_id) where file_id is not null;
create index sync_run_by_fixes on sync_run (company_id, fixes) where fixes is not null;
-- A file is started once; what was corrected of it, as often as somebody does.
create unique index sync_run_file_once on sync_run (company_id, file_id)
    where file_id is not null and fixes is null;
