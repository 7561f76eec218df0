-- Clients that prove who they are by what they sign.

-- Each assertion is good for one use: what was used is remembered until it would be too old anyway.
CREATE TABLE used_assertions (
    digest TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- Secrets themselves, of those clients only that sign with theirs: a digest cannot check a signature.
CREATE TABLE sealed_secrets (
    digest TEXT PRIMARY KEY REFERENCES client_secrets (digest) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL
);
CREATE INDEX sealed_secrets_by_client ON sealed_secrets (client_id);
