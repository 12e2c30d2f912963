<?php
// What the scripts share: the database, who asks, and the organization's days.  The connection stays open from one request to
// the next; PHP prepares its statements in each.
declare(strict_types=1);

const DAY_MS = 86400000, QUARTER_MS = 900000, JSON = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR;

function database(): PDO
{
	return new PDO('sqlite:' . getenv('BENCH_DB'), null, null, [PDO::ATTR_PERSISTENT => true,
		PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_NUM]);
}

function query(PDO $db, string $sql, array $values): PDOStatement
{
	$statement = $db->prepare($sql);
	$statement->execute($values);
	return $statement;
}

function refuse(int $code): never
{
	http_response_code($code);
	exit;
}

function base64url(string $text): string
{
	return (string)base64_decode(strtr($text, '-_', '+/'));
}

/** Verifies the token (HS256), and returns the id of its organization. */
function caller(PDO $db, string $scope): string
{
	$parts = explode('.', substr($_SERVER['HTTP_AUTHORIZATION'] ?? '', 7));
	if (count($parts) !== 3)
		refuse(401);
	$header = json_decode(base64url($parts[0]), true);
	$key = query($db, 'SELECT alg, verify_key FROM signing_key WHERE kid = ? AND retired_at IS NULL', [$header['kid'] ?? ''])->fetch();
	if ($key === false || $key[0] !== 'HS256' || ($header['alg'] ?? '') !== 'HS256' ||
		!hash_equals(hash_hmac('sha256', "$parts[0].$parts[1]", $key[1], true), base64url($parts[2])))
		refuse(401);
	$claims = json_decode(base64url($parts[1]), true);
	if ($claims['exp'] <= time() || query($db, 'SELECT 1 FROM revoked_token WHERE jti = ?', [$claims['jti']])->fetch() !== false)
		refuse(401);
	if (!in_array($scope, explode(' ', $claims['scope']), true))
		refuse(403);
	return $claims['organizationId'];
}

/** The organization's row, its spans of one UTC offset from the last cycle on, today and the daily limit. */
function organization(PDO $db, string $id, int $now): array
{
	[$key, $timezone, $plan, $cycleDay] = query($db, 'SELECT key, timezone, plan, cycle_day FROM organization WHERE id = ?', [$id])->fetch();
	$spans = query($db, 'SELECT from_at, utc_offset_s * 1000 FROM zone_span WHERE org = ? AND from_at < ? AND from_at >= ' .
		'(SELECT max(from_at) FROM zone_span WHERE org = ? AND from_at <= ?)', [$key, $now + 62 * DAY_MS, $key, $now - 32 * DAY_MS])->fetchAll();
	$today = day($spans, $now);
	$limit = query($db, "SELECT a.amount FROM limit_rule r JOIN limit_amount a ON a.rule = r.key WHERE r.org = ? AND r.name = 'daily' " .
		'AND a.valid_from <= ? ORDER BY a.valid_from DESC LIMIT 1', [$key, $today])->fetchColumn();
	return ['key' => $key, 'timezone' => $timezone, 'plan' => $plan, 'cycleDay' => $cycleDay, 'spans' => $spans, 'today' => $today,
		'limit' => $limit];
}

function offset(array $spans, int $at): int
{
	$offset = $spans[0][1];
	foreach ($spans as [$from, $of])
		if ($from <= $at)
			$offset = $of;
	return $offset;
}

function day(array $spans, int $at): int
{
	return intdiv($at + offset($spans, $at), DAY_MS);
}

/** The first instant of a local day. */
function day_start(array $spans, int $day): int
{
	$at = $day * DAY_MS - offset($spans, $day * DAY_MS);
	return $day * DAY_MS - offset($spans, $at);
}

function instant(int $at): string
{
	return gmdate('Y-m-d\TH:i:s', intdiv($at, 1000)) . sprintf('.%03dZ', $at % 1000);
}

function money(int $micros): int|float
{
	return $micros % 1000000 === 0 ? intdiv($micros, 1000000) : $micros / 1000000;
}

function reply(array $body, int $code = 200): void
{
	http_response_code($code);
	header('Content-Type: application/json; charset=utf-8');
	echo json_encode($body, JSON);
}
