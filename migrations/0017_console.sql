-- Somebody is invited to several services at once: their identifiers, with a space between them.
ALTER TABLE invitations ADD COLUMN services TEXT NOT NULL DEFAULT '';
UPDATE invitations SET services = client_id WHERE client_id IS NOT NULL;
ALTER TABLE invitations DROP COLUMN client_id;

-- The orders in which the console lists services and sessions. When a service was last given tokens follows from the
-- audit trail, and is noted here once a minute for that order only.
ALTER TABLE clients ADD COLUMN last_used_at BIGINT;
CREATE INDEX clients_by_last_use ON clients (COALESCE(last_used_at, 0), id);
CREATE INDEX clients_by_status ON clients (COALESCE(disabled_at, 0), id);
CREATE INDEX sessions_by_start ON sessions (authenticated_at, id) WHERE ended_at IS NULL;
