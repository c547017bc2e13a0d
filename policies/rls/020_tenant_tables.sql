-- Every table that belongs to a company. `tests/it/rls.rs` fails when one is missing.
call tandem_protect('company');
call tandem_protect('book');
call tandem_protect('member');
call tandem_protect('invitation');
call tandem_protect('api_key');
call tandem_protect('idempotency_key');
call tandem_protect('lane');
call tandem_protect('job');
call tandem_protect('company_dek');
call tandem_protect('connection');
call tandem_protect('connection_count');
call tandem_protect('oauth_state');
call tandem_protect('connection_installer');
call tandem_protect('hook_channel');
call tandem_protect('hook_event');
call tandem_protect('poll');
call tandem_protect('refresh_attempt');
call tandem_protect('organization');
call tandem_protect('contact');
call tandem_protect('identifier');
call tandem_protect('mapping');
call tandem_protect('remote_deal');
call tandem_protect('budget_use');
call tandem_protect('sync_run');
call tandem_protect('sync_entry');
call tandem_protect('sync_seen');
call tandem_protect('csv_file');
call tandem_protect('csv_chunk');
call tandem_protect('csv_bad_row');
call tandem_protect('csv_print');
call tandem_protect('activity');
call tandem_protect('activity_mapping');
call tandem_protect('activity_day');
call tandem_protect('activity_reminder');
call tandem_protect('reminder_mail');
call tandem_protect('member_remote_user');
call tandem_protect('campaign');
call tandem_protect('campaign_member');
call tandem_protect('campaign_contact');
call tandem_protect('contact_snooze');
call tandem_protect('saved_filter');
call tandem_protect('warmness_change');
call tandem_protect('delivery');
call tandem_protect('delivery_attempt');
call tandem_protect('billing_account');
call tandem_protect('billing_subscription');
call tandem_protect('billing_event');
call tandem_protect('audit_log');
call tandem_protect('audit_seal');

-- The audit log is append-only by grant.
revoke update, delete on audit_log, audit_seal from tandem_tenant;

-- A company is made at the door and never by a tenant.
revoke insert, delete on company, book from tandem_tenant;
