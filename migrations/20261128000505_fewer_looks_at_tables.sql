-- Why: an import of a million was looked at forty times by autovacuum's analyze, once for each tenth
-- that a table had grown, and each look read a share of all its rows and emptied the list of what the
-- search had yet to index. What a table holds hardly changes in kind while it grows, and how many rows
-- it has, the planner reads from its size: half as many again is soon enough.
alter table contact set (autovacuum_analyze_scale_factor = 0.5);
alter table organization set (autovacuum_analyze_scale_factor = 0.5);
alter table identifier set (autovacuum_analyze_scale_factor = 0.5);
alter table mapping set (autovacuum_analyze_scale_factor = 0.5);
alter table remote_deal set (autovacuum_analyze_scale_factor = 0.5);
alter table sync_entry set (autovacuum_analyze_scale_factor = 0.5);

-- Reports of one's own contacts, and of a campaign's, read what was done with each of them: from the
-- index alone, for it holds all that they count.
drop index activity_of_contact;
create index activity_of_contact on activity (company_id, contact_id, due_at desc, activity_id)
    include (member_id, campaign_id, kind, done, booked);
