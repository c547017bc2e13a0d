-- Why: the service logs in as a role that owns nothing and may read nothing; each key of `db/`
-- puts on one of the roles below for the length of a transaction. Roles are cluster-wide, so a
-- second database of the same cluster finds them already there.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['tandem_tenant', 'tandem_runner', 'tandem_door', 'tandem_search'] loop
        if to_regrole(wanted) is null then
            execute format('create role %I nologin', wanted);
        end if;
    end loop;
    if to_regrole('tandem_login') is null then
        create role tandem_login login noinherit;
    end if;
    grant tandem_tenant, tandem_runner, tandem_door to tandem_login;
end
$$;

revoke create on schema public from public;
grant usage on schema public to tandem_login, tandem_tenant, tandem_runner, tandem_door, tandem_search;

-- Substring search that stays inside one company's part of the index.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;
