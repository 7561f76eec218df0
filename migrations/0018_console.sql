-- Somebody is invited to several services at once: their identifiers, with a space between them.
ALTER TABLE invitations ADD COLUMN services TEXT NOT NULL DEFAULT '';
UPDATE invitations SET services = client_id WHERE client_id IS NOT NULL;
ALTER TABLE invitations DROP COLUMN client_id;
