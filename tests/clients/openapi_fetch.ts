// Every operation once, by openapi-fetch and the types that openapi-typescript makes of docs/openapi.yaml.
import createClient from 'openapi-fetch';
import type { paths } from './made/openapi.js';
import { baseUrl, dateIn, equal, got, holiday, instantIn, linkToken, organizationId, report, token } from './common.js';

const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
client.use({ onResponse: ({ request, schemaPath, response }) => report(request.method, schemaPath, response) });

async function planning(): Promise<void> {
	const query = { from: dateIn(0), to: dateIn(7) };
	const calendar = got(await client.GET('/api/campaigns/usage-calendar', { params: { query } }));
	equal(typeof calendar === 'object' && calendar.data.dates[dateIn(1)]?.availableQuota, 500, 'free tomorrow');
	const slot = got(await client.GET('/api/campaigns/next-available-slot', { params: { query: { contactCount: 250 } } }));
	equal(slot.dailyLimit, 500, 'the daily limit');
	const day = { scheduledISO: instantIn(1), contactCount: 100 };
	equal(got(await client.POST('/api/campaigns/validate-date', { body: day })).available, true, 'tomorrow has room');
	const plan = got(await client.POST('/api/campaigns/auto-segment', { body: { totalContacts: 1200 } }));
	equal(plan.segments.reduce((sum, segment) => sum + segment.contactCount, 0), 1200, 'contacts of the plan');
}

async function campaigns(): Promise<void> {
	const body = { name: 'Spring sale', contactCount: 100, scheduledISO: instantIn(1) };
	const { campaignId } = got(await client.POST('/api/campaigns', { body })).data;
	const params = { path: { campaignId } };
	equal(got(await client.GET('/api/campaigns/{campaignId}', { params })).data.contactCount, 100, 'contacts');
	equal(got(await client.PUT('/api/campaigns/{campaignId}', { params, body: { name: 'Summer sale' } })).data.name, 'Summer sale', 'name');
	equal(got(await client.POST('/api/campaigns/{campaignId}/pause', { params })).data.segments[0]?.status, 'paused', 'state');
	got(await client.POST('/api/campaigns/{campaignId}/resume', { params }));
	got(await client.POST('/api/campaigns/{campaignId}/results', { params, body: { id: 'r1', sent: 40 } }));
	const listed = got(await client.GET('/api/campaigns'));
	equal(typeof listed === 'object' && listed.data.campaigns.length, 1, 'campaigns');
	got(await client.POST('/api/campaigns/{campaignId}/cancel', { params }));
	const draft = got(await client.POST('/api/campaigns', { body: { ...body, status: 'draft' } })).data;
	const removed = await client.DELETE('/api/campaigns/{campaignId}', { params: { path: { campaignId: draft.campaignId } } });
	equal(removed.response.status, 204, 'the status of a removal');
}

async function usage(): Promise<void> {
	const event = { id: 'fetch-1', occurredAt: instantIn(0), channel: 'SMS' as const, messages: 2 };
	equal(got(await client.POST('/api/events', { body: event })).accepted, 1, 'accepted');
	const events = got(await client.GET('/api/events', { params: { query: { from: dateIn(-1), to: dateIn(1), channel: 'SMS' } } }));
	equal(typeof events === 'object' && events.data.events.some(e => e.id === 'fetch-1'), true, 'the event is listed');
	const used = got(await client.GET('/api/usage', { params: { query: { from: dateIn(-1), to: dateIn(1), by: 'source,day' } } }));
	equal(typeof used === 'object' && used.data.total.messages >= 2, true, 'who used it');
	got(await client.GET('/organization/usage'));
	got(await client.GET('/account/organization/usage'));
	got(await client.GET('/account/organization'));
	got(await client.GET('/organization/usage/history', { params: { query: { startDate: dateIn(-40), endDate: dateIn(0) } } }));
	got(await client.GET('/organizations/{organizationId}/usage',
		{ params: { path: { organizationId }, query: { startDate: 0, endDate: 4102444800000 } } }));
}

