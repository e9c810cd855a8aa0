"""Patient records in a session: what practices wrote is in it while they are enrolled (UN-1)."""

# Of a delivery in sight of an account ($1). By the account's own newest snapshot, so what was an
# absorbed account's is shown once the survivor's names the record.
SHOWN = """
    (practice_id IS NULL OR (practice_id, patient_id) IN (
        SELECT practice_id, patient_id FROM patient_records
        WHERE account_id = $1 AND state = 'enrolled'
    ))
"""
