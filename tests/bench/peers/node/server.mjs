// The peer in Node: two processes on one port, better-sqlite3, and statements that are prepared once in each process.
// usage: server.mjs PORT, with BENCH_DB in the environment and better-sqlite3 in the folder that BENCH_MODULES names.
import cluster from 'node:cluster';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const DAY_MS = 86400000, QUARTER_MS = 900000, SEARCH_DAYS = 60, PROCESSES = 2;
const SHOWN = ['SMS', 'CALL', 'EMAIL', 'INAPP_WEB', 'WEB_PUSH', 'PUSH', 'SLACK'];
const COUNTED = ['EMAIL', 'INAPP_WEB', 'WEB_PUSH', 'PUSH', 'SLACK'];	// by messageUsage

if (cluster.isPrimary) {
	for (let i = 0; i < PROCESSES; i++)
		cluster.fork();
	process.on('SIGTERM', () => { for (const worker of Object.values(cluster.workers)) worker.kill(); });
} else
	serve(Number(process.argv[2]));

function serve(port) {
	const Database = createRequire(`${process.env.BENCH_MODULES}/`)('better-sqlite3');
	const db = new Database(process.env.BENCH_DB);
	const rows = sql => db.prepare(sql).raw();
	const sql = {
		key: rows('SELECT alg, verify_key FROM signing_key WHERE kid = ? AND retired_at IS NULL'),
		revoked: rows('SELECT 1 FROM revoked_token WHERE jti = ?'),
		organization: rows('SELECT key, timezone, plan, cycle_day FROM organization WHERE id = ?'),
		spans: rows(`SELECT from_at, utc_offset_s * 1000 FROM zone_span WHERE org = ? AND from_at < ? AND from_at >=
			(SELECT max(from_at) FROM zone_span WHERE org = ? AND from_at <= ?)`),
		limit: rows(`SELECT a.amount FROM limit_rule r JOIN limit_amount a ON a.rule = r.key WHERE r.org = ? AND r.name = 'daily'
			AND a.valid_from <= ? ORDER BY a.valid_from DESC LIMIT 1`),
		sent: rows("SELECT day, messages FROM usage_day WHERE org = ? AND day BETWEEN ? AND ? AND channel = 'SMS'"),
		segments: rows(`SELECT s.day, c.id, c.name, s.contacts, s.status, c.is_segmented, s.number,
			s.is_open * max(0, s.contacts - s.spent), s.failed, c.key FROM segment s JOIN campaign c ON c.key = s.campaign
			WHERE s.org = ? AND s.day BETWEEN ? AND ? AND s.channel = 'SMS' AND s.status <> 'draft' AND s.status <> 'cancelled'
			ORDER BY s.day, s.scheduled_at, c.id, s.number`),
		failures: db.prepare('SELECT phone AS phoneNumber, reason FROM failure WHERE campaign = ? AND segment = ? ORDER BY failed_at, source, id LIMIT 100'),
		sums: rows('SELECT channel, sum(messages), sum(cost_micros) FROM usage_day WHERE org = ? AND day >= ? AND day < ? GROUP BY channel'),
		held: rows("SELECT quarter, contacts * CASE WHEN channel = 'SMS' THEN 1 ELSE 0 END FROM held WHERE org = ? AND quarter >= ? AND quarter < ? ORDER BY quarter"),
	};

	/* Verifies the token (HS256), and returns the id of its organization, or the status to refuse with. */
	function caller(request, scope) {
		const parts = (request.headers.authorization ?? '').slice(7).split('.');
		if (parts.length !== 3)
			return { refused: 401 };
		const header = JSON.parse(Buffer.from(parts[0], 'base64url'));
		const key = sql.key.get(header.kid);
		if (key === undefined || key[0] !== 'HS256' || header.alg !== 'HS256')
			return { refused: 401 };
		const given = Buffer.from(parts[2], 'base64url'), right = createHmac('sha256', key[1]).update(`${parts[0]}.${parts[1]}`).digest();
		if (given.length !== right.length || !timingSafeEqual(given, right))
			return { refused: 401 };
		const claims = JSON.parse(Buffer.from(parts[1], 'base64url'));
		if (claims.exp <= Date.now() / 1000 || sql.revoked.get(claims.jti) !== undefined)
			return { refused: 401 };
		return claims.scope.split(' ').includes(scope) ? { id: claims.organizationId } : { refused: 403 };
	}

	function offset(spans, at) {
		let of = spans[0][1];
		for (const [from, seconds] of spans)
			if (from <= at)
				of = seconds;
		return of;
	}
	const day = (spans, at) => Math.floor((at + offset(spans, at)) / DAY_MS);
	const dayStart = (spans, d) => d * DAY_MS - offset(spans, d * DAY_MS - offset(spans, d * DAY_MS));
	const date = d => new Date(d * DAY_MS).toISOString().slice(0, 10);

	function organization(id, now) {
		const [key, timezone, plan, cycleDay] = sql.organization.get(id);
		const spans = sql.spans.all(key, now + 62 * DAY_MS, key, now - 32 * DAY_MS), today = day(spans, now);
		return { key, timezone, plan, cycleDay, spans, today, limit: sql.limit.get(key, today)[0] };
	}

	/* The ranges asked for are of coming days, so no segment is overdue. */
	function calendar(org, asked) {
		const from = Date.parse(asked.get('from')) / DAY_MS, to = Date.parse(asked.get('to')) / DAY_MS;
		const sent = new Map(sql.sent.all(org.key, from, to)), reserved = new Map(), campaigns = new Map(), dates = {};

		for (const [d, campaignId, campaignName, contactCount, status, isSegmented, segmentNumber, held, failed, key] of sql.segments.all(org.key, from, to)) {
			reserved.set(d, (reserved.get(d) ?? 0) + held);
			const of = { campaignId, campaignName, contactCount, status, isSegmented: isSegmented === 1 };
			if (isSegmented === 1)
				of.segmentNumber = segmentNumber;
			of.failedDetails = failed === 0 ? [] : sql.failures.all(key, segmentNumber);
			if (campaigns.has(d))
				campaigns.get(d).push(of);
			else
				campaigns.set(d, [of]);
		}
		for (let d = from; d <= to; d++) {
			const s = sent.get(d) ?? 0, r = d >= org.today ? reserved.get(d) ?? 0 : 0, list = campaigns.get(d) ?? [];
			const availableQuota = org.limit === null ? -1 : Math.max(0, org.limit - s - r);
			dates[date(d)] = { sent: s, reserved: r, total: s + r, availableQuota, bookable: d >= org.today ? availableQuota : 0,
				campaignCount: list.length, campaigns: list };
		}
		return { success: true, data: { timezone: org.timezone, dailyLimit: org.limit ?? -1, isUnlimited: org.limit === null, plan: org.plan, dates } };
	}

	function organizationUsage(org) {
		const now = new Date(org.today * DAY_MS), messages = {}, cost = {}, channelUsages = {};
		const start = (year, month) => Date.UTC(year, month, Math.min(org.cycleDay, new Date(Date.UTC(year, month + 1, 0)).getUTCDate())) / DAY_MS;
		const year = now.getUTCFullYear(), month = now.getUTCMonth() - (org.today < start(now.getUTCFullYear(), now.getUTCMonth()) ? 1 : 0);
		const from = start(year, month), until = start(year, month + 1);

		for (const [channel, count, micros] of sql.sums.all(org.key, from, until)) {
			messages[channel] = count;
			cost[channel] = micros;
		}
		for (const channel of SHOWN)
			channelUsages[channel] = messages[channel] ?? 0;
		return { messageUsage: COUNTED.reduce((sum, channel) => sum + (messages[channel] ?? 0), 0),
			budgetUsage: ((cost.SMS ?? 0) + (cost.CALL ?? 0)) / 1e6, costSms: (cost.SMS ?? 0) / 1e6, costCall: (cost.CALL ?? 0) / 1e6, channelUsages,
			billingCycleStart: new Date(dayStart(org.spans, from)).toISOString(), billingCycleEnd: new Date(dayStart(org.spans, until)).toISOString() };
	}

	function message(found, available, contacts, org) {
		const days = found - org.today;

		if (days === 0)
			return `${available} SMS left today.`;
		if (days === 1 && available === org.limit)
			return 'Next slot with full daily quota is tomorrow.';
		return `Next date with room${contacts === 0 ? '' : ` for ${contacts}`} is ${date(found)} (in ${days} day${days === 1 ? '' : 's'}).`;
	}

	/* Row by row, to the first day with room. */
	function nextAvailableSlot(org, asked) {
		const contacts = Number(asked.get('contactCount') ?? 0), { key, today, limit, spans } = org;
		const used = new Map(sql.sent.all(key, today, today + SEARCH_DAYS));
		const held = sql.held.iterate(key, Math.floor(dayStart(spans, today) / QUARTER_MS), Math.floor(dayStart(spans, today + SEARCH_DAYS + 1) / QUARTER_MS));
		let row = held.next(), todayUsage = null, found = null, available = null;

		for (let d = today; d <= today + SEARCH_DAYS && found === null; d++) {
			let total = used.get(d) ?? 0;
			for (; !row.done && day(spans, row.value[0] * QUARTER_MS) <= d; row = held.next())
				total += row.value[1];
			todayUsage ??= total;
			if (Math.max(0, limit - total) >= Math.max(1, contacts)) {
				found = d;
				available = Math.max(0, limit - total);
			}
		}
		if (!row.done)
			held.return();
		const body = { success: true, isUnlimited: false, timezone: org.timezone, dailyLimit: limit, todayDate: date(today), todayUsage,
			todayAvailableQuota: Math.max(0, limit - todayUsage) };
		return found === null ? Object.assign(body, { availableQuota: null, message: contacts > limit
			? `${contacts} contacts are more than a whole day's limit of ${limit} SMS: use auto-segment.`
			: `No day within 60 days has room for ${Math.max(1, contacts)}.` })
			: Object.assign(body, { nextAvailableDate: date(found), availableQuota: available, daysUntilAvailable: found - today,
				message: message(found, available, contacts, org) });
	}

	const pages = { '/calendar': calendar, '/organization-usage': organizationUsage, '/next-available-slot': nextAvailableSlot };
	const read = db.transaction((page, request, asked) => {
		const { refused, id } = caller(request, 'usage:read');
		return refused ? { refused } : { body: page(organization(id, Date.now()), asked) };
	});

	createServer((request, response) => {
		const [path, query] = request.url.split('?'), page = pages[path];
		const { refused, body } = page ? read(page, request, new URLSearchParams(query)) : { refused: 404 };
		const text = refused ? '' : JSON.stringify(body);

		response.writeHead(refused ?? 200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
		response.end(text);
	}).listen(port, '127.0.0.1');
}
