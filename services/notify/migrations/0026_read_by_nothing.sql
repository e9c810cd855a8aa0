-- Nothing reads how a practice is reached: written no more, and a later release drops it.
ALTER TABLE practices ALTER COLUMN contact DROP NOT NULL;
