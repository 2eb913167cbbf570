-- Spreads the tables over a Citus cluster by tenant. Every key begins with the tenant and every
-- statement names it, so that each statement runs on one worker. All tables are kept together: one
-- transaction of one tenant never leaves its worker.

SELECT create_distributed_table('head', 'tenant');
SELECT create_distributed_table('origin', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('person', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('session', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('enrol_code', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('device', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('journal', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('case_file', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('departure', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('imported_row', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('log_leaf', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('log_head', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('custody', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('aside', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('alarm', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('newer_case', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('policy_version', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('household_visit', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('late_verdict', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('upload', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('upload_part', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('attachment_key', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('permit', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('watch', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('alarm_step', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('delivery', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('lift', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('pack', 'tenant', colocate_with => 'head');
SELECT create_distributed_table('duty', 'tenant', colocate_with => 'head');
