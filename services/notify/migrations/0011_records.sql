-- A practice lists what it had sent to one patient (ST-1).

CREATE INDEX deliveries_by_record ON deliveries (patient_id, created_at DESC) WHERE practice_id IS NOT NULL;
