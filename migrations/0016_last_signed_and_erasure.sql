-- The head of the audit trail that was signed last, noted beside the heads: empty until there is one.
INSERT INTO facts (name, value)
    SELECT 'trail_signed', signed FROM trail_heads ORDER BY seq DESC, kind LIMIT 1;
INSERT INTO facts (name, value)
    SELECT 'trail_signed', '' FROM facts WHERE name = 'trail_key'
    AND NOT EXISTS (SELECT 1 FROM facts WHERE name = 'trail_signed');

-- What somebody typed who is to be erased.
CREATE INDEX flows_by_email ON flows (LOWER(email)) WHERE email IS NOT NULL;
CREATE INDEX challenges_by_email ON challenges (email);
