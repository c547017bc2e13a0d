-- Puts a tenant table behind its company. Unset and '' (what a scoped transaction leaves behind)
-- both fail the cast, so a missing company is an error and never an empty page. The sub-select
-- makes Postgres read the setting once per statement.
create or replace procedure tandem_protect(tenant_table regclass) language plpgsql
    set search_path = pg_catalog, public as $$
begin
    execute format('alter table %s enable row level security', tenant_table);
    execute format('alter table %s force row level security', tenant_table);
    execute format('drop policy if exists of_the_company on %s', tenant_table);
    execute format(
        'create policy of_the_company on %s for all to tandem_tenant
             using (company_id = (select current_setting(''tandem.company_id'')::uuid))
             with check (company_id = (select current_setting(''tandem.company_id'')::uuid))',
        tenant_table
    );
    execute format('revoke all on %s from public, tandem_login, tandem_runner, tandem_door, tandem_search', tenant_table);
    execute format('revoke all on %s from tandem_tenant', tenant_table);
    execute format('grant select, insert, update, delete on %s to tandem_tenant', tenant_table);
end
$$;
revoke all on procedure tandem_protect(regclass) from public;

-- The same for tables that only the door key may touch: no company is known there yet.
create or replace procedure tandem_door_only(door_table regclass) language plpgsql
    set search_path = pg_catalog, public as $$
begin
    execute format('alter table %s enable row level security', door_table);
    execute format('alter table %s force row level security', door_table);
    execute format('drop policy if exists at_the_door on %s', door_table);
    execute format('create policy at_the_door on %s for all to tandem_door using (true) with check (true)', door_table);
    execute format('revoke all on %s from public, tandem_login, tandem_tenant, tandem_runner, tandem_search', door_table);
    execute format('grant select, insert, update, delete on %s to tandem_door', door_table);
end
$$;
revoke all on procedure tandem_door_only(regclass) from public;
