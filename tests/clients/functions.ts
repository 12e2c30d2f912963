// Every operation once, by clients that are a function for each operation with its parameters one after the other.
// test_clients.py makes a program of this file for each of them.
import { asLink, daybook, got, status } from './client_NAME.js';
import { dateIn, equal, holiday, instantIn, organizationId } from './common.js';

async function planning(): Promise<void> {
	const query = { from: dateIn(0), to: dateIn(7) };
	const calendar = got(await daybook.getCampaignsUsageCalendar(query));
	equal(typeof calendar === 'object' && calendar.data.dates[dateIn(1)]?.availableQuota, 500, 'free tomorrow');
	equal(got(await daybook.getCampaignsNextAvailableSlot({ contactCount: 250 })).dailyLimit, 500, 'the daily limit');
	const day = { scheduledISO: instantIn(1), contactCount: 100 };
	equal(got(await daybook.postCampaignsValidateDate(day)).available, true, 'tomorrow has room');
	const plan = got(await daybook.postCampaignsAutoSegment({ totalContacts: 1200 }));
	equal(plan.segments.reduce((sum, segment) => sum + segment.contactCount, 0), 1200, 'contacts of the plan');
}

async function campaigns(): Promise<void> {
	const body = { name: 'Spring sale', contactCount: 100, scheduledISO: instantIn(1) };
	const { campaignId } = got(await daybook.postCampaigns(body)).data;
	equal(got(await daybook.getCampaign(campaignId)).data.contactCount, 100, 'contacts');
	equal(got(await daybook.putCampaign(campaignId, { name: 'Summer sale' })).data.name, 'Summer sale', 'name');
	equal(got(await daybook.pauseCampaign(campaignId)).data.segments[0]?.status, 'paused', 'state');
	got(await daybook.resumeCampaign(campaignId));
	got(await daybook.postCampaignResults(campaignId, { id: 'r1', sent: 40 }));
	const listed = got(await daybook.getCampaigns());
	equal(typeof listed === 'object' && listed.data.campaigns.length, 1, 'campaigns');
	got(await daybook.cancelCampaign(campaignId));
	const draft = got(await daybook.postCampaigns({ ...body, status: 'draft' })).data;
	equal(await status(daybook.deleteCampaign(draft.campaignId)), 204, 'the status of a removal');
}

async function usage(): Promise<void> {
	const event = { id: 'functions-1', occurredAt: instantIn(0), channel: 'SMS' as const, messages: 2 };
	equal(got(await daybook.postEvents(event)).accepted, 1, 'accepted');
	const events = got(await daybook.getEvents({ from: dateIn(-1), to: dateIn(1), channel: 'SMS' }));
	equal(typeof events === 'object' && events.data.events.some(e => e.id === 'functions-1'), true, 'the event is listed');
	const used = got(await daybook.getUsage({ from: dateIn(-1), to: dateIn(1), by: 'source,day' }));
	equal(typeof used === 'object' && used.data.total.messages >= 2, true, 'who used it');
	got(await daybook.getOrganizationUsage());
	got(await daybook.getAccountOrganizationUsage());
	got(await daybook.getAccountOrganization());
	got(await daybook.getOrganizationUsageHistory({ startDate: dateIn(-40), endDate: dateIn(0) }));
	got(await daybook.getOrganizationsUsage(organizationId, { startDate: 0, endDate: 4102444800000 }));
}

async function settings(): Promise<void> {
	equal(got(await daybook.getSession()).data.organizationId, organizationId, 'whose session');
	got(await daybook.getOrganization(organizationId));
	got(await daybook.putOrganizationProfile(organizationId, { name: 'Acme Ltd', weekStart: 7 }));
	equal(got(await daybook.getOrganizationTimezone(organizationId)).data.timezones.includes('Europe/Berlin'), true, 'Berlin is offered');
	got(await daybook.putOrganizationTimezone(organizationId, { timezone: 'Etc/UTC' }));
	got(await daybook.putOrganizationPlan(organizationId, { plan: 'growth' }));
	got(await daybook.getOrganizationLimits(organizationId));
	got(await daybook.putOrganizationLimits(organizationId, { dailyLimit: 500 }));
	got(await daybook.putOrganizationLimit(organizationId, 't-mobile', { preset: 't-mobile-10dlc-2000' }));
	got(await daybook.getOrganizationLimit(organizationId, 't-mobile'));
	got(await daybook.deleteOrganizationLimit(organizationId, 't-mobile'));
	got(await daybook.putOrganizationSendingWindow(organizationId, { closed: [{ date: dateIn(900) }] }));
	equal(got(await daybook.postOrganizationSendingWindow(organizationId, holiday)).data.closed.length, 2, 'closed dates');
	equal(got(await daybook.getOrganizationSendingWindow(organizationId)).data.closed.length, 2, 'closed dates');
	got(await daybook.deleteOrganizationSendingWindow(organizationId));
	const month = dateIn(-40).slice(0, 7);
	got(await daybook.postOrganizationStatement(organizationId, { month }));
	const kept = got(await daybook.getOrganizationStatements(organizationId));
	equal(typeof kept === 'object' && kept.data.statements[0]?.month, month, 'the month that is kept');
	got(await daybook.getOrganizationStatement(organizationId, month));
	got(await daybook.getOrganizationPrices(organizationId));
	const price = { channel: 'SMS' as const, usd: '0.0081', validFrom: dateIn(0), reprice: true };
	const { job } = got(await daybook.postOrganizationPrices(organizationId, price)).data;
	equal(typeof job, 'number', 'a job that reprices the events');
	equal(got(await daybook.getOrganizationJobs(organizationId)).data.jobs[0]?.job, job, 'the latest job');
	got(await daybook.getOrganizationJob(organizationId, job!));
	const later = { channel: 'SMS' as const, validFrom: dateIn(9) };
	got(await daybook.postOrganizationPrices(organizationId, { ...later, usd: 1 }));
	got(await daybook.deleteOrganizationPrice(organizationId, later));
	got(await daybook.postOrganizationApiKeys(organizationId, { name: 'sender', scopes: ['usage:read'] }));
	const { apiKeys } = got(await daybook.getOrganizationApiKeys(organizationId)).data;
	got(await daybook.deleteOrganizationApiKey(organizationId, apiKeys[0]!.id));
	got(await daybook.getOrganizationAudit(organizationId));
	equal(typeof got(await daybook.postSession(asLink)).data.token, 'string', 'the token of a session');
}

async function operation(): Promise<void> {
	equal(got(await daybook.getHealth()).status, 'ok', 'health');
	got(await daybook.getMetrics());
	equal(await status(daybook.getSetup()), 404, 'the page of a Daybook that is set up');
	const body = { code: 'kYb7-t2Qx-94fm-Lw0z', organizationId, timezone: 'Etc/UTC' };
	equal(await status(daybook.postSetup(body)), 404, 'setting up again');
}

for (const part of [planning, campaigns, usage, settings, operation])
	await part();
