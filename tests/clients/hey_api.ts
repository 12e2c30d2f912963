// Every operation once, by the functions that @hey-api/openapi-ts makes; each also checks body and reply with its zod schema.
import { client } from './made/hey/client.gen.js';
import * as daybook from './made/hey/index.js';
import { baseUrl, dateIn, equal, got, holiday, instantIn, linkToken, organizationId, report, token } from './common.js';

client.setConfig({ baseUrl, auth: token });
client.interceptors.response.use(async (response, request, options) => {
	await report(request.method, options.url, response);
	return response;
});

async function planning(): Promise<void> {
	const query = { from: dateIn(0), to: dateIn(7) };
	const calendar = got(await daybook.getCampaignsUsageCalendar({ query }));
	equal(typeof calendar === 'object' && calendar.data.dates[dateIn(1)]?.availableQuota, 500, 'free tomorrow');
	equal(got(await daybook.getCampaignsNextAvailableSlot({ query: { contactCount: 250 } })).dailyLimit, 500, 'the daily limit');
	const day = { scheduledISO: instantIn(1), contactCount: 100 };
	equal(got(await daybook.postCampaignsValidateDate({ body: day })).available, true, 'tomorrow has room');
	const plan = got(await daybook.postCampaignsAutoSegment({ body: { totalContacts: 1200 } }));
	equal(plan.segments.reduce((sum, segment) => sum + segment.contactCount, 0), 1200, 'contacts of the plan');
}

async function campaigns(): Promise<void> {
	const body = { name: 'Spring sale', contactCount: 100, scheduledISO: instantIn(1) };
	const { campaignId } = got(await daybook.postCampaigns({ body })).data;
	const path = { campaignId };
	equal(got(await daybook.getCampaign({ path })).data.contactCount, 100, 'contacts');
	equal(got(await daybook.putCampaign({ path, body: { name: 'Summer sale' } })).data.name, 'Summer sale', 'name');
	equal(got(await daybook.pauseCampaign({ path })).data.segments[0]?.status, 'paused', 'state');
	got(await daybook.resumeCampaign({ path }));
	got(await daybook.postCampaignResults({ path, body: { id: 'r1', sent: 40 } }));
	const listed = got(await daybook.getCampaigns());
	equal(typeof listed === 'object' && listed.data.campaigns.length, 1, 'campaigns');
	got(await daybook.cancelCampaign({ path }));
	const draft = got(await daybook.postCampaigns({ body: { ...body, status: 'draft' } })).data;
	const removed = await daybook.deleteCampaign({ path: { campaignId: draft.campaignId } });
	equal(removed.response.status, 204, 'the status of a removal');
}

async function usage(): Promise<void> {
	const event = { id: 'hey-1', occurredAt: instantIn(0), channel: 'SMS' as const, messages: 2 };
	equal(got(await daybook.postEvents({ body: event })).accepted, 1, 'accepted');
	const events = got(await daybook.getEvents({ query: { from: dateIn(-1), to: dateIn(1), channel: 'SMS' } }));
	equal(typeof events === 'object' && events.data.events.some(e => e.id === 'hey-1'), true, 'the event is listed');
	const used = got(await daybook.getUsage({ query: { from: dateIn(-1), to: dateIn(1), by: 'source,day' } }));
	equal(typeof used === 'object' && used.data.total.messages >= 2, true, 'who used it');
	got(await daybook.getOrganizationUsage());
	got(await daybook.getAccountOrganizationUsage());
	got(await daybook.getAccountOrganization());
	got(await daybook.getOrganizationUsageHistory({ query: { startDate: dateIn(-40), endDate: dateIn(0) } }));
	got(await daybook.getOrganizationsUsage({ path: { organizationId }, query: { startDate: 0, endDate: 4102444800000 } }));
}

async function settings(): Promise<void> {
	const path = { organizationId };
	equal(got(await daybook.getSession()).data.organizationId, organizationId, 'whose session');
	got(await daybook.getOrganization({ path }));
	got(await daybook.putOrganizationProfile({ path, body: { name: 'Acme Ltd', weekStart: 7 } }));
	equal(got(await daybook.getOrganizationTimezone({ path })).data.timezones.includes('Europe/Berlin'), true, 'Berlin is offered');
	got(await daybook.putOrganizationTimezone({ path, body: { timezone: 'Etc/UTC' } }));
	got(await daybook.putOrganizationPlan({ path, body: { plan: 'growth' } }));
	got(await daybook.getOrganizationLimits({ path }));
	got(await daybook.putOrganizationLimits({ path, body: { dailyLimit: 500 } }));
	const ofLimit = { ...path, limit: 't-mobile' };
	got(await daybook.putOrganizationLimit({ path: ofLimit, body: { preset: 't-mobile-10dlc-2000' } }));
	equal(got(await daybook.getOrganizationLimit({ path: ofLimit })).data.amount, 2000, 'the amount of a limit');
	got(await daybook.deleteOrganizationLimit({ path: ofLimit }));
	got(await daybook.putOrganizationSendingWindow({ path, body: { closed: [{ date: dateIn(900) }] } }));
	equal(got(await daybook.postOrganizationSendingWindow({ path, body: holiday })).data.closed.length, 2, 'closed dates');
	equal(got(await daybook.getOrganizationSendingWindow({ path })).data.closed.length, 2, 'closed dates');
	got(await daybook.deleteOrganizationSendingWindow({ path }));
	const month = dateIn(-40).slice(0, 7);
	got(await daybook.postOrganizationStatement({ path, body: { month } }));
	const kept = got(await daybook.getOrganizationStatements({ path }));
	equal(typeof kept === 'object' && kept.data.statements[0]?.month, month, 'the month that is kept');
	got(await daybook.getOrganizationStatement({ path: { organizationId, month } }));
	got(await daybook.getOrganizationPrices({ path }));
	const price = { channel: 'SMS' as const, usd: '0.0081', validFrom: dateIn(0), reprice: true };
	const { job } = got(await daybook.postOrganizationPrices({ path, body: price })).data;
	equal(typeof job, 'number', 'a job that reprices the events');
	equal(got(await daybook.getOrganizationJobs({ path })).data.jobs[0]?.job, job, 'the latest job');
	got(await daybook.getOrganizationJob({ path: { organizationId, job: job! } }));
	const later = { channel: 'SMS' as const, validFrom: dateIn(9) };
	got(await daybook.postOrganizationPrices({ path, body: { ...later, usd: 1 } }));
	got(await daybook.deleteOrganizationPrice({ path, query: later }));
	got(await daybook.postOrganizationApiKeys({ path, body: { name: 'sender', scopes: ['usage:read'] } }));
	const { apiKeys } = got(await daybook.getOrganizationApiKeys({ path })).data;
	got(await daybook.deleteOrganizationApiKey({ path: { organizationId, keyId: apiKeys[0]!.id } }));
	got(await daybook.getOrganizationAudit({ path }));
	equal(typeof got(await daybook.postSession({ auth: linkToken })).data.token, 'string', 'the token of a session');
}

async function operation(): Promise<void> {
	equal(got(await daybook.getHealth()).status, 'ok', 'health');
	got(await daybook.getMetrics({ parseAs: 'text' }));
	equal((await daybook.getSetup({ parseAs: 'text' })).response.status, 404, 'the page of a Daybook that is set up');
	const body = { code: 'kYb7-t2Qx-94fm-Lw0z', organizationId, timezone: 'Etc/UTC' };
	equal((await daybook.postSetup({ body })).response.status, 404, 'setting up again');
}

for (const part of [planning, campaigns, usage, settings, operation])
	await part();
