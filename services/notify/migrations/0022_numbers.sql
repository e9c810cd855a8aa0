-- Whose phone it is that asks for help is found by its number (NT-3).

CREATE INDEX notification_addresses_by_number ON notification_addresses (key) WHERE kind = 'phone';
