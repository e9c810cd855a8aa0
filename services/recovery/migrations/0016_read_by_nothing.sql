-- Nothing reads where a practice is and what it speaks: written no more, and a later release drops it.
ALTER TABLE practices ALTER COLUMN locale DROP NOT NULL, ALTER COLUMN time_zone DROP NOT NULL;
