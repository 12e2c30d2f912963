<?php
// This billing cycle's counts and costs.
declare(strict_types=1);
require __DIR__ . '/daybook.php';

const SHOWN = ['SMS', 'CALL', 'EMAIL', 'INAPP_WEB', 'WEB_PUSH', 'PUSH', 'SLACK'];
const COUNTED = ['EMAIL', 'INAPP_WEB', 'WEB_PUSH', 'PUSH', 'SLACK'];	// by messageUsage

$db = database();
$db->beginTransaction();
$org = organization($db, caller($db, 'usage:read'), (int)(microtime(true) * 1000));
[$year, $month, $day] = array_map('intval', explode('-', gmdate('Y-n-j', $org['today'] * 86400)));
$start = static fn(int $year, int $month): int =>
	intdiv((int)gmmktime(0, 0, 0, $month, min($org['cycleDay'], (int)gmdate('t', (int)gmmktime(0, 0, 0, $month, 1, $year))), $year), 86400);
if ($org['today'] < $start($year, $month))
	$month--;
$from = $start($year, $month);
$until = $start($year, $month + 1);
$messages = $cost = [];
foreach (query($db, 'SELECT channel, sum(messages), sum(cost_micros) FROM usage_day WHERE org = ? AND day >= ? AND day < ? GROUP BY channel',
	[$org['key'], $from, $until]) as [$channel, $count, $micros])
	[$messages[$channel], $cost[$channel]] = [$count, $micros];
$db->commit();

$usages = [];
foreach (SHOWN as $channel)
	$usages[$channel] = $messages[$channel] ?? 0;
reply(['messageUsage' => array_sum(array_map(static fn($c) => $messages[$c] ?? 0, COUNTED)),
	'budgetUsage' => money(($cost['SMS'] ?? 0) + ($cost['CALL'] ?? 0)), 'costSms' => money($cost['SMS'] ?? 0), 'costCall' => money($cost['CALL'] ?? 0),
	'channelUsages' => $usages, 'billingCycleStart' => instant(day_start($org['spans'], $from)),
	'billingCycleEnd' => instant(day_start($org['spans'], $until))]);
