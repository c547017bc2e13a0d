-- A consultant sees the own contacts only: a member and a scope stand beside the company.
-- Restrictive policies are ANDed with the company's. Scope 'all' is what workers and the other
-- roles have; anything else, unset included, means own.
drop policy if exists own_only on contact;
create policy own_only on contact as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or owner_member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    )
    with check (
        (select current_setting('tandem.scope')) = 'all'
        or owner_member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

drop policy if exists own_only on identifier;
create policy own_only on identifier as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or contact_id in (select contact.contact_id from contact)
    );

drop policy if exists own_only on mapping;
create policy own_only on mapping as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or contact_id is null
        or contact_id in (select contact.contact_id from contact)
    );

drop policy if exists own_only on sync_run;
create policy own_only on sync_run as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or requested_by = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

drop policy if exists own_only on sync_entry;
create policy own_only on sync_entry as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or run_id in (select sync_run.run_id from sync_run)
    );

drop policy if exists own_only on activity;
create policy own_only on activity as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or contact_id in (select contact.contact_id from contact)
    );

-- The story of an own contact; and what the member asked for, should the contact be gone.
drop policy if exists own_only on delivery;
create policy own_only on delivery as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or contact_id in (select contact.contact_id from contact)
        or requested_by = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

drop policy if exists own_only on delivery_attempt;
create policy own_only on delivery_attempt as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or delivery_id in (select delivery.delivery_id from delivery)
    );

-- Everybody sees the campaigns and who works on them; of whom they reach, the own contacts.
drop policy if exists own_only on campaign_contact;
create policy own_only on campaign_contact as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or contact_id in (select contact.contact_id from contact)
    );

-- What a member put off or keeps is nobody else's business.
drop policy if exists own_only on contact_snooze;
create policy own_only on contact_snooze as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

drop policy if exists own_only on saved_filter;
create policy own_only on saved_filter as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

-- How warm the own contacts were. Whoever changes one notes it, seen or not. The counts of
-- `activity_day` have no owner: they are read for those who see everybody's, and others count anew.
drop policy if exists own_only on warmness_change;
create policy own_only on warmness_change as restrictive for select to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or owner_member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

-- Whom a member is reminded of is nobody else's business.
drop policy if exists own_only on reminder_mail;
create policy own_only on reminder_mail as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

drop policy if exists own_only on activity_reminder;
create policy own_only on activity_reminder as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or member_id = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

-- A file that somebody brought is theirs until its people are in the book.
drop policy if exists own_only on csv_file;
create policy own_only on csv_file as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or uploaded_by = (select nullif(current_setting('tandem.member_id'), '')::uuid)
    );

drop policy if exists own_only on csv_chunk;
create policy own_only on csv_chunk as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or file_id in (select csv_file.file_id from csv_file)
    );

drop policy if exists own_only on csv_bad_row;
create policy own_only on csv_bad_row as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or file_id in (select csv_file.file_id from csv_file)
    );

drop policy if exists own_only on csv_print;
create policy own_only on csv_print as restrictive for all to tandem_tenant
    using (
        (select current_setting('tandem.scope')) = 'all'
        or contact_id in (select contact.contact_id from contact)
    );
