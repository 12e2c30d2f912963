<?php
// Today's usage, and the first of 61 days with room for so many contacts.
declare(strict_types=1);
require __DIR__ . '/daybook.php';

const SEARCH_DAYS = 60;

$now = (int)(microtime(true) * 1000);
$contacts = (int)($_GET['contactCount'] ?? 0);
$db = database();
$db->beginTransaction();
$org = organization($db, caller($db, 'usage:read'), $now);
[$key, $today, $limit, $spans] = [$org['key'], $org['today'], $org['limit'], $org['spans']];
$used = query($db, "SELECT day, messages FROM usage_day WHERE org = ? AND day BETWEEN ? AND ? AND channel = 'SMS'",
	[$key, $today, $today + SEARCH_DAYS])->fetchAll(PDO::FETCH_KEY_PAIR);
// Row by row, to the first day with room.
$held = query($db, "SELECT quarter, contacts * CASE WHEN channel = 'SMS' THEN 1 ELSE 0 END FROM held WHERE org = ? AND quarter >= ? " .
	'AND quarter < ? ORDER BY quarter', [$key, intdiv(day_start($spans, $today), QUARTER_MS), intdiv(day_start($spans, $today + SEARCH_DAYS + 1), QUARTER_MS)]);
$row = $held->fetch();
$todayUsage = $found = null;
for ($day = $today; $day <= $today + SEARCH_DAYS && $found === null; $day++) {
	$total = $used[$day] ?? 0;
	for (; $row !== false && day($spans, $row[0] * QUARTER_MS) <= $day; $row = $held->fetch())
		$total += $row[1];
	$todayUsage ??= $total;
	if (max(0, $limit - $total) >= max(1, $contacts))
		[$found, $available] = [$day, max(0, $limit - $total)];
}
$held->closeCursor();
$db->commit();

$body = ['success' => true, 'isUnlimited' => false, 'timezone' => $org['timezone'], 'dailyLimit' => $limit, 'todayDate' => gmdate('Y-m-d', $today * 86400),
	'todayUsage' => $todayUsage, 'todayAvailableQuota' => max(0, $limit - $todayUsage)];
if ($found === null)
	$body += ['availableQuota' => null, 'message' => $contacts > $limit
		? "$contacts contacts are more than a whole day's limit of $limit SMS: use auto-segment." : 'No day within 60 days has room for ' . max(1, $contacts) . '.'];
else {
	$days = $found - $today;
	$date = gmdate('Y-m-d', $found * 86400);
	$body += ['nextAvailableDate' => $date, 'availableQuota' => $available, 'daysUntilAvailable' => $days, 'message' => match (true) {
		$days === 0 => "$available SMS left today.",
		$days === 1 && $available === $limit => 'Next slot with full daily quota is tomorrow.',
		$contacts === 0 => "Next date with room is $date (in $days day" . ($days === 1 ? '' : 's') . ').',
		default => "Next date with room for $contacts is $date (in $days day" . ($days === 1 ? '' : 's') . ').',
	}];
}
reply($body);
