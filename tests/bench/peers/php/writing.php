<?php
// What the two scripts that write share.  The secret of the tokens is in their configuration.  As PHP with a database of its own
// would have it: tables of schema.sql, the organization's days from PHP's zone.
declare(strict_types=1);

function base64url(string $text): string
{
	return (string)base64_decode(strtr($text, '-_', '+/'));
}

function refuse(int $code, string $error): never
{
	reply(['error' => $error], $code);
	exit;
}

function reply(array $body, int $code = 200): void
{
	http_response_code($code);
	header('Content-Type: application/json; charset=utf-8');
	echo json_encode($body, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
}

/** Verifies the token (HS256), and returns the id of its organization. */
function caller(string $scope): string
{
	$parts = explode('.', substr($_SERVER['HTTP_AUTHORIZATION'] ?? '', 7));
	if (count($parts) !== 3 || (json_decode(base64url($parts[0]), true)['alg'] ?? '') !== 'HS256' ||
		!hash_equals(hash_hmac('sha256', "$parts[0].$parts[1]", hex2bin(getenv('BENCH_SECRET')), true), base64url($parts[2])))
		refuse(401, 'unauthorized');
	$claims = json_decode(base64url($parts[1]), true);
	if ($claims['exp'] <= time())
		refuse(401, 'expired');
	if (!in_array($scope, explode(' ', $claims['scope']), true))
		refuse(403, 'scope');
	return $claims['organizationId'];
}

/** The connection stays open from one request to the next.  PostgreSQL gets statement and values in one message. */
function database(): PDO
{
	$options = [PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_NUM];
	if (is_postgresql())
		return new PDO(getenv('BENCH_PG'), null, null, $options + [PDO::PGSQL_ATTR_DISABLE_PREPARES => true]);
	return new PDO('sqlite:' . getenv('BENCH_SQLITE'), null, null, $options + [PDO::ATTR_TIMEOUT => 5]);
}

function is_postgresql(): bool
{
	return $_GET['db'] === 'postgresql';
}

function begin(PDO $db): void
{
	$db->exec(is_postgresql() ? 'BEGIN' : 'BEGIN IMMEDIATE');
}

function query(PDO $db, string $sql, array $values): PDOStatement
{
	$statement = $db->prepare($sql);
	$statement->execute($values);
	return $statement;
}

/** Instants in milliseconds and local days. */
function local_day(DateTimeImmutable $at, DateTimeZone $zone): int
{
	return intdiv($at->getTimestamp() + $zone->getOffset($at), 86400);
}
