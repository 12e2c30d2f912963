"""Damages of what administrators make, for the table of damages.py: settings, keys, sending windows, and the audit."""

OF_ADMINISTRATORS = {
    "settings": {
        "the epoch is deleted": "DELETE FROM setting WHERE name = 'epoch'",
        "the epoch is garbage": "UPDATE setting SET value = 'soon' WHERE name = 'epoch'",
        "the epoch is empty": "UPDATE setting SET value = '' WHERE name = 'epoch'",
        "a number is a word": "UPDATE setting SET value = 'soon' WHERE name = 'failure_retention_days'",
        "a number is out of range": "UPDATE setting SET value = '0' WHERE name = 'failure_retention_days'",
        "another number is out of range": "INSERT INTO setting VALUES ('backup_keep', '100000')",
        "a time limit is none": "INSERT INTO setting VALUES ('transfer_seconds', '0')",
        "an origin is a wildcard": "UPDATE setting SET value = '*' WHERE name = 'cors_origins'",
        "a sender is no host": "INSERT INTO setting VALUES ('webhook_origins', 'https://a.example')",
        "what zones were compared is a word": "INSERT INTO setting VALUES ('zones_compared', 'all of them') ON CONFLICT DO UPDATE SET value = excluded.value",
        "the time of the last backup is a word": "INSERT INTO setting VALUES ('backup_at', 'yesterday')",
        "the sources of keys are no JSON": "INSERT INTO setting VALUES ('key_sources', 'https://id.example.com/keys')",
        "a claim has a blank": "INSERT INTO setting VALUES ('organization_claim', 'the organization')",
        "an unknown setting": "INSERT INTO setting VALUES ('failure_retention_day', '30')",
    },
    "keys": {
        "a signing key has nonsense scopes": "UPDATE signing_key SET max_scopes = 'usage:everything' WHERE kid = 'main'",
        "a signing key has an empty secret": "UPDATE signing_key SET verify_key = x'' WHERE kid = 'main'",
        "a signing key has a short secret": "UPDATE signing_key SET verify_key = x'00', sign_key = x'00' WHERE kid = 'main'",
        "a signing key verifies with another secret than it signs with": "UPDATE signing_key SET verify_key = randomblob(32) WHERE kid = 'main'",
        "a public key is no PEM": "UPDATE signing_key SET verify_key = CAST('-----BEGIN nothing' AS BLOB) WHERE kid = 'partner'",
        "a public key is of another algorithm": "UPDATE signing_key SET alg = 'HS256' WHERE kid = 'partner'",
        "a source of keys is not encrypted":
            """INSERT INTO setting VALUES ('key_sources', '{"sources":[{"url":"http://id.example.com/keys"}]}')""",
        "a source has a key that is not there":
            """INSERT INTO setting VALUES ('key_sources', '{"sources":[{"url":"https://id.example.com/","kids":["nobody"]}]}')""",
        "a forgotten key is not there":
            """INSERT INTO setting VALUES ('key_sources', '{"sources":[],"forgotten":{"withdrawn":["nobody"]}}')""",
        "a source has a key that signs here":
            """INSERT INTO setting VALUES ('key_sources', '{"sources":[{"url":"https://id.example.com/","kids":["main"]}]}')""",
        "an API key has an unknown scope": "UPDATE api_key SET scopes = 'usage:write usage:everything' WHERE name = 'mailer'",
        "an API key may do everything": "UPDATE api_key SET scopes = 'admin' WHERE name = 'mailer'",
        "an API key has a short hash": "UPDATE api_key SET sha256 = x'00' WHERE name = 'mailer'",
        "an API key of no organization": "UPDATE api_key SET org = 77 WHERE name = 'mailer'",
        "an API key has the number 0": "UPDATE api_key SET number = 0 WHERE name = 'mailer'",
        "an API key ended before it was made": "UPDATE api_key SET expires_at = created_at - 1 WHERE name = 'mailer'",
        "an API key was used in the middle of a day": "UPDATE api_key SET used_at = 1779249600001 WHERE name = 'mailer'",
        "a signing key has an empty issuer": "UPDATE signing_key SET iss = '' WHERE kid = 'partner'",
        "a signing key has an audience and accepts any": "UPDATE signing_key SET aud = 'a', is_any_audience = 1 WHERE kid = 'partner'",
        "a revoked token of no key": "INSERT INTO revoked_token (kid, jti, revoked_at) VALUES ('nobody', 'j', 1)",
    },
    "windows": {
        "the hours of an organization are no JSON": "UPDATE organization SET sending_window = '{\"hours\":[' WHERE key = 1",
        "the hours of an organization end at no time":
            "UPDATE organization SET sending_window = replace(sending_window, '23:00', '25:00') WHERE key = 1",
        "the hours of an organization have a blank": "UPDATE organization SET sending_window = sending_window || ' ' WHERE key = 1",
        "an organization has hours that are none": "UPDATE organization SET sending_window = '{\"hours\":[]}' WHERE key = 1",
        "a closed day is no date": "UPDATE closed_day SET day = 99999999 WHERE org = 1",
        "a closed day has a name of two lines": "UPDATE closed_day SET name = 'a' || char(10) || 'b' WHERE org = 1",
        "a campaign has a window that is no JSON": "UPDATE campaign SET sending_window = 'none' WHERE id = 'winter'",
        "a campaign has another window":
            "UPDATE campaign SET sending_window = replace(sending_window, '12-24', '12-23') WHERE id = 'winter'",
        "a campaign has lost its window": "UPDATE campaign SET sending_window = NULL WHERE id = 'winter'",
        "a campaign has the window of another": "UPDATE campaign SET sending_window = (SELECT sending_window FROM campaign "
                                                "WHERE id = 'winter') WHERE id = 'single'",
    },
    "audit": {
        "all audit rows are deleted": "DELETE FROM audit",
        "the audit rows of one organization are deleted": "DELETE FROM audit WHERE org = 1",
        "audit rows of the installation have one number": "UPDATE audit SET number = 1 WHERE org IS NULL",
        "the audit rows of an organization are numbered backwards": "UPDATE audit SET number = 1000 - key WHERE org = 1",
    },
}
