/* #campaigns: all campaigns, newest first. */
import { download } from './download.js';
import { el, fill, notice, renew, together } from './dom.js';
import { field } from './form.js';
import { table } from './table.js';
import { get, query } from './api.js';
import { may } from './session.js';
import { channelName, number, shortDate } from './format.js';
import './page_strings.js';
import { t } from './strings.js';

const PAGE = 50, STATUSES = ['draft', 'scheduled', 'sending', 'paused', 'sent', 'failed', 'cancelled'];

const sum = (campaign, what) => campaign.segments.reduce((n, s) => n + s[what], 0);

const oneLine = date => together(shortDate(date));

/* From its first to its last day. */
function span(campaign) {
	const dates = campaign.segments.map(s => s.date).sort();
	const first = dates[0], last = dates[dates.length - 1];

	return first === last ? oneLine(first) : [oneLine(first), ' – ', oneLine(last)];
}

export function campaignTable(list) {
	return table(t('menu.campaigns'), [{ head: t('campaign.one') }, { head: t('campaign.days') }, { head: t('campaign.contacts'), number: true },
		{ head: t('bar.sent'), number: true }, { head: t('campaign.failed'), number: true }, { head: t('bar.reserved'), number: true },
		{ head: t('campaign.status') }],
	list.map(c => [[el('a', { href: `#campaign/${c.campaignId}`, dir: 'auto' }, c.name), c.channel ? el('small', {}, ' ', channelName(c.channel)) : null], span(c), number(c.contactCount), number(sum(c, 'sent')),
		number(sum(c, 'failed')), number(sum(c, 'reserved')), el('span', { class: `chip status-${c.status}` }, t(`status.${c.status}`))]));
}

export async function open(place) {
	const list = el('div', {}), problem = el('div', {});
	const status = el('select', {}, el('option', { value: '' }, t('campaigns.all')), STATUSES.map(s => el('option', { value: s }, t(`status.${s}`))));
	const more = el('button', { type: 'button', hidden: true, onclick: () => { pages++; again(); } }, t('more'));
	let pages = 1, asked = 0;

	async function load() {
		const mine = ++asked, all = [];
		let cursor = null;
		/* A page may be short or empty and have a next one, so pages are counted by what they show. */
		do {
			const { data } = await get('api/campaigns' + query({ status: status.value, limit: PAGE, cursor }));
			all.push(...data.campaigns);
			cursor = data.nextCursor;
		} while (cursor !== null && all.length <= (pages - 1) * PAGE);
		if (mine !== asked)
			return;
		renew(list, all, () => all.length ? campaignTable(all) : notice('plain', t('campaigns.none'), ' ',
			may('campaigns:write') ? el('a', { href: '#planner' }, t('calendar.plan')) : null));
		more.hidden = cursor === null;
	}

	const again = () => load().then(() => fill(problem), error => fill(problem, notice('bad', error.message)));

	status.addEventListener('change', () => { pages = 1; again(); });
	fill(place, el('div', { class: 'toolbar' }, el('h1', { tabindex: -1 }, t('menu.campaigns')), el('div', { class: 'buttons' },
		field(t('campaign.status'), status),
		may('campaigns:write') ? el('a', { class: 'button primary', href: '#planner' }, t('campaigns.new')) : null,
		el('button', { type: 'button', class: 'quiet', onclick: () => download('api/campaigns', { status: status.value, limit: 200 },
			'campaigns.csv', problem) }, t('csv')))), el('p', { class: 'quiet-text' }, t('campaigns.sms')), problem, list, el('p', {}, more));
	await load();
	return { refresh: load };
}
