-- Whom an access token is for, and the key that whoever uses it must have.
ALTER TABLE access_tokens ADD COLUMN audience TEXT;
ALTER TABLE access_tokens ADD COLUMN confirmation TEXT;
-- Which services acted for the person, one after the other (RFC 8693, section 4.1).
ALTER TABLE access_tokens ADD COLUMN actor TEXT;

ALTER TABLE grants ADD COLUMN resources TEXT;
-- The key that its code, and the refresh tokens of a public client, can be used with.
ALTER TABLE grants ADD COLUMN key_thumbprint TEXT;
