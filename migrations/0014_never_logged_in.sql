-- Those who have never logged in, for the list of them.
CREATE INDEX users_never_here ON users (name, id) WHERE last_login_at IS NULL;
-- What is open for a service, for switching it off.
CREATE INDEX grants_by_client ON grants (client_id) WHERE revoked_at IS NULL;
