-- Authorization requests that clients pushed to us before they sent anybody here (RFC 9126).

-- Kept beyond its short life for as long as a journey that began in time can take: its end uses the request up.
CREATE TABLE pushed_requests (
    digest TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    params TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
