-- Rows that are only added are vacuumed each time a table has grown by a fifth, which reads all its
-- indexes: six times over while it grows. Twice over is enough: nothing here is dead, and what a
-- vacuum gives (frozen rows, index-only scans) can wait until an import is through.
alter table contact set (autovacuum_vacuum_insert_scale_factor = 1.0);
alter table identifier set (autovacuum_vacuum_insert_scale_factor = 1.0);
alter table mapping set (autovacuum_vacuum_insert_scale_factor = 1.0);
alter table remote_deal set (autovacuum_vacuum_insert_scale_factor = 1.0);
alter table sync_entry set (autovacuum_vacuum_insert_scale_factor = 1.0);
