<?php
// The calendar: days with what was sent and is reserved, and their campaigns.  The ranges asked for are of coming days, so no
// segment is overdue.
declare(strict_types=1);
require __DIR__ . '/daybook.php';

$db = database();
$db->beginTransaction();
$org = organization($db, caller($db, 'usage:read'), (int)(microtime(true) * 1000));
$from = intdiv((int)strtotime($_GET['from'] . ' UTC'), 86400);
$to = intdiv((int)strtotime($_GET['to'] . ' UTC'), 86400);
$sent = query($db, "SELECT day, messages FROM usage_day WHERE org = ? AND day BETWEEN ? AND ? AND channel = 'SMS'",
	[$org['key'], $from, $to])->fetchAll(PDO::FETCH_KEY_PAIR);
$segments = query($db, 'SELECT s.day, c.id, c.name, s.contacts, s.status, c.is_segmented, s.number, ' .
	's.is_open * max(0, s.contacts - s.spent), s.failed, c.key FROM segment s JOIN campaign c ON c.key = s.campaign ' .
	"WHERE s.org = ? AND s.day BETWEEN ? AND ? AND s.channel = 'SMS' AND s.status <> 'draft' AND s.status <> 'cancelled' " .
	'ORDER BY s.day, s.scheduled_at, c.id, s.number', [$org['key'], $from, $to]);
$campaigns = $reserved = [];
foreach ($segments as [$day, $id, $name, $contacts, $status, $isSegmented, $number, $held, $failed, $key]) {
	$reserved[$day] = ($reserved[$day] ?? 0) + $held;
	$of = ['campaignId' => $id, 'campaignName' => $name, 'contactCount' => $contacts, 'status' => $status, 'isSegmented' => $isSegmented === 1];
	if ($isSegmented === 1)
		$of['segmentNumber'] = $number;
	$of['failedDetails'] = $failed === 0 ? [] : query($db, 'SELECT phone AS phoneNumber, reason FROM failure WHERE campaign = ? ' .
		'AND segment = ? ORDER BY failed_at, source, id LIMIT 100', [$key, $number])->fetchAll(PDO::FETCH_ASSOC);
	$campaigns[$day][] = $of;
}
$db->commit();

$limit = $org['limit'];
$dates = [];
for ($day = $from; $day <= $to; $day++) {
	$s = $sent[$day] ?? 0;
	$r = $day >= $org['today'] ? $reserved[$day] ?? 0 : 0;
	$available = $limit === null ? -1 : max(0, $limit - $s - $r);
	$dates[gmdate('Y-m-d', $day * 86400)] = ['sent' => $s, 'reserved' => $r, 'total' => $s + $r, 'availableQuota' => $available,
		'bookable' => $day >= $org['today'] ? $available : 0, 'campaignCount' => count($campaigns[$day] ?? []),
		'campaigns' => $campaigns[$day] ?? []];
}
reply(['success' => true, 'data' => ['timezone' => $org['timezone'], 'dailyLimit' => $limit ?? -1, 'isUnlimited' => $limit === null,
	'plan' => $org['plan'], 'dates' => $dates]]);
