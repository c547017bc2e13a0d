-- Why: a list of organizations or deals that has to start again counted everybody twice: only
-- persons were noted as seen.
alter table sync_seen
    add column kind text not null default 'person'
        check (kind in ('organization', 'deal', 'person'));
