<?php
// A reservation: a campaign of one segment, if its day has room.  The day's row is locked while that is decided.
declare(strict_types=1);
require __DIR__ . '/writing.php';

$id = caller('campaigns:write');
$asked = json_decode(file_get_contents('php://input'), true);
if (!is_string($asked['name'] ?? null) || !is_int($asked['contactCount'] ?? null) || !is_string($asked['scheduledISO'] ?? null))
	refuse(400, 'name, contactCount and scheduledISO are required');
$db = database();
[$org, $timezone, $limit] = query($db, 'SELECT key, timezone, daily_limit FROM organization WHERE id = ?', [$id])->fetch();
$at = new DateTimeImmutable($asked['scheduledISO']);
$day = local_day($at, new DateTimeZone($timezone));
$now = (int)(microtime(true) * 1000);
begin($db);
$lock = is_postgresql() ? ' FOR UPDATE' : '';
$reserved = query($db, "SELECT reserved FROM day WHERE org = ? AND day = ?$lock", [$org, $day])->fetchColumn();
if ($reserved === false) {
	query($db, 'INSERT INTO day (org, day, reserved) VALUES (?, ?, 0) ON CONFLICT DO NOTHING', [$org, $day]);
	$reserved = query($db, "SELECT reserved FROM day WHERE org = ? AND day = ?$lock", [$org, $day])->fetchColumn();
}
if ($reserved + $asked['contactCount'] > $limit) {
	$db->exec('ROLLBACK');
	refuse(409, 'no room');
}
query($db, 'UPDATE day SET reserved = reserved + ? WHERE org = ? AND day = ?', [$asked['contactCount'], $org, $day]);
$key = query($db, 'INSERT INTO campaign (org, id, name, created_at) VALUES (?, ?, ?, ?) RETURNING key', [$org, $asked['id'], $asked['name'], $now])
	->fetchColumn();
query($db, "INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, status) VALUES (?, 1, ?, ?, ?, ?, 'scheduled')",
	[$key, $org, (int)$at->format('Uv'), $day, $asked['contactCount']]);
$db->exec('COMMIT');
reply(['success' => true, 'data' => ['id' => $asked['id'], 'name' => $asked['name'], 'contactCount' => $asked['contactCount'],
	'scheduledISO' => $asked['scheduledISO'], 'status' => 'scheduled']], 201);