async function settings(): Promise<void> {
	const params = { path: { organizationId } };
	equal(got(await client.GET('/api/session')).data.organizationId, organizationId, 'whose session');
	got(await client.GET('/api/organizations/{organizationId}', { params }));
	got(await client.PUT('/api/organizations/{organizationId}/profile', { params, body: { name: 'Acme Ltd', weekStart: 7 } }));
	const zones = got(await client.GET('/api/organizations/{organizationId}/timezone', { params })).data.timezones;
	equal(zones.includes('Europe/Berlin'), true, 'Berlin is offered');
	got(await client.PUT('/api/organizations/{organizationId}/timezone', { params, body: { timezone: 'Etc/UTC' } }));
	got(await client.PUT('/api/organizations/{organizationId}/plan', { params, body: { plan: 'growth' } }));
	got(await client.GET('/api/organizations/{organizationId}/limits', { params }));
	got(await client.PUT('/api/organizations/{organizationId}/limits', { params, body: { dailyLimit: 500 } }));
	const one = { params: { path: { organizationId, limit: 't-mobile' } } };
	const limit = got(await client.PUT('/api/organizations/{organizationId}/limits/{limit}', { ...one, body: { preset: 't-mobile-10dlc-2000' } }));
	equal(limit.data.rule.zone, 'America/Los_Angeles', 'the days of the limit');
	equal(got(await client.GET('/api/organizations/{organizationId}/limits/{limit}', one)).data.amount, 2000, 'its amount');
	got(await client.DELETE('/api/organizations/{organizationId}/limits/{limit}', one));
	const closed = { closed: [{ date: dateIn(900) }] };
	got(await client.PUT('/api/organizations/{organizationId}/sending-window', { params, body: closed }));
	got(await client.POST('/api/organizations/{organizationId}/sending-window',
		{ params, body: holiday, bodySerializer: body => body, headers: { 'Content-Type': 'text/calendar' } }));
	equal(got(await client.GET('/api/organizations/{organizationId}/sending-window', { params })).data.closed.length, 2, 'closed dates');
	got(await client.DELETE('/api/organizations/{organizationId}/sending-window', { params }));
	const month = dateIn(-40).slice(0, 7);
	got(await client.POST('/api/organizations/{organizationId}/statements', { params, body: { month } }));
	const kept = got(await client.GET('/api/organizations/{organizationId}/statements', { params }));
	equal(typeof kept === 'object' && kept.data.statements[0]?.month, month, 'the month that is kept');
	got(await client.GET('/api/organizations/{organizationId}/statements/{month}', { params: { path: { organizationId, month } } }));
	got(await client.GET('/api/organizations/{organizationId}/prices', { params }));
	const price = { channel: 'SMS' as const, usd: '0.0081', validFrom: dateIn(0), reprice: true };
	const { job } = got(await client.POST('/api/organizations/{organizationId}/prices', { params, body: price })).data;
	equal(typeof job, 'number', 'a job that reprices the events');
	equal(got(await client.GET('/api/organizations/{organizationId}/jobs', { params })).data.jobs[0]?.job, job, 'the latest job');
	got(await client.GET('/api/organizations/{organizationId}/jobs/{job}', { params: { path: { organizationId, job: job! } } }));
	const later = { channel: 'SMS' as const, validFrom: dateIn(9) };
	got(await client.POST('/api/organizations/{organizationId}/prices', { params, body: { ...later, usd: 1 } }));
	got(await client.DELETE('/api/organizations/{organizationId}/prices', { params: { path: { organizationId }, query: later } }));
	got(await client.POST('/api/organizations/{organizationId}/api-keys', { params, body: { name: 'sender', scopes: ['usage:read'] } }));
	const { apiKeys } = got(await client.GET('/api/organizations/{organizationId}/api-keys', { params })).data;
	const keyId = apiKeys[0]!.id;
	got(await client.DELETE('/api/organizations/{organizationId}/api-keys/{keyId}', { params: { path: { organizationId, keyId } } }));
	got(await client.GET('/api/organizations/{organizationId}/audit', { params }));
	const session = await client.POST('/api/session', { headers: { Authorization: `Bearer ${linkToken}` } });
	equal(typeof got(session).data.token, 'string', 'the token of a session');
}

async function operation(): Promise<void> {
	equal(got(await client.GET('/health')).status, 'ok', 'health');
	got(await client.GET('/metrics', { parseAs: 'text' }));
	equal((await client.GET('/setup', { parseAs: 'text' })).response.status, 404, 'the page of a Daybook that is set up');
	const body = { code: 'kYb7-t2Qx-94fm-Lw0z', organizationId, timezone: 'Etc/UTC' };
	equal((await client.POST('/setup', { body })).response.status, 404, 'setting up again');
}

for (const part of [planning, campaigns, usage, settings, operation])
	await part();
