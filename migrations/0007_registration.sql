-- Tokens with which services register themselves (without a client), and look after their registration (with one).
CREATE TABLE registration_tokens (
    digest TEXT PRIMARY KEY,
    client_id TEXT REFERENCES clients (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX registration_tokens_by_client ON registration_tokens (client_id);
CREATE INDEX registration_tokens_by_expiry ON registration_tokens (expires_at);
