-- Why: what a script did under a member's API key stood in the log as done by the member alone. No
-- foreign key: the log outlives the key. Rows without one hash as they did before.
alter table audit_log add column api_key_id uuid;
