<?php
// A batch of events: an id counts once, and the sums of its days and channels are kept in the same transaction.
declare(strict_types=1);
require __DIR__ . '/writing.php';

$id = caller('usage:write');
$events = json_decode(file_get_contents('php://input'), true);
$db = database();
[$org, $timezone] = query($db, 'SELECT key, timezone FROM organization WHERE id = ?', [$id])->fetch();
$zone = new DateTimeZone($timezone);
$rows = [];
foreach ($events as $e) {
	if (!is_string($e['id'] ?? null) || !is_string($e['occurredAt'] ?? null) || strlen($e['id']) > 255)
		refuse(400, 'id and occurredAt are required');
	$at = new DateTimeImmutable($e['occurredAt']);
	$rows[] = ['source' => $e['source'] ?? '', 'id' => $e['id'], 'at' => (int)$at->format('Uv'), 'day' => local_day($at, $zone),
		'channel' => $e['channel'] ?? 'SMS', 'messages' => $e['messages'] ?? 1, 'parts' => $e['parts'] ?? 1];
}
begin($db);
if (is_postgresql())
	$accepted = (int)query($db, 'WITH fresh AS (INSERT INTO event (org, source, id, occurred_at, day, channel, messages, parts) ' .
		'SELECT ?, source, id, at, day, channel, messages, parts FROM json_to_recordset(?::json) AS e(source text, id text, at bigint, day int, ' .
		'channel text, messages int, parts int) ON CONFLICT DO NOTHING RETURNING day, channel, messages, parts), ' .
		'sums AS (SELECT day, channel, count(*) AS n, sum(messages) AS messages, sum(parts) AS parts FROM fresh GROUP BY day, channel), ' .
		'kept AS (INSERT INTO usage_day (org, day, channel, messages, parts) SELECT ?, day, channel, messages, parts FROM sums ORDER BY day, channel ' .
		'ON CONFLICT (org, day, channel) DO UPDATE SET messages = usage_day.messages + excluded.messages, ' .
		'parts = usage_day.parts + excluded.parts) SELECT coalesce(sum(n), 0) FROM sums', [$org, json_encode($rows), $org])->fetchColumn();
else {
	$insert = $db->prepare('INSERT INTO event (org, source, id, occurred_at, day, channel, messages, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ' .
		'ON CONFLICT DO NOTHING');
	$accepted = 0;
	$sums = [];
	foreach ($rows as $row) {
		$insert->execute([$org, $row['source'], $row['id'], $row['at'], $row['day'], $row['channel'], $row['messages'], $row['parts']]);
		if ($insert->rowCount() === 0)
			continue;
		$accepted++;
		$sum = &$sums[$row['day']][$row['channel']];
		$sum = [($sum[0] ?? 0) + $row['messages'], ($sum[1] ?? 0) + $row['parts']];
		unset($sum);
	}
	$add = $db->prepare('INSERT INTO usage_day (org, day, channel, messages, parts) VALUES (?, ?, ?, ?, ?) ON CONFLICT (org, day, channel) ' .
		'DO UPDATE SET messages = messages + excluded.messages, parts = parts + excluded.parts');
	foreach ($sums as $day => $channels)
		foreach ($channels as $channel => [$messages, $parts])
			$add->execute([$org, $day, $channel, $messages, $parts]);
}
$db->exec('COMMIT');
reply(['accepted' => $accepted, 'duplicates' => count($rows) - $accepted]);
