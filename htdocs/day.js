/* One day of the calendar: its figures, the segments that lie on it, and who could not be reached. */
import { bar } from './bar.js';
import { el, fill, hidden, notice, renew } from './dom.js';
import { table } from './table.js';
import { get, query } from './api.js';
import { othersOn } from './banner.js';
import { hoursOf } from './zone.js';
import { limitedBy, longDate, number, percent, time } from './format.js';
import { may, session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

const CAMPAIGNS_MAX = 1000;

/* The campaigns with a segment on the day, at most as many as the calendar lists. */
async function campaignsOf(date) {
	const all = [];
	let cursor = null;

	do {	/* a page may be empty and have a next one */
		const { data } = await get('api/campaigns' + query({ from: date, to: date, limit: 200, cursor }));
		all.push(...data.campaigns);
		cursor = data.nextCursor;
	} while (cursor !== null && all.length < CAMPAIGNS_MAX);
	return all;
}

/* close() of the panel's own button calls onClose. */
export function dayPanel(date, onClose) {
	const title = el('h2', { tabindex: -1 }, longDate(date)), body = el('div', {}, el('p', { class: 'loading' }, t('loading')));
	const node = el('aside', { class: 'day', 'aria-label': longDate(date), onkeydown: e => { if (e.key === 'Escape') onClose(); } },
		el('div', { class: 'toolbar' }, title, el('button', { type: 'button', class: 'quiet', onclick: onClose }, t('close'))), body);
	let open = true, isThere = false;

	function figures(data, entry, others) {
		const line = (name, n) => el('div', {}, el('dt', {}, t(`bar.${name}`)), el('dd', {}, number(n)));

		return [el('h3', {}, t('day.sms')), data.isUnlimited ? null : el('div', { class: 'bar-line' }, bar({ sent: entry.sent, reserved: entry.reserved, whole: data.dailyLimit }),
			data.dailyLimit > 0 ? el('span', {}, percent(entry.total / data.dailyLimit)) : null),
			el('dl', { class: 'figures' }, line('sent', entry.sent), line('reserved', entry.reserved),
				data.isUnlimited ? null : entry.total > data.dailyLimit ? line('over', entry.total - data.dailyLimit)
					: line('free', entry.availableQuota),
				data.isUnlimited ? null : line('limit', data.dailyLimit)),
			entry.limitedBy ? el('p', { class: 'quiet-text' }, limitedBy(entry)) : null,
			others ? el('p', { class: 'quiet-text' }, others) : null];
	}

	function segments(list, entry) {
		const rows = list.flatMap(c => c.segments.filter(s => s.date === date && s.status !== 'draft').map(s => ({ c, s })))
			.sort((a, b) => a.s.scheduledISO.localeCompare(b.s.scheduledISO));

		const more = entry.campaignCount - rows.filter(({ s }) => s.status !== 'cancelled').length;

		if (rows.length === 0)
			return el('p', { class: 'quiet-text' }, t('day.nocampaigns'));
		return [table(t('day.campaigns'), [{ head: t('campaign.one') },
			{ head: t('campaign.contacts'), number: true }, { head: t('bar.sent'), number: true }, { head: t('campaign.failed'), number: true },
			{ head: t('bar.reserved'), number: true }],
		rows.map(({ c, s }) => [[el('a', { href: `#campaign/${c.campaignId}`, dir: 'auto' }, c.name), ' ', el('span', { class: `chip status-${s.status}` },
			t(`status.${s.status}`)), ' ', el('small', {}, [c.isSegmented ? t('campaign.segment', { k: s.segmentNumber, n: c.segments.length }) : '',
			time(s.scheduledISO)].join(' '))],
		number(s.contactCount), number(s.sent), number(s.failed), number(s.reserved)])),
		more > 0 ? el('p', { class: 'quiet-text' }, t('day.andmore', { n: more })) : null];
	}

	function failures(entry) {
		const failed = entry.campaigns.filter(c => c.failedDetails.length);

		return failed.length ? [el('h3', {}, t('day.failures')), failed.map(c => el('details', {},
			el('summary', {}, el('bdi', {}, c.campaignName), `: ${number(c.failedDetails.length)}`),
			table(c.campaignName, [{ head: t('failure.phone') }, { head: t('failure.reason') }],
				c.failedDetails.map(f => [f.phoneNumber || t('failure.blanked'), f.reason]))))] : null;
	}

	return {
		node,
		focus: () => title.focus(),
		close() { open = false; },
		async refresh() {
			try {
				const [{ data }, list, others] = await Promise.all([get('api/campaigns/usage-calendar' + query({ from: date, to: date })), campaignsOf(date),
					date > session.today ? null : othersOn(date)]);
				const entry = data.dates[date], hours = hoursOf(date, session.timezone);
				if (!open)
					return;
				const opened = [...body.querySelectorAll('details')].map(d => d.open);
				isThere = true;
				renew(body, [data, list, others, session.today], () => [hours !== 24 ? notice('plain', t('day.hours.long', { n: hours })) : null,
					figures(data, entry, others),
					el('h3', {}, t('day.campaigns'), hidden(' ' + longDate(date))), segments(list, entry), failures(entry),
					may('campaigns:write') && date >= session.today ? el('p', {}, el('a', { href: `#planner/${date}` }, t('day.plan'))) : null]);
				body.querySelectorAll('details').forEach((d, i) => { d.open = opened[i]; });
			} catch (error) {
				if (open && !isThere)
					fill(body, notice('bad', error.message));
			}
		},
	};
}
